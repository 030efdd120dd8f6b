import { isFinal, isKnown } from '../../nodion/deployments.ts';
import { NodionError, withoutAdvice } from '../../nodion/errors.ts';
import type { Deployment } from '../../nodion/responses.ts';
import { ours, type Sentence, sentence } from '../../runner/sentence.ts';
import { describeError, StepFailure } from '../../runner/step-failure.ts';
import type { Interrupted } from '../../time/deadline.ts';
import { formatDuration } from '../../time/duration.ts';
import type { DeployPlan } from '../plan/deploy-plan.ts';
import { type Failure, failure } from './conclusion.ts';

/**
 * The kind, the reason and the title of what an interruption ends.
 * @param known what is known of one that the step's timeout ended, beside that.
 */
export function interruption(
  { reason }: Interrupted,
  known: Failure['reason'] = 'timed_out',
): Pick<Failure, 'kind' | 'reason' | 'title'> {
  return reason === 'cancelled'
    ? { kind: 'cancelled', reason: 'cancelled', title: 'Step cancelled' }
    : { kind: 'timed_out', reason: known, title: 'Timed out' };
}

/** Not triggered because of something else: `web failed`, `of another application`. */
export function skipped(because: Sentence): Failure {
  return failure('skipped', 'Not deployed', [sentence`Not triggered, because ${because}.`]);
}

/** The beginning of a sentence: what ended it. */
export function whatEnded({ reason }: Interrupted, { timeoutMs }: DeployPlan): Sentence {
  return reason === 'cancelled'
    ? sentence`The step was cancelled`
    : sentence`The ${ours(formatDuration(timeoutMs))} timeout expired`;
}

/** `the 15 min timeout`. */
export function timeoutOf({ timeoutMs }: DeployPlan): Sentence {
  return sentence`the ${ours(formatDuration(timeoutMs))} timeout`;
}

/** A line about the last failure before it; none when nothing had failed. */
export function lastError(
  { lastError: error }: Interrupted,
  describe: (error: unknown) => Sentence = withoutAdvice,
): Sentence[] {
  return error ? [sentence`The last failure: ${describe(error)}`] : [];
}

/** What a failure says and advises. */
export function linesOf(error: unknown): readonly Sentence[] {
  return error instanceof StepFailure ? error.lines : [describeError(error)];
}

/** Whether what could be read before is not found any more. */
export function isGone(error: unknown): error is NodionError {
  return error instanceof NodionError && error.status === 404;
}

/** The same, of an application that could be read before. */
export function linesAfterRead(error: unknown): readonly Sentence[] {
  return isGone(error) ? [error.summary, WAS_THERE] : linesOf(error);
}

/** What to do about a refusal; `hasBeenRead` where the application could be read before. */
export function adviceOf(error: NodionError, hasBeenRead: boolean): readonly Sentence[] {
  if (hasBeenRead && isGone(error)) return [WAS_THERE];
  return error.advice ? [error.advice] : [];
}

const WAS_THERE = sentence`The application was there before: it may have been deleted, or the key or a gateway may lack this endpoint.`;

/** What becomes of a deployment that is not final when the step ends. */
export function whatGoesOn(deployment: Deployment): Sentence {
  if (isFinal(deployment)) return sentence`Look at it in Nodion's dashboard.`;
  return isKnown(deployment)
    ? sentence`The deployment goes on at Nodion, where nothing can cancel it: follow it in the dashboard.`
    : sentence`"${deployment.status}" is a status unknown to this action: look at the deployment in Nodion's dashboard.`;
}
