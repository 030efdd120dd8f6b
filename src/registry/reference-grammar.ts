const TAG = String.raw`\w[\w.-]{0,127}`;
const LABEL = '[a-zA-Z\\d](?:[a-zA-Z\\d-]*[a-zA-Z\\d])?';
const HOST = String.raw`(?:${LABEL}(?:\.${LABEL})*|\[[a-fA-F\d:]+\])(?::\d+)?`;
const COMPONENT = String.raw`[a-z\d]+(?:(?:[._]|__|-+)[a-z\d]+)*`;

/** The grammar of github.com/distribution/reference: host, path, tag and digest. Nothing is left out of what it is given. */
export const REFERENCE = new RegExp(
  `^(?:(${HOST})/)?(${COMPONENT}(?:/${COMPONENT})*)(?::(${TAG}))?(?:@(sha\\d+:[a-f\\d]+))?$`,
);

/** Whether the first part of a reference that has several is a host. */
export function isHost(first: string): boolean {
  return /[.:A-Z]|^localhost$/.test(first);
}

/** Whether it is a registry's host alone, perhaps with a port. */
export function isRegistryHost(text: string): boolean {
  return (
    isHost(text) && REFERENCE.exec(`${text}/a`)?.[1] === text && URL.canParse(`https://${text}`)
  );
}

/** Whether it can be a tag of an image. */
export function isImageTag(text: string): boolean {
  return new RegExp(`^${TAG}$`).test(text);
}

/** The tag that a reference names, `latest` where it names neither tag nor digest; null for none, or where it is no reference. */
export function imageTagOf(reference: string): string | null {
  const [image, , , tag, digest] = REFERENCE.exec(reference) ?? [];
  return tag ?? (image && !digest ? 'latest' : null);
}
