import { joined, type Sentence, sentence } from './sentence.ts';

/** Ends the step red: `title` and `lines` become its one error annotation. */
export class StepFailure extends Error {
  readonly title: string;
  readonly lines: readonly Sentence[];

  constructor(title: string, lines: readonly Sentence[]) {
    super(lines.join('\n'));
    this.name = 'StepFailure';
    this.title = title;
    this.lines = lines;
  }
}

/** What an error says, as a part of a sentence; the message of one that is not ours is foreign. */
export function describeError(error: unknown): Sentence {
  if (error instanceof StepFailure) return joined(error.lines, ' ');
  return sentence`${error instanceof Error ? error.message : String(error)}`;
}
