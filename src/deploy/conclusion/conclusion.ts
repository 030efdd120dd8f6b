import { type Sentence, sentence } from '../../runner/sentence.ts';

/** Why a step or an application ended as it did, in one word for conditions: docs/troubleshooting.md says what each means. */
export type Reason = Success['reason'] | Failure['reason'] | StepReason;

/** How an application ended: in a success, or in a failure. */
export type Conclusion = Success | Failure;

/** How an application ended well. */
export interface Success {
  readonly kind: 'success';
  /** Went live, now or before; not waited for: triggered, or under way already (`reuse_existing`). */
  readonly reason: 'live' | 'already_live' | 'triggered' | 'in_progress';
  /**
   * Where it went live and was not seen live at the end: the number of the deployment that is live now,
   * mostly a newer one; null where that is not known. Null as a whole where it was, or was not waited for.
   */
  readonly superseded: { readonly by: number | null } | null;
}

/** How an application ended, if not well. */
export interface Failure {
  readonly kind: 'failure' | 'timed_out' | 'cancelled';
  readonly reason:
    | BeforeTrigger
    | 'trigger_refused'
    | 'outcome_unknown'
    | 'deployment_failed'
    | 'expired'
    | 'superseded'
    | 'wrong_commit'
    | 'wrong_image'
    | 'commit_not_confirmed'
    | 'lost_sight'
    | 'timed_out'
    | FailedCheck
    | 'rolled_back'
    | 'rollback_failed'
    | 'cancelled'
    | 'internal_error';
  /** The annotation's title; in the summary's heading behind the name. */
  readonly title: string;
  /** What happened; then the state of the world; then what to do. */
  readonly lines: readonly Sentence[];
  /** What proved the live deployment bad, as the reason for a rollback: `deployment #12 was not healthy: …` */
  readonly evidence?: Sentence | null;
}

type BeforeTrigger =
  | 'unauthorized'
  | 'application_not_found'
  | 'application_ambiguous'
  | 'inputs_do_not_fit'
  | 'image_not_found'
  | 'image_not_checked'
  | 'busy'
  | 'unreachable'
  | 'skipped';

type FailedCheck =
  | 'rollout_incomplete'
  | 'rollout_not_verified'
  | 'unhealthy'
  | 'health_not_known'
  | 'unstable'
  | 'stability_not_known'
  | 'no_longer_live';

/** Reasons of a step as a whole: a dry run, and failures without an application to blame. */
type StepReason = 'checked' | 'invalid_inputs' | 'output_not_written';

/** @param lines what happened first, then what is live, and what to do next. */
export function failure(
  reason: Failure['reason'],
  title: string,
  lines: readonly Sentence[],
): Failure {
  return { kind: 'failure', reason, title, lines };
}

/** The failure of inputs that are not for this application. */
export function misfit(lines: readonly Sentence[]): Failure {
  return failure('inputs_do_not_fit', 'Not deployed', lines);
}

/** @param superseded the newer deployment that is live in its place, as far as known; null for none. */
export function success(
  reason: Success['reason'],
  superseded: Success['superseded'] = null,
): Success {
  return { kind: 'success', reason, superseded };
}

/** Whether it is a success in which the deployment went live. */
export function hasGoneLive({ reason }: Conclusion): boolean {
  return reason === 'live' || reason === 'already_live';
}

/** What to do where a newer deployment got ahead. */
export const ONE_AFTER_ANOTHER = sentence`Use \`concurrency\` in the workflow to deploy one after another.`;
