import { isHost, REFERENCE } from './reference-grammar.ts';

const LONGEST_PATH = 255;
const DIGEST = /^sha(?:256:.{64}|384:.{96}|512:.{128})$/;

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

/**
 * Reads a reference by the grammar of github.com/distribution/reference, with the names that Docker leaves
 * out: `nginx` is `docker.io/library/nginx`. Null for what is none.
 */
export function parseReference(text: string): ImageReference | null {
  const [first = '', ...rest] = text.split('/');
  const hasHost = rest.length > 0 && isHost(first);
  const isDockerHub = !hasHost || /^(?:index\.)?docker\.io$/.test(first);
  const names = hasHost ? rest : [first, ...rest];
  const library = isDockerHub && names.length === 1 ? 'library/' : '';
  const whole = `${isDockerHub ? 'docker.io' : first}/${library}${names.join('/')}`;
  const [, host = '', path = '', tag = null, digest = null] = REFERENCE.exec(whole) ?? [];
  // 64 hex digits alone would be an image's ID.
  const isReference =
    path !== '' &&
    path.length <= LONGEST_PATH &&
    (digest === null || DIGEST.test(digest)) &&
    !/^[a-f\d]{64}$/.test(text);
  return isReference ? { host, path, tag, digest } : null;
}

/** Whether both name the same image, whatever its tag. */
export function isSameImage(one: string, other: string): boolean {
  const [a, b] = [parseReference(one), parseReference(other)];
  return a !== null && a.host === b?.host && a.path === b.path;
}
