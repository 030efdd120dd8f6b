/** Whether it can be a tag of an image. */
export function isImageTag(text: string): boolean {
  return /^\w[\w.-]{0,127}$/.test(text);
}

/** The tag of `registry:5000/name:tag@sha256:…`, `latest` where it names neither tag nor digest, else null. */
export function imageTagOf(reference: string): string | null {
  const [image = '', digest] = reference.split('@', 2);
  return /:([^:/]+)$/.exec(image)?.[1] ?? (digest ? null : 'latest');
}

/** `registry:5000/name` of `registry:5000/name:tag@sha256:…`. */
export function repositoryOf(reference: string): string {
  return reference.replace(/@.*$/, '').replace(/:[^:/]+$/, '');
}
