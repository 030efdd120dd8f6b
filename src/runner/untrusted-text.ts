import stripAnsi from 'strip-ansi';
import { redactSecrets } from './redact-secrets.ts';

/**
 * Text from outside (commit messages, names, log lines, error bodies) on its way to a person. The
 * functions take any string, change only what a terminal, the runner or Markdown would act on, and
 * never throw.
 */

const LONGEST_LINE = 4_000;

// C0, DEL and C1 controls; line and paragraph separators.
const CONTROLS = /[\p{Cc}\u2028\u2029]+/gu;
// Bidirectional controls reorder what is seen (CVE-2021-42574), tag characters hide text.
const INVISIBLE = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/gu;

/**
 * One line without secrets, terminal escapes, control or bidi characters, at most `longest` characters
 * long; line breaks become blanks. Redacted before it is cut, so that no part of a secret is left over.
 */
export function singleLine(text: string, longest = LONGEST_LINE): string {
  const clean = redactSecrets(stripAnsi(text))
    .replace(CONTROLS, ' ')
    .replace(INVISIBLE, '\ufffd')
    .toWellFormed();
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

/** `text` with a character reference for each character that HTML, Markdown or GitHub's autolinks act on. */
export function escapeMarkup(text: string): string {
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
