import { InvalidValue, lines } from '../../runner/inputs.ts';

/** Whether `text` is an `http:` or `https:` address without credentials. */
export function isWebAddress(text: string): boolean {
  // Other slashes, or none, would be taken for these two.
  if (!/^https?:\/\/[^\s\\/?#][^\s\\]*$/i.test(text) || !URL.canParse(text)) return false;
  const { username, password, hostname } = new URL(text);
  return username + password === '' && !/^\.|\.\./.test(hostname);
}

/** The addresses in `health_url`, or its one path. @throws InvalidValue */
export function healthAddresses(text: string): string[] {
  const all = lines(text);
  // A second slash or a backslash would name another host.
  const isOnePath = all.length === 1 && /^\/(?![/\\])[^\s\\]*$/.test(text);
  if (!isOnePath && !all.every(isWebAddress)) {
    throw new InvalidValue(
      'expected http:// or https:// addresses without credentials, one per line for each application, or one path such as /up for all of them',
    );
  }
  return all;
}

/** Whether `health_url` is a path, which is asked at each application's own address. */
export function isPath([first = '']: readonly string[]): boolean {
  return first.startsWith('/');
}

/** What is wrong with the number of addresses in `health_url`; null for nothing. */
export function addressMismatch(addresses: readonly string[], applications: number): string | null {
  const count = addresses.length;
  if (isPath(addresses) || count === applications) return null;
  return `\`health_url\` has ${plural(count, 'address', 'es')} for ${plural(applications, 'application', 's')}: give one for each, in their order, or a path such as /up.`;
}

function plural(count: number, word: string, ending: string): string {
  return `${count} ${word}${count === 1 ? '' : ending}`;
}
