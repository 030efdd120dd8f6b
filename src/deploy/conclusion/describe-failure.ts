import { isFinal, isInProgress, isKnown, liveDeployment } from '../../nodion/deployments.ts';
import { NodionError, withoutAdvice } from '../../nodion/errors.ts';
import { UnknownOutcome } from '../../nodion/post-once.ts';
import type { Deployment } from '../../nodion/responses.ts';
import { numberAdvice } from '../../registry/tag-advice.ts';
import { ours, type Sentence, sentence } from '../../runner/sentence.ts';
import { describeError } from '../../runner/step-failure.ts';
import { Interrupted } from '../../time/deadline.ts';
import { formatDuration } from '../../time/duration.ts';
import type { Attempt } from '../attempt/attempt.ts';
import { Busy } from '../attempt/busy.ts';
import { tagOf } from '../attempt/revision.ts';
import { Skipped } from '../attempt/run-attempt.ts';
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
  skipped,
  timeoutOf,
  whatEnded,
  whatGoesOn,
} from './interruption.ts';
import { busy, reasonBeforeTrigger } from './not-deployed.ts';
import { triggerRefused, unknownOutcome } from './trigger-failure.ts';

/** What went wrong, but for what is live now, of an attempt that is not green. */
export function describeFailure(attempt: Attempt, plan: DeployPlan): Failure {
  const { before, deployment, error } = attempt;
  if (error instanceof UnknownOutcome) return unknownOutcome(before, error, plan);
  if (error instanceof Skipped) {
    return skipped(error.because);
  }
  if (error instanceof Busy) return busy(error, plan);
  if (deployment) return afterTrigger(attempt, deployment, plan);
  return before.kind !== 'not sent' && error instanceof NodionError
    ? triggerRefused(error, before)
    : beforeTrigger(error, plan, { hasBeenRead: true, isAnswered: true });
}

function afterTrigger(attempt: Attempt, deployment: Deployment, plan: DeployPlan): Failure {
  const { error, outcome } = attempt;
  if (error instanceof Interrupted) return interrupted(deployment, error, plan);
  if (error) return lostSight(attempt, deployment);
  const mismatch = describeMismatch(deployment, plan);
  if (outcome && outcome.kind !== 'available') {
    const end = notLive(attempt, deployment, outcome, plan);
    const more = (mismatch?.lines ?? []).filter(
      (line) => !end.lines.map(String).includes(`${line}`),
    );
    return { ...end, lines: [...end.lines, ...more] };
  }
  return mismatch ?? failedCheck(attempt, deployment, plan);
}

/**
 * What ended early, before a trigger was sent.
 * @param options.hasBeenRead for one application of those read.
 * @param options.isAnswered whether Nodion has answered anything as documented.
 */
export function beforeTrigger(
  error: unknown,
  plan: DeployPlan,
  { hasBeenRead, isAnswered }: { hasBeenRead: boolean; isAnswered: boolean },
): Failure {
  const it = hasBeenRead && sentence` for it`;
  if (error instanceof Interrupted) {
    const { lastError: last } = error;
    const isReached = isAnswered && !(last instanceof NodionError && !last.wasSent);
    return {
      ...interruption(error, isReached ? 'timed_out' : 'unreachable'),
      lines: [
        sentence`${whatEnded(error, plan)} before anything was triggered${it}.`,
        ...lastError(error, describeError),
      ],
    };
  }
  const lines = hasBeenRead ? linesAfterRead(error) : linesOf(error);
  const reason = reasonBeforeTrigger(error, hasBeenRead);
  return failure(reason, 'Not deployed', [...lines, sentence`Nothing was triggered${it}.`]);
}

function interrupted(deployment: Deployment, error: Interrupted, plan: DeployPlan): Failure {
  const { deploy_number: number, status } = deployment;
  const wentLive = status === 'available';
  const isCheckAsked = plan.verifyRollout || plan.health !== null;
  const unchecked = isCheckAsked && sentence`, before everything was checked`;
  const state = wentLive
    ? sentence`after deployment #${number} went live${unchecked}.`
    : sentence`${isFinal(deployment) ? sentence`when` : sentence`while`} deployment #${number} was "${status}".`;
  return {
    ...interruption(error),
    lines: [
      sentence`${whatEnded(error, plan)} ${state}`,
      ...lastError(error),
      ...(!wentLive ? [whatGoesOn(deployment)] : isCheckAsked ? [CHECK_IT_YOURSELF] : []),
    ],
  };
}

const CHECK_IT_YOURSELF = sentence`Check it yourself.`;

/** Nodion refuses to show what was triggered. */
function lostSight({ error, rollout }: Attempt, deployment: Deployment): Failure {
  const number = deployment.deploy_number;
  const reason = linesAfterRead(error);
  if (deployment.status === 'available') {
    return rollout?.isComplete
      ? failure('stability_not_known', 'Stability not known', [
          sentence`Deployment #${number} went live, and its rollout was complete, but whether that lasts can't be checked.`,
          ...reason,
        ])
      : failure('rollout_not_verified', 'Rollout not verified', [
          sentence`Deployment #${number} went live, but its rollout can't be checked.`,
          ...reason,
        ]);
  }
  return failure('lost_sight', 'Lost sight of the deployment', [
    sentence`Deployment #${number} was "${deployment.status}" when it could no longer be read.`,
    ...reason,
    ...(isGone(error) ? [] : [whatGoesOn(deployment)]),
  ]);
}

function notLive(
  { durationMs, lastSeen }: Attempt,
  deployment: Deployment,
  outcome: Outcome,
  plan: DeployPlan,
): Failure {
  const number = sentence`Deployment #${deployment.deploy_number}`;
  const after = ours(formatDuration(durationMs ?? 0));
  if (outcome.kind === 'failed') {
    const advice = plan.match.imageTag === null ? null : numberAdvice(plan.match.imageTag);
    return failure('deployment_failed', 'Deployment failed', [
      sentence`${number} failed after ${after}.`,
      sentence`Its deployment log is in Nodion's dashboard.`,
      ...(isOfImage(deployment)
        ? [sentence`Usually the tag does not exist, or Nodion may not pull from the registry.`]
        : []),
      ...(advice ? [advice] : []),
    ]);
  }
  if (outcome.kind === 'expired') {
    const live = liveDeployment(lastSeen?.deployments ?? []);
    const isAhead = outcome.newer && live && live.deploy_number > deployment.deploy_number;
    return expired(deployment, { newer: isAhead ? live : outcome.newer, after, plan });
  }
  return timedOut(deployment, outcome, plan);
}

/** It never went live, perhaps because a newer one went ahead. */
function expired(
  deployment: Deployment,
  { newer, after, plan }: { newer: Deployment | null; after: Sentence; plan: DeployPlan },
): Failure {
  const number = sentence`Deployment #${deployment.deploy_number}`;
  const what = newer && sameRevision(deployment, newer);
  const isAlive = newer !== null && (newer.status === 'available' || isInProgress(newer));
  const follow =
    what &&
    isAlive &&
    !plan.reuseExisting &&
    sentence`With \`${ours(what.input)}\` and \`reuse_existing: true\`, the step follows a deployment of the same ${ours(what.word)} instead.`;
  if (newer?.status === 'available') {
    return failure('superseded', 'Deployment superseded', [
      sentence`${number} was superseded by #${newer.deploy_number}, which went live.`,
      ...(what
        ? [sentence`It is of the same ${ours(what.word)}, so what was to be deployed went live.`]
        : []),
      follow || ONE_AFTER_ANOTHER,
    ]);
  }
  const same = what && sentence` of the same ${ours(what.word)}`;
  return failure('expired', 'Deployment expired', [
    sentence`${number} expired after ${after}: it never went live.`,
    ...(newer
      ? [sentence`A newer deployment${same}, #${newer.deploy_number}, is "${newer.status}".`]
      : []),
    follow || sentence`Deploy again, or look at it in Nodion's dashboard.`,
  ]);
}

/** What two deployments are both of, and the input that names it; null where they differ, or don't say. */
function sameRevision(one: Deployment, other: Deployment) {
  const tag = tagOf(one);
  if (tag !== null && tag === tagOf(other)) return { word: 'tag', input: 'image_tag' };
  const isSame = one.git_sha !== null && one.git_sha === other.git_sha;
  return isSame ? { word: 'commit', input: 'expected_sha' } : null;
}

function isOfImage({ image_reference, strategy }: Deployment): boolean {
  return image_reference !== null || strategy === 'prebuilt_image';
}

function timedOut(deployment: Deployment, { lastLook }: Outcome, plan: DeployPlan): Failure {
  const { deploy_number: number, status } = deployment;
  if (lastLook) {
    const { error, lastSeenMs } = lastLook;
    const age = ours(formatDuration(lastSeenMs));
    return {
      kind: 'timed_out',
      reason: error ? 'lost_sight' : 'timed_out',
      title: 'Timed out',
      lines: [
        sentence`Deployment #${number} was "${status}" when it was last seen, ${age} before the end of ${timeoutOf(plan)}.`,
        error
          ? sentence`Every poll since then failed: ${withoutAdvice(error)}`
          : sentence`No poll has been answered since.`,
        sentence`It may have ended since: look at it in Nodion's dashboard.`,
      ],
    };
  }
  return {
    kind: 'timed_out',
    reason: 'timed_out',
    title: 'Timed out',
    lines: [
      sentence`Deployment #${number} was still "${status}" when ${timeoutOf(plan)} expired.`,
      whatGoesOn(deployment),
      ...(isKnown(deployment) ? [sentence`If it often takes longer, raise \`timeout\`.`] : []),
    ],
  };
}
