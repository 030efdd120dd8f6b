/** One way to authenticate that a `WWW-Authenticate` header offers (RFC 9110, 11.6.1). */
export interface Challenge {
  /** In lower case, such as `bearer`. */
  readonly scheme: string;
  /** By their names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

const NAME = "[\\w!#$%&'*+.^`|~-]+";
const QUOTED = String.raw`"((?:[^"\\]|\\.)*)"`;
const PART = new RegExp(String.raw`(${NAME})(\s*=\s*(?:${QUOTED}|([^\s,"]*)))?`, 'g');

/** The challenges of a header, of which there may be several, as there may be several headers, joined by commas. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  for (const [, name = '', value, quoted, plain] of header.matchAll(PART)) {
    const current = challenges.at(-1);
    if (value === undefined) challenges.push({ scheme: name.toLowerCase(), parameters: {} });
    else if (current) {
      current.parameters[name.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '';
    }
  }
  return challenges;
}
