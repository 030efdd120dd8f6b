import { type Sentence, sentence } from '../../runner/sentence.ts';

/** How an application ended: in a success, or in a failure. */
export type Conclusion = Success | Failure;

/** How an application ended well. */
export type Success = { readonly kind: 'success' } & (
  | {
      /** Not waited for: triggered, or under way already (`reuse_existing`); else seen live, since before or now. */
      readonly as: 'triggered' | 'in progress' | 'already live' | 'live';
    }
  | {
      readonly as: 'went live';
      /** The number of the newer deployment that is live now; null where that could not be read. */
      readonly replacedBy: number | null;
    }
);

/** How an application ended, if not well. */
export interface Failure {
  readonly kind: 'failure' | 'timed_out' | 'cancelled';
  /** The annotation's title; in the summary's heading behind the name. */
  readonly title: string;
  /** What happened; then the state of the world; then what to do. */
  readonly lines: readonly Sentence[];
  /** What proved the live deployment bad, as the reason for a rollback: `deployment #12 was not healthy: …` */
  readonly evidence?: Sentence | null;
}

export function failure(title: string, lines: readonly Sentence[]): Failure {
  return { kind: 'failure', title, lines };
}

/** Whether it is a success in which the deployment went live. */
export function hasGoneLive(conclusion: Conclusion): boolean {
  return conclusion.kind === 'success' && !/^(?:triggered|in progress)$/.test(conclusion.as);
}

/** What to do where a newer deployment got ahead. */
export const ONE_AFTER_ANOTHER = sentence`Use \`concurrency\` in the workflow to deploy one after another.`;
