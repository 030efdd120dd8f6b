import { NodionError } from '../../nodion/errors.ts';
import type { UnknownOutcome } from '../../nodion/post-once.ts';
import type { Deployment } from '../../nodion/responses.ts';
import { sentence } from '../../runner/sentence.ts';
import { Interrupted } from '../../time/deadline.ts';
import { highestNumber } from '../attempt/find-candidates.ts';
import type { DeployPlan } from '../plan/deploy-plan.ts';
import { type Failure, failure } from './failure.ts';
import {
  interruption,
  lastError,
  linesAfterRead,
  whatEnded,
  withoutAdvice,
} from './interruption.ts';

/** The deployments just before the trigger; `'unread'` when the key may not read them, null when none was sent. */
type Before = readonly Deployment[] | 'unread' | null;

const NOT_TRIGGERED = sentence`Nothing was triggered for it.`;

/** Nodion answered that it does not deploy. */
export function triggerRefused(error: NodionError, before: Before): Failure {
  const { status, what, said } = error;
  const refused = sentence`Nodion refused the trigger (${status})${said && sentence`: ${said}`}.`;
  const advice = (before === 'unread' ? error.lines : linesAfterRead(error)).slice(1);
  return failure('Trigger refused', [status === 401 ? what : refused, NOT_TRIGGERED, ...advice]);
}

/** A trigger was sent, and nobody can say whether it was carried out. */
export function unknownOutcome(
  before: Before,
  { cause, searchFailed }: UnknownOutcome,
  plan: DeployPlan,
): Failure {
  const number = before && before !== 'unread' && highestNumber(before) + 1;
  const above = number && sentence` for number ${number} or above`;
  const state = [
    sentence`A deployment may have been made and be in progress.`,
    sentence`Look${above || null} in Nodion's dashboard before you trigger again.`,
  ];
  if (cause instanceof Interrupted) {
    return {
      ...interruption(cause),
      lines: [
        sentence`${whatEnded(cause, plan)} before it was clear whether anything was triggered.`,
        ...lastError(cause),
        ...state,
      ],
    };
  }
  const search = searchFailed && sentence`, and its deployment can't be searched for`;
  return failure('Unknown whether triggered', [
    sentence`The trigger was not answered as documented${search}.`,
    // A redirect would only come again: what to do about it is the advice.
    ...(cause instanceof NodionError && !cause.retryable
      ? linesAfterRead(cause)
      : [withoutAdvice(cause)]),
    ...state,
  ]);
}
