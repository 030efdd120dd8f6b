import stripAnsi from 'strip-ansi';

/**
 * Text from outside (commit messages, names, log lines, error bodies) on its way to a person. The
 * functions take any string, change only what a terminal, the runner or Markdown would act on, and
 * never throw.
 */

const LONGEST_LINE = 4_000;
/** Below this, an encoded form could stand in any text. */
const SHORTEST_FORM = 6;

/** Longest first, so that no form is left over in pieces. */
let secretForms: readonly string[] = [];

/** From now on `secret` is shown as `***` by every function here: as it is, and in JSON, a URL, base64 and hex. */
export function registerSecret(secret: string): void {
  if (secret === '') return;
  const bytes = Buffer.from(secret);
  const forms = [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret.toWellFormed()),
    bytes.toString('hex'),
    ...[0, 1, 2].flatMap((offset) => base64Within(bytes, offset)),
  ];
  secretForms = [...new Set([...secretForms, ...forms])].sort((a, b) => b.length - a.length);
}

/** What base64 makes of `bytes` wherever they stand in longer data, `offset` bytes after a whole group. */
function base64Within(bytes: Buffer, offset: number): string[] {
  const start = Math.ceil((8 * offset) / 6);
  const end = Math.floor((8 * (offset + bytes.length)) / 6);
  const data = Buffer.concat([Buffer.alloc(offset), bytes]);
  return (['base64', 'base64url'] as const)
    .map((encoding) => data.toString(encoding).slice(start, end))
    .filter((form) => form.length >= SHORTEST_FORM);
}

/** `text` with every secret in it hidden, else unchanged: for outputs. */
export function redactSecrets(text: string): string {
  return secretForms.reduce((hidden, form) => hidden.replaceAll(form, '***'), text);
}

// C0, DEL and C1 controls; line and paragraph separators.
const CONTROLS = /[\p{Cc}\u2028\u2029]+/gu;
// Bidirectional controls reorder what is seen (CVE-2021-42574), tag characters hide text.
const INVISIBLE = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/gu;

/**
 * One line without terminal escapes, control or bidi characters, at most `longest` characters long;
 * line breaks become blanks.
 */
export function singleLine(text: string, longest = LONGEST_LINE): string {
  const clean = redactSecrets(
    stripAnsi(text).replace(CONTROLS, ' ').replace(INVISIBLE, '\ufffd').toWellFormed(),
  );
  return clean.length > longest ? `${clean.slice(0, longest - 1).toWellFormed()}…` : clean;
}

/**
 * A line for the step's log that the runner does not take as a workflow command: neither `::command::`
 * after leading blanks nor `##[command]` anywhere (actions/runner, ActionCommand.cs).
 */
export function escapeLogLine(text: string): string {
  return singleLine(text)
    .replace(/^([\s\p{Cf}]*):(?=:)/u, '$1: ')
    .replace(/##(?=\[)/g, '# #')
    .trimEnd();
}

/**
 * HTML that shows `text` to the letter in a job summary, on one line. Inside `<code>` GitHub links no
 * mention, issue or emoji; the character references keep Markdown and its autolinks off as well.
 */
export function summaryText(text: string, longest = 500): string {
  const html = escapeMarkup(singleLine(text, longest));
  return `<code>${html.trim() === '' ? '&#160;' : html}</code>`;
}

/**
 * HTML for a sentence of ours with text from outside in it: as summaryText(), but not in `<code>`. A
 * zero-width space keeps GitHub from taking `@name` for a mention and `#1` for an issue.
 */
export function summaryProse(text: string): string {
  return escapeMarkup(singleLine(text.replace(/\n/g, ' '))).replace(/&#(?:64|35);/g, '$&&#8203;');
}

function escapeMarkup(text: string): string {
  return text.replace(
    /[&<>"'`*_[\]()|~@#!\\$^{}]|:(?=\/\/)|(?<=www)\./gi,
    (character) => `&#${character.charCodeAt(0)};`,
  );
}

/** A word or two for a mermaid diagram: letters, digits, blanks, dots and dashes only. */
export function diagramText(text: string): string {
  return singleLine(text, 60)
    .replace(/[^\p{L}\p{N} .-]+/gu, ' ')
    .trim();
}
