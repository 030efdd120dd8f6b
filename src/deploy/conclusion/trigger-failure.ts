import { highestNumber } from '../../nodion/deployments.ts';
import { NodionError, withoutAdvice } from '../../nodion/errors.ts';
import type { UnknownOutcome } from '../../nodion/post-once.ts';
import { type Sentence, sentence } from '../../runner/sentence.ts';
import { Interrupted } from '../../time/deadline.ts';
import type { Before } from '../attempt/attempt.ts';
import type { DeployPlan } from '../plan/deploy-plan.ts';
import { type Failure, failure } from './conclusion.ts';
import { adviceOf, interruption, lastError, linesAfterRead, whatEnded } from './interruption.ts';

const NOT_TRIGGERED = sentence`Nothing was triggered for it.`;

/** Nodion answered that it does not deploy. */
export function triggerRefused(error: NodionError, before: Before): Failure {
  const { status, summary, apiMessage } = error;
  const refused = sentence`Nodion refused the trigger (${status})${apiMessage && sentence`: ${apiMessage}`}.`;
  return failure('trigger_refused', 'Trigger refused', [
    status === 401 || error.isGateways ? summary : refused,
    NOT_TRIGGERED,
    ...adviceOf(error, before.kind === 'listed'),
  ]);
}

/** A trigger was sent, and nobody can say whether it was carried out. */
export function unknownOutcome(
  before: Before,
  { cause, searchFailed, accepted, doubt }: UnknownOutcome,
  plan: DeployPlan,
): Failure {
  const number = before.kind === 'listed' && highestNumber(before.deployments) + 1;
  const above = number && sentence` for number ${number} or above`;
  const state = [
    ...(doubt ? [doubt] : []),
    sentence`A deployment may have been made and be in progress.`,
    sentence`Look${above || null} in Nodion's dashboard before you trigger again.`,
  ];
  if (cause instanceof Interrupted) {
    return {
      ...interruption(cause, 'outcome_unknown'),
      lines: [
        sentence`${whatEnded(cause, plan)} before it was clear whether anything was triggered.`,
        ...(accepted ? [sentence`${answeredWithSuccess(accepted)}.`] : []),
        ...lastError(cause),
        ...state,
      ],
    };
  }
  const search = searchFailed && sentence`, and its deployment can't be searched for`;
  const isSearched = !searchFailed && before.kind === 'listed';
  return failure('outcome_unknown', 'Unknown whether triggered', [
    accepted
      ? sentence`${answeredWithSuccess(accepted)}, but its deployment is not known${isSearched ? sentence`: none has appeared since` : search}.`
      : sentence`The trigger was not answered as documented${search}.`,
    // A redirect would only come again: what to do about it is the advice.
    ...(cause instanceof NodionError && !cause.retryable
      ? linesAfterRead(cause)
      : [withoutAdvice(cause)]),
    ...state,
  ]);
}

function answeredWithSuccess({ status }: NodionError): Sentence {
  return sentence`Nodion answered the trigger with success (${status})`;
}
