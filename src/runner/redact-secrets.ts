/** Below this a form could stand in any text. */
const SHORTEST_FORM = 6;
/** What a key can be: a longer text is refused, and so are other characters. */
const HAS_FORMS = /^[ -~]{6,10000}$/;
/** A longer secret is hidden piece by piece: one expression for all of it would be too large. */
const LONGEST_PIECE = 100;
const SHORTEST_PIECE = LONGEST_PIECE / 2;
/** Characters of two pieces in hex. */
const LONGEST_REMAINS = 4 * LONGEST_PIECE;
/** What may stand between two characters of a secret: all that shows nothing, and nothing that a key contains. */
const GAP = '[^ -~]*';
/** What a character that is %-encoded, an XML reference or escaped in JSON begins with. */
const REFERENCE = /[%&\\]/;
const XML_NAMES: Readonly<Record<string, string>> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
};
/** As in RFC 4648's two alphabets, and as a URL or JSON may write them. */
const BASE64_DIGITS: Readonly<Record<string, string>> = {
  '+': '(?:[+-]|%2b)',
  '/': '(?:\\\\?/|_|%2f)',
};

interface Secret {
  readonly text: string;
  readonly patterns: readonly (string | RegExp)[];
  /** For texts that REFERENCE is found in: most are spared the time to compile these. */
  readonly referencePatterns: readonly RegExp[];
  /** What is hidden beside a hidden piece: in a secret that repeats itself, a piece may be found too early. */
  readonly wholeForms: readonly string[];
}

/** Longest first, so that no secret is left over in pieces. */
let secrets: readonly Secret[] = [];

/**
 * From now on redactSecrets() hides `text`: as it is, without its first or last character, in JSON,
 * base64, hex, %-encoding and XML references, all without regard to case and to characters that show
 * nothing. One of fewer than 6 characters, or of other than printable ASCII, is hidden only as it is,
 * one of fewer than 8 only whole.
 */
export function registerSecret(text: string): void {
  if (text === '' || secrets.some((known) => known.text === text)) return;
  const pieces = HAS_FORMS.test(text) ? piecesOf(text) : [];
  const secret = {
    text,
    patterns: pieces.length > 0 ? pieces.map(plainForms) : [text],
    referencePatterns: pieces.map(referenceForms),
    wholeForms: pieces.length > 1 ? wholeForms(text) : [],
  };
  secrets = [...secrets, secret].sort((a, b) => b.text.length - a.text.length);
}

/** `text` with every registered secret in it shown as `***`, else unchanged; in linear time. */
export function redactSecrets(text: string): string {
  const hasReferences = REFERENCE.test(text);
  return secrets.reduce(
    (shown, { text: secret, patterns, referencePatterns, wholeForms: forms }) => {
      // No form has fewer characters than a piece without its first and last one.
      if (shown.length < Math.min(secret.length, SHORTEST_PIECE) - 2) return shown;
      const all = hasReferences ? [...referencePatterns, ...patterns] : patterns;
      const hidden = all.reduce<string>((rest, pattern) => rest.replaceAll(pattern, '***'), shown);
      return forms.length > 0 && hidden !== shown ? hideRemains(hidden, forms) : hidden;
    },
    text,
  );
}

/** Without what stands beside `***` and is made of parts of one of `forms`. */
function hideRemains(text: string, forms: readonly string[]): string {
  const parts = text.split('***');
  const isPart = (part: string) => forms.some((form) => form.includes(part.toLowerCase()));
  return parts
    .map((part, index) => {
      const shown = index > 0 ? withoutStart(part, isPart) : part;
      if (index === parts.length - 1) return shown;
      return reversed(withoutStart(reversed(shown), (start) => isPart(reversed(start))));
    })
    .join('***');
}

/** `text` from where it does not begin with a part any more. What remains of a secret is less than two pieces. */
function withoutStart(text: string, isPart: (start: string) => boolean): string {
  let end = 0;
  for (let start = 0; end < LONGEST_REMAINS; start = end) {
    while (end < text.length && isPart(text.slice(start, end + 1))) end += 1;
    if (end === start) break;
  }
  return text.slice(end);
}

function reversed(text: string): string {
  return [...text].reverse().join('');
}

/** The whole secret as it is, in hex and in base64. */
function wholeForms(text: string): string[] {
  const base64 = [0, 1, 2].map((offset) => Buffer.from(`${' '.repeat(offset)}${text}`));
  return [
    text,
    Buffer.from(text).toString('hex'),
    ...base64.map((bytes) => bytes.toString('base64')),
  ].map((form) => form.toLowerCase());
}

/** Pieces of about the same length, so that none is short. */
function piecesOf(text: string): string[] {
  const count = Math.ceil(text.length / LONGEST_PIECE);
  const startOf = (index: number) => Math.floor((index * text.length) / count);
  return Array.from({ length: count }, (_, index) =>
    text.slice(startOf(index), startOf(index + 1)),
  );
}

/** The piece as it is, in hex and in base64. */
function plainForms(piece: string): RegExp {
  const bytes = Buffer.from(piece);
  const hexDigits = [...bytes].map((byte) => [...byte.toString(16)].join(GAP));
  return anyOf([
    sequence([...piece].map(literal), 1),
    sequence(hexDigits, 1),
    // Two digits of base64 are what a character at an end has a share in.
    ...[0, 1, 2].map((offset) => sequence(base64Within(bytes, offset), 2)),
  ]);
}

/** The piece with any of its characters %-encoded, as an XML reference, or escaped in JSON. */
function referenceForms(piece: string): RegExp {
  const json = JSON.stringify(piece).slice(1, -1);
  return anyOf([
    // A character that is one backslash or two would take exponential time.
    ...(piece.includes('\\') ? [sequence([...json].map(anyReference), 0)] : []),
    sequence([...piece].map(anyReference), 1),
  ]);
}

function anyOf(forms: readonly string[]): RegExp {
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

/** Longest first. */
function anyReference(character: string): string {
  const code = character.charCodeAt(0);
  const hex = code.toString(16);
  const name = XML_NAMES[character];
  const references = [`#0*${code}`, `#x0*${hex}`, ...(name ? [name] : [])].join('|');
  const backslash = /[\w\\]/.test(character) ? '' : '\\\\?';
  return `(?:%${hex}|\\\\u00${hex}|&(?:${references});?|${backslash}${literal(character)})`;
}

function literal(character: string): string {
  return /\w/.test(character) ? character : `\\${character}`;
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
