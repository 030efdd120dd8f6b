import { isFinal, isKnown } from '../../nodion/deployments.ts';
import { NodionError, withoutAdvice } from '../../nodion/errors.ts';
import { UnknownOutcome } from '../../nodion/post-once.ts';
import type { Deployment } from '../../nodion/responses.ts';
import { ours, type Sentence, sentence } from '../../runner/sentence.ts';
import { describeError } from '../../runner/step-failure.ts';
import { Interrupted } from '../../time/deadline.ts';
import { formatDuration } from '../../time/duration.ts';
import type { Attempt } from '../attempt/attempt.ts';
import type { Outcome } from '../attempt/wait-for-deployment.ts';
import type { DeployPlan } from '../plan/deploy-plan.ts';
import { type Failure, failure, ONE_AFTER_ANOTHER } from './conclusion.ts';
import { describeMismatch } from './describe-mismatch.ts';
import { failedCheck } from './failed-check.ts';
import {
  interruption,
  isGone,
  lastError,
  linesAfterRead,
  linesOf,
  timeoutOf,
  whatEnded,
} from './interruption.ts';
import { triggerRefused, unknownOutcome } from './trigger-failure.ts';

/** What went wrong, but for what is live now, of an attempt that is not green. */
export function describeFailure(attempt: Attempt, plan: DeployPlan): Failure {
  const { before, deployment, error } = attempt;
  if (error instanceof UnknownOutcome) return unknownOutcome(before, error, plan);
  if (deployment) return afterTrigger(attempt, deployment, plan);
  return before.kind !== 'not sent' && error instanceof NodionError
    ? triggerRefused(error, before)
    : beforeTrigger(error, plan, true);
}

function afterTrigger(attempt: Attempt, deployment: Deployment, plan: DeployPlan): Failure {
  const { error, outcome } = attempt;
  if (error instanceof Interrupted) return interrupted(deployment, error, plan);
  if (error) return lostSight(deployment, error);
  const mismatch = describeMismatch(deployment, plan);
  if (outcome && outcome.kind !== 'available') {
    const end = notLive(attempt, deployment, outcome, plan);
    return mismatch ? { ...end, lines: [...end.lines, ...mismatch.lines] } : end;
  }
  return mismatch ?? failedCheck(attempt, deployment, plan);
}

/** What ended early, before a trigger was sent; `hasBeenRead` for one application of those read. */
export function beforeTrigger(error: unknown, plan: DeployPlan, hasBeenRead = false): Failure {
  const it = hasBeenRead && sentence` for it`;
  if (error instanceof Interrupted) {
    return {
      ...interruption(error),
      lines: [
        sentence`${whatEnded(error, plan)} before anything was triggered${it}.`,
        ...lastError(error, describeError),
      ],
    };
  }
  const reason = hasBeenRead ? linesAfterRead(error) : linesOf(error);
  return failure('Not deployed', [...reason, sentence`Nothing was triggered${it}.`]);
}

function interrupted(deployment: Deployment, error: Interrupted, plan: DeployPlan): Failure {
  const { deploy_number: number, status } = deployment;
  const wentLive = status === 'available';
  const state = wentLive
    ? sentence`after deployment #${number} went live, before everything was checked.`
    : sentence`${isFinal(deployment) ? sentence`when` : sentence`while`} deployment #${number} was "${status}".`;
  return {
    ...interruption(error),
    lines: [
      sentence`${whatEnded(error, plan)} ${state}`,
      ...lastError(error),
      wentLive ? sentence`Check it yourself.` : whatGoesOn(deployment),
    ],
  };
}

/** Nodion refuses to show what was triggered. */
function lostSight(deployment: Deployment, error: unknown): Failure {
  const number = deployment.deploy_number;
  const reason = linesAfterRead(error);
  if (deployment.status === 'available') {
    return failure('Rollout not verified', [
      sentence`Deployment #${number} went live, but its rollout can't be checked.`,
      ...reason,
    ]);
  }
  return failure('Lost sight of the deployment', [
    sentence`Deployment #${number} was "${deployment.status}" when it could no longer be read.`,
    ...reason,
    ...(isGone(error) ? [] : [whatGoesOn(deployment)]),
  ]);
}

function notLive(
  { durationMs }: Attempt,
  deployment: Deployment,
  outcome: Outcome,
  plan: DeployPlan,
): Failure {
  const number = sentence`Deployment #${deployment.deploy_number}`;
  const after = ours(formatDuration(durationMs ?? 0));
  if (outcome.kind === 'failed') {
    return failure('Deployment failed', [
      sentence`${number} failed after ${after}.`,
      deployment.image_reference === null
        ? sentence`Its build log is in Nodion's dashboard.`
        : sentence`Look at it in Nodion's dashboard.`,
    ]);
  }
  if (outcome.kind === 'expired') {
    const { newer } = outcome;
    if (newer?.status === 'available') {
      return failure('Deployment superseded', [
        sentence`${number} was superseded by #${newer.deploy_number}, which is live.`,
        ONE_AFTER_ANOTHER,
      ]);
    }
    return failure('Deployment expired', [
      sentence`${number} expired after ${after}: it never went live.`,
      ...(newer
        ? [sentence`A newer deployment, #${newer.deploy_number}, is "${newer.status}".`]
        : []),
      sentence`Deploy again, or look at it in Nodion's dashboard.`,
    ]);
  }
  return timedOut(deployment, outcome, plan);
}

function timedOut(deployment: Deployment, { lastLook }: Outcome, plan: DeployPlan): Failure {
  const { deploy_number: number, status } = deployment;
  if (lastLook) {
    const age = ours(formatDuration(lastLook.lastSeenMs));
    return {
      kind: 'timed_out',
      title: 'Timed out',
      lines: [
        sentence`Deployment #${number} was "${status}" when it was last seen, ${age} before the end of ${timeoutOf(plan)}.`,
        sentence`Every poll since then failed: ${withoutAdvice(lastLook.error)}`,
        sentence`It may have ended since: look at it in Nodion's dashboard.`,
      ],
    };
  }
  return {
    kind: 'timed_out',
    title: 'Timed out',
    lines: [
      sentence`Deployment #${number} was still "${status}" when ${timeoutOf(plan)} was over.`,
      whatGoesOn(deployment),
      ...(isKnown(deployment) ? [sentence`If it often takes longer, raise \`timeout\`.`] : []),
    ],
  };
}

/** What becomes of a deployment that is not final when the step ends. */
function whatGoesOn(deployment: Deployment): Sentence {
  if (isFinal(deployment)) return sentence`Look at it in Nodion's dashboard.`;
  return isKnown(deployment)
    ? sentence`The deployment goes on at Nodion, where nothing can cancel it: follow it in the dashboard.`
    : sentence`"${deployment.status}" is a status unknown to this action: look at the deployment in Nodion's dashboard.`;
}
