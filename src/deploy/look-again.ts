import { replacementOf } from '../nodion/deployments.ts';
import { withLimit } from '../time/deadline.ts';
import { LAST_LOOK_MS, LOOK_AGAIN_MS, SEEN_NOW_MS } from '../time/step-clock.ts';
import type { Attempt } from './attempt/attempt.ts';
import { look } from './checks/look-at-end.ts';
import { hasGoneLive } from './conclusion/conclusion.ts';
import { describeLive } from './conclusion/describe-live.ts';
import { type LiveState, liveState } from './conclusion/live-state.ts';
import type { DeploymentRun } from './deploy-application.ts';

/**
 * The runs with what is live of those that ended a while before the last one, since others may have deployed
 * meanwhile; where the deployments can't be read once more, what is live is not known. Never throws.
 * @param options.isOver whether the step's time is over, or it was cancelled: then that must not take long.
 */
export async function lookAgain(
  runs: readonly DeploymentRun[],
  { isOver }: { isOver: boolean },
): Promise<readonly DeploymentRun[]> {
  const limitMs = isOver ? LAST_LOOK_MS : LOOK_AGAIN_MS;
  return await Promise.all(runs.map((run) => lookAt(run, limitMs)));
}

async function lookAt(run: DeploymentRun, limitMs: number): Promise<DeploymentRun> {
  const last = run.rollback?.attempt ?? run;
  const { lastSeen, deployment: earlier } = last;
  if (!lastSeen || performance.now() - lastSeen.answeredAtMs < SEEN_NOW_MS) return run;
  const list = await withLimit(new AbortController().signal, limitMs, (signal) =>
    look(run.target.api, { earlier, signal }),
  ).catch(() => null);
  const live = list
    ? liveState({ lastSeen: { ...list, isCurrent: true }, deployment: null })
    : liveState({ lastSeen: { ...lastSeen, isCurrent: false }, deployment: earlier });
  return { ...run, live, ...retold(run, live, last) };
}

/** Its conclusion in the light of what is live now. */
function retold(
  { conclusion, liveLine, deployment }: DeploymentRun,
  live: LiveState,
  last: Attempt,
): Pick<DeploymentRun, 'conclusion' | 'liveLine'> {
  if (conclusion.kind !== 'success') {
    if (!liveLine) return { conclusion, liveLine };
    const wentLive = last.outcome?.kind === 'available';
    const line = describeLive(live, last.before, { wentLive });
    const lines = conclusion.lines.map((other) => (other === liveLine ? line : other));
    return { conclusion: { ...conclusion, lines }, liveLine: line };
  }
  if (!hasGoneLive(conclusion) || !deployment) return { conclusion, liveLine };
  const isListed = live.kind === 'listed';
  const by = isListed && live.deployment ? replacementOf(deployment, [live.deployment]) : null;
  const isStill = isListed && live.deployment?.id === deployment.id;
  return { conclusion: { ...conclusion, superseded: isStill ? null : { by } }, liveLine };
}
