import { escapeMarkup, singleLine, summaryText } from './untrusted-text.ts';

const LONGEST_FRAGMENT = 100;

interface Part {
  readonly text: string;
  readonly isForeign: boolean;
}

/**
 * Words of ours with fragments that others wrote, kept apart until it is shown: as plain text by
 * `String(…)`, as HTML by summarySentence(). Made by the functions of this module only.
 */
export class Sentence {
  readonly parts: readonly Part[];

  constructor(parts: readonly Part[]) {
    this.parts = parts;
  }

  toString(): string {
    return this.parts.map(({ text }) => text).join('');
  }
}

/** What may stand in a sentence. A string is foreign; null, undefined and false stand for nothing. */
type Value = string | number | Sentence | null | undefined | false;

/**
 * A sentence of ours. What is written in the template is ours, and so are numbers and sentences in it; a
 * string in it is foreign(): `sentence\`Deployment #${number} was "${status}"${isLate && sentence\` late\`}\``.
 */
export function sentence(words: TemplateStringsArray, ...values: readonly Value[]): Sentence {
  const parts = words.flatMap((text, index) => [
    { text, isForeign: false },
    ...partsOf(values[index]),
  ]);
  return new Sentence(parts);
}

/** Text that others wrote as a part of a sentence: one line, without secrets, at most `longest` characters. */
export function foreign(text: string, longest = LONGEST_FRAGMENT): Sentence {
  return new Sentence([{ text: singleLine(text, longest), isForeign: true }]);
}

/** Words of ours that come as a string, such as a duration or the name of an input. */
export function ours(text: string): Sentence {
  return new Sentence([{ text, isForeign: false }]);
}

/** The values one after the other, with words of ours between them. */
export function joined(values: readonly Value[], separator: string): Sentence {
  const parts = values.flatMap((value, index) => [
    { text: index === 0 ? '' : separator, isForeign: false },
    ...partsOf(value),
  ]);
  return new Sentence(parts);
}

function partsOf(value: Value): readonly Part[] {
  if (value === null || value === undefined || value === false) return [];
  if (value instanceof Sentence) return value.parts;
  return typeof value === 'number' ? ours(String(value)).parts : foreign(value).parts;
}

/**
 * HTML for the job summary: what others wrote in `<code>`, where GitHub links nothing, and our words between
 * backticks as well. Elsewhere a zero-width space keeps GitHub from taking `#1` for an issue.
 */
export function summarySentence({ parts }: Sentence): string {
  let html = '';
  let words = '';
  for (const { text, isForeign } of parts) {
    if (!isForeign) words += text;
    else {
      html += ourWords(words) + summaryText(text);
      words = '';
    }
  }
  return html + ourWords(words);
}

function ourWords(text: string): string {
  return text
    .split(/`([^`]+)`/)
    .map((words, index) => {
      const html = escapeMarkup(words);
      if (index % 2 === 1) return `<code>${html}</code>`;
      // `#1` would become a link, and the `:id:` of a path an emoji.
      return html.replace(/&#35;|:(?=\w+:)/g, '$&&#8203;');
    })
    .join('');
}
