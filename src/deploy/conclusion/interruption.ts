import { NodionError, withoutAdvice } from '../../nodion/errors.ts';
import { ours, type Sentence, sentence } from '../../runner/sentence.ts';
import { describeError, StepFailure } from '../../runner/step-failure.ts';
import type { Interrupted } from '../../time/deadline.ts';
import { formatDuration } from '../../time/duration.ts';
import type { DeployPlan } from '../plan/deploy-plan.ts';

/** The kind and the title of what an interruption ends. */
export function interruption({ reason }: Interrupted) {
  return reason === 'cancelled'
    ? ({ kind: 'cancelled', title: 'Workflow cancelled' } as const)
    : ({ kind: 'timed_out', title: 'Timed out' } as const);
}

/** The beginning of a sentence: what ended it. */
export function whatEnded({ reason }: Interrupted, { timeoutMs }: DeployPlan): Sentence {
  return reason === 'cancelled'
    ? sentence`The workflow was cancelled`
    : sentence`The timeout of ${ours(formatDuration(timeoutMs))} was over`;
}

/** `the timeout of 15 min`. */
export function timeoutOf({ timeoutMs }: DeployPlan): Sentence {
  return sentence`the timeout of ${ours(formatDuration(timeoutMs))}`;
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
