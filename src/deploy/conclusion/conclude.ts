import { replacementOf } from '../../nodion/deployments.ts';
import type { Deployment } from '../../nodion/responses.ts';
import type { Attempt } from '../attempt/attempt.ts';
import { mismatchOf } from '../attempt/revision.ts';
import type { DeploymentMatch, DeployPlan } from '../plan/deploy-plan.ts';
import type { Conclusion, Success } from './conclusion.ts';

/** Concludes what happened, but for what is live now. Loads the words for failures where there is one. */
export async function conclude(attempt: Attempt, plan: DeployPlan): Promise<Conclusion> {
  const { deployment } = attempt;
  if (deployment && isGreen(attempt, deployment, plan.match)) return success(attempt, deployment);
  const { describeFailure } = await import(
    /* webpackChunkName: "failure" */ './describe-failure.ts'
  );
  return describeFailure(attempt, plan);
}

/** The rules of what is green. */
function isGreen(attempt: Attempt, deployment: Deployment, match: DeploymentMatch): boolean {
  const { error, outcome, rollout, health, stability } = attempt;
  return (
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

function success(attempt: Attempt, { status }: Deployment): Success {
  const { origin, outcome, timeline, rollout, health, lastSeen } = attempt;
  const wentLive = outcome?.kind === 'available' || status === 'available';
  if (!wentLive) return { kind: 'success', as: origin === 'reused' ? 'in progress' : 'triggered' };
  const newer = replacedBy(attempt);
  const isSeen = (rollout === null && health === null) || lastSeen?.isCurrent;
  if (newer !== null || !isSeen) return { kind: 'success', as: 'went live', replacedBy: newer };
  const wasLive = origin === 'reused' && timeline[0]?.name === 'available';
  return { kind: 'success', as: wasLive ? 'already live' : 'live' };
}

/** The number of a newer deployment that is live in place of ours; null for none. */
function replacedBy({ deployment, lastSeen }: Attempt): number | null {
  return deployment && replacementOf(deployment, lastSeen?.deployments ?? []);
}
