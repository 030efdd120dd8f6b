/** An image's name as Docker and containerd read it: where it is, and what it is of. */
export interface ImageReference {
  /** Of the registry, such as `docker.io` or `registry.example.com:5000`; '' where the name begins with none. */
  readonly host: string;
  /** Such as `library/nginx`. */
  readonly path: string;
  /** Null for none. */
  readonly tag: string | null;
  /** Such as `sha256:…`; null for none. */
  readonly digest: string | null;
}

const TAG = String.raw`\w[\w.-]{0,127}`;
const LABEL = '[a-zA-Z\\d](?:[a-zA-Z\\d-]*[a-zA-Z\\d])?';
const HOST = String.raw`(?:${LABEL}(?:\.${LABEL})*|\[[a-fA-F\d:]+\])(?::\d+)?`;
const COMPONENT = String.raw`[a-z\d]+(?:(?:[._]|__|-+)[a-z\d]+)*`;
const DIGEST = 'sha256:[a-f\\d]{64}|sha384:[a-f\\d]{96}|sha512:[a-f\\d]{128}';
const REFERENCE = new RegExp(
  `^(?:(${HOST})/)?(${COMPONENT}(?:/${COMPONENT})*)(?::(${TAG}))?(?:@(${DIGEST}))?$`,
);
const LONGEST_PATH = 255;

/**
 * Reads a reference by the grammar of github.com/distribution/reference, with the names that Docker leaves
 * out: `nginx` is `docker.io/library/nginx`. Null for what is none.
 */
export function parseReference(text: string): ImageReference | null {
  const [first = '', ...rest] = text.split('/');
  const hasHost = rest.length > 0 && /[.:A-Z]|^localhost$/.test(first);
  const isDockerHub = !hasHost || /^(?:index\.)?docker\.io$/.test(first);
  const names = hasHost ? rest : [first, ...rest];
  const library = isDockerHub && names.length === 1 ? 'library/' : '';
  const whole = `${isDockerHub ? 'docker.io' : first}/${library}${names.join('/')}`;
  const [, host = '', path = '', tag = null, digest = null] = REFERENCE.exec(whole) ?? [];
  // 64 hex digits alone would be an image's ID.
  const isReference = path !== '' && path.length <= LONGEST_PATH && !/^[a-f\d]{64}$/.test(text);
  return isReference ? { host, path, tag, digest } : null;
}

/** Whether it can be a tag of an image. */
export function isImageTag(text: string): boolean {
  return new RegExp(`^${TAG}$`).test(text);
}

/** The tag that a reference names, `latest` where it names neither tag nor digest, else null. */
export function imageTagOf(reference: string): string | null {
  const image = parseReference(reference);
  return image && (image.tag ?? (image.digest === null ? 'latest' : null));
}

/** Whether both name the same image, whatever its tag. */
export function isSameImage(one: string, other: string): boolean {
  const [a, b] = [parseReference(one), parseReference(other)];
  return a !== null && a.host === b?.host && a.path === b.path;
}
