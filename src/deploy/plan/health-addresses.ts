import { InvalidValue, lines } from '../../runner/inputs.ts';

/** Whether `text` is an `http:` or `https:` address without credentials. */
export function isWebAddress(text: string): boolean {
  // Other slashes, or none, would be taken for these two.
  if (!/^https?:\/\/[^\s\\/?#][^\s\\]*$/i.test(text) || !URL.canParse(text)) return false;
  const { username, password, hostname } = new URL(text);
  return username + password === '' && !/^\.|\.\./.test(hostname);
}

/** Where `health_url` says that health is asked for. */
export type HealthAddresses =
  /** At each application's own address. */
  | { readonly kind: 'path'; readonly path: string }
  /** One for each application, in the order provided. */
  | { readonly kind: 'urls'; readonly urls: readonly string[] };

/** @throws InvalidValue */
export function healthAddresses(text: string): HealthAddresses {
  // A second slash or a backslash would name another host.
  if (/^\/(?![/\\])[^\s\\]*$/.test(text)) return { kind: 'path', path: text };
  const urls = lines(text);
  if (!urls.every(isWebAddress)) {
    throw new InvalidValue(
      'expected http:// or https:// addresses without credentials, one per line for each application, or one path such as /up for all of them',
    );
  }
  return { kind: 'urls', urls };
}

/** What is wrong with the number of addresses in `health_url`; null for nothing. */
export function addressMismatch(at: HealthAddresses, applications: number): string | null {
  if (at.kind === 'path' || at.urls.length === applications) return null;
  return `\`health_url\` has ${plural(at.urls.length, 'address', 'es')} for ${plural(applications, 'application', 's')}: give one for each, in their order, or a path such as /up.`;
}

function plural(count: number, word: string, ending: string): string {
  return `${count} ${word}${count === 1 ? '' : ending}`;
}
