/** Below this a form could stand in any text. */
const SHORTEST_FORM = 6;
/** A longer secret is hidden piece by piece: one expression for all of it would be too large. */
const LONGEST_PIECE = 100;
/** What a key can be: a longer text is refused, and so are other characters. */
const HAS_FORMS = /^[ -~]{6,10000}$/;
/** What may stand between two characters of a secret: all that shows nothing, and nothing that a key contains. */
const GAP = '[^ -~]*';
const XML_NAMES: Readonly<Record<string, string>> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
};

/** Longest first, so that no secret is left over in pieces. */
let registered: readonly { secret: string; patterns: readonly (string | RegExp)[] }[] = [];

/**
 * From now on redactSecrets() hides `secret`: as it is, without its first or last character, in JSON,
 * base64, hex, %-encoding and XML references, all without regard to case and to characters that show
 * nothing. One of fewer than 6 characters, or of other than printable ASCII, is hidden only as it is.
 */
export function registerSecret(secret: string): void {
  if (secret === '' || registered.some((known) => known.secret === secret)) return;
  const patterns = HAS_FORMS.test(secret) ? piecesOf(secret).map(anyFormOf) : [secret];
  registered = [...registered, { secret, patterns }].sort(
    (a, b) => b.secret.length - a.secret.length,
  );
}

/** `text` with every registered secret in it shown as `***`, else unchanged; in linear time. */
export function redactSecrets(text: string): string {
  return registered
    .flatMap(({ patterns }) => patterns)
    .reduce<string>((hidden, pattern) => hidden.replaceAll(pattern, '***'), text);
}

/** Pieces of about the same length, so that none is short. */
function piecesOf(secret: string): string[] {
  const count = Math.ceil(secret.length / LONGEST_PIECE);
  const length = Math.ceil(secret.length / count);
  return Array.from({ length: count }, (_, index) =>
    secret.slice(index * length, (index + 1) * length),
  );
}

function anyFormOf(piece: string): RegExp {
  const bytes = Buffer.from(piece);
  const texts = new Set([piece, JSON.stringify(piece).slice(1, -1)]);
  const forms = [
    ...[...texts].map((text) => sequence([...text].map(characterReference), 1)),
    sequence(bytes.toString('hex').match(/../g) ?? [], 1),
    // Two digits of base64 are what a character at an end has a share in.
    ...[0, 1, 2].map((offset) => sequence(base64Within(bytes, offset), 2)),
  ];
  return new RegExp(forms.join('|'), 'gi');
}

/** An expression for `units` with gaps between them, of which `optional` at each end may be missing. */
function sequence(units: readonly string[], optional: number): string {
  const spare = units.length - 2 * optional >= SHORTEST_FORM ? optional : 0;
  return units
    .map((unit, index) => {
      if (index < spare) return `(?:${unit}${GAP})?`;
      if (index >= units.length - spare) return `(?:${GAP}${unit})?`;
      return index === spare ? unit : `${GAP}${unit}`;
    })
    .join('');
}

/** An expression for a character as it is, in JSON, %-encoded, or as an XML reference. */
function characterReference(character: string): string {
  const code = character.charCodeAt(0);
  const hex = code.toString(16);
  const name = XML_NAMES[character];
  const references = [`#0*${code}`, `#x0*${hex}`, ...(name ? [name] : [])].join('|');
  return `(?:${literal(character)}|%${hex}|\\\\u00${hex}|&(?:${references});?)`;
}

/** A second way to read a backslash would take exponential time: its JSON is a text of its own. */
function literal(character: string): string {
  if (/\w/.test(character)) return character;
  return character === '\\' ? '\\\\' : `\\\\?\\${character}`;
}

/** What base64 makes of `bytes` wherever they stand in longer data, `offset` bytes after a whole group. */
function base64Within(bytes: Buffer, offset: number): string[] {
  const start = Math.ceil((8 * offset) / 6);
  const end = Math.floor((8 * (offset + bytes.length)) / 6);
  const digits = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .slice(start, end);
  return [...digits].map((digit) => BASE64_DIGITS[digit] ?? digit);
}

/** As in RFC 4648's two alphabets, and as a URL or JSON may write them. */
const BASE64_DIGITS: Readonly<Record<string, string>> = {
  '+': '(?:[+-]|%2b)',
  '/': '(?:\\\\?/|_|%2f)',
};
