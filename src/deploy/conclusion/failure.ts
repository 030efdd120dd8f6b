import { type Sentence, sentence } from '../../runner/sentence.ts';

/** How an application ended, if not well. */
export interface Failure {
  readonly kind: 'failure' | 'timed_out' | 'cancelled';
  /** The annotation's title; in the summary's heading behind the name. */
  readonly title: string;
  /** What happened; then the state of the world; then what to do. */
  readonly lines: readonly Sentence[];
  /** What proved the live deployment bad, as the reason for a rollback: `deployment #12 was not healthy: …` */
  readonly proof?: Sentence | null;
}

export function failure(title: string, lines: readonly Sentence[]): Failure {
  return { kind: 'failure', title, lines };
}

/** What to do where a newer deployment got ahead. */
export const ONE_AFTER_ANOTHER = sentence`Use \`concurrency\` in the workflow to deploy one after another.`;
