import type { Failure } from '../../deploy/conclusion/conclusion.ts';
import { LARGEST_SUMMARY_BYTES } from '../../runner/commands.ts';
import { ours, type Sentence, summarySentence } from '../../runner/sentence.ts';
import { heading, paragraph } from './markup.ts';

/** How a red begins its heading. */
export const SYMBOLS: Readonly<Record<Failure['kind'], string>> = {
  failure: '❌',
  timed_out: '⌛',
  cancelled: '🚫',
};

/** What a job summary says of a step that followed no deployment. */
export interface ShortSummary {
  readonly symbol: string;
  readonly title: string;
  readonly lines: readonly Sentence[];
}

/** The job summary of a step in which no deployment was followed, below the size that GitHub refuses. */
export function shortSummary({ symbol, title, lines }: ShortSummary): string {
  const summary = heading(`${symbol} ${summarySentence(ours(title))}`) + paragraph(lines);
  return Buffer.byteLength(summary) < LARGEST_SUMMARY_BYTES ? summary : heading(symbol);
}
