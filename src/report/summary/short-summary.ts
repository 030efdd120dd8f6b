import type { Failure } from '../../deploy/conclusion/conclusion.ts';
import { LARGEST_SUMMARY_BYTES } from '../../runner/commands.ts';
import { ours, type Sentence, summarySentence } from '../../runner/sentence.ts';
import { heading, liveFirst } from './markup.ts';

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
  /** What is live, where that is one of the lines: said first, in bold. */
  readonly liveLine?: Sentence | null;
  readonly lines: readonly Sentence[];
}

/** The job summary of a step in which no deployment was followed, below the size that GitHub refuses. */
export function shortSummary({ symbol, title, liveLine = null, lines }: ShortSummary): string {
  const head = heading(`${symbol} ${summarySentence(ours(title))}`);
  const summary = head + liveFirst(liveLine, lines);
  return Buffer.byteLength(summary) < LARGEST_SUMMARY_BYTES ? summary : heading(symbol);
}
