import { replacementOf } from '../../nodion/deployments.ts';
import type { Deployment } from '../../nodion/responses.ts';
import { sentence } from '../../runner/sentence.ts';
import { describeError } from '../../runner/step-failure.ts';
import type { Attempt } from '../attempt/attempt.ts';
import { mismatchOf } from '../attempt/revision.ts';
import type { DeployPlan } from '../plan/deploy-plan.ts';
import { type Conclusion, type Failure, failure, type Success, success } from './conclusion.ts';

/** Concludes what happened, but for what is live now. Loads the words for failures where there is one. */
export async function conclude(attempt: Attempt, plan: DeployPlan): Promise<Conclusion> {
  const { deployment } = attempt;
  if (deployment && isGreen(attempt, plan)) return successOf(attempt, deployment);
  try {
    const { describeFailure } = await import(
      /* webpackChunkName: "failure" */ './describe-failure.ts'
    );
    return describeFailure(attempt, plan);
  } catch (error) {
    return notLoaded(attempt, error);
  }
}

/** All that can be told of a failure where the words for it are gone: somebody has cleaned up the disk. */
function notLoaded({ deployment, error }: Attempt, cause: unknown): Failure {
  const known = deployment
    ? sentence`Deployment #${deployment.deploy_number} was "${deployment.status}" when it was last seen.`
    : sentence`No deployment is known.`;
  return failure('internal_error', 'Not told in full', [
    sentence`A part of the action is gone from the runner's disk, so what went wrong can't be told in full: ${describeError(cause)}`,
    ...(error ? [sentence`The last failure: ${describeError(error)}`] : []),
    known,
    sentence`Look at the application in Nodion's dashboard.`,
  ]);
}

/** The rules of what is green. */
export function isGreen(attempt: Attempt, { match }: Pick<DeployPlan, 'match'>): boolean {
  const { deployment, error, outcome, rollout, health, stability } = attempt;
  return (
    deployment !== null &&
    error === null &&
    mismatchOf(deployment, match) === null &&
    // Not waited for, or live: it, or a newer one since.
    (outcome === null ||
      (outcome.kind === 'available' &&
        (deployment.status === 'available' || replacedBy(attempt) !== null))) &&
    (rollout === null || rollout.isComplete) &&
    (health === null || health.isHealthy === true) &&
    (stability === null || stability.isStable)
  );
}

function successOf(attempt: Attempt, { status }: Deployment): Success {
  const { origin, outcome, timeline, rollout, health, lastSeen } = attempt;
  const wentLive = outcome?.kind === 'available' || status === 'available';
  if (!wentLive) return success(origin === 'reused' ? 'in_progress' : 'triggered');
  const newer = replacedBy(attempt);
  const isSeen = (rollout === null && health === null) || lastSeen?.isCurrent;
  const wasLive = origin === 'reused' && timeline[0]?.name === 'available';
  const superseded = newer !== null || !isSeen ? { by: newer } : null;
  return success(wasLive ? 'already_live' : 'live', superseded);
}

/** The number of a newer deployment that is live in place of ours; null for none. */
function replacedBy({ deployment, lastSeen }: Attempt): number | null {
  return deployment && replacementOf(deployment, lastSeen?.deployments ?? []);
}
