import { type Sentence, summarySentence } from '../../runner/sentence.ts';
import { formatDuration } from '../../time/duration.ts';

/**
 * HTML of the job summary. GitHub's `code` wraps in spite of `nowrap` and needs `&nbsp;`; what it allows at all
 * is in html-pipeline's SanitizationFilter.
 */

export function deploymentNumber(number: number): string {
  return `<code>#${number}</code>`;
}

/** A duration that stays on one line. */
export function took(ms: number | null): string {
  return ms === null ? '–' : formatDuration(ms).replaceAll(' ', '&nbsp;');
}

export function heading(html: string): string {
  return `<h3>${html}</h3>\n`;
}

/** Lines of one paragraph; '' for none. */
export function paragraph(lines: readonly Sentence[]): string {
  return lines.length === 0 ? '' : `<p>${lines.map(summarySentence).join('<br>\n')}</p>\n`;
}

/** Lines of which one says what is live: that comes first, in bold. */
export function liveFirst(liveLine: Sentence | null, lines: readonly Sentence[]): string {
  const now = liveLine ? `<p><b>${summarySentence(liveLine)}</b></p>\n` : '';
  return `${now}${paragraph(lines.filter((line) => line !== liveLine))}`;
}

/** A table of `columns`, each row with a cell for each. All are HTML; '' for no rows. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const head = columns.map((name) => `<th align="left">${name}</th>`).join('');
  const body = rows.map(
    (cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>\n`,
  );
  return `<table>\n<tr>${head}</tr>\n${body.join('')}</table>\n`;
}

/** A table with a fact in each row: its name and HTML; '' for none. */
export function factTable(facts: readonly Fact[]): string {
  if (facts.length === 0) return '';
  const rows = facts.map(
    ([name, html]) => `<tr><th align="left" nowrap>${name}</th><td>${html}</td></tr>\n`,
  );
  return `<table>\n${rows.join('')}</table>\n`;
}

/** Its name and HTML. */
export type Fact = readonly [name: string, html: string];

/** What unfolds at a click on `title`; both are HTML. */
export function details(title: string, html: string, { isOpen = false } = {}): string {
  return `<details${isOpen ? ' open' : ''}><summary>${title}</summary>\n${html}</details>\n`;
}
