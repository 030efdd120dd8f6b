import { retryRead } from '../http/retry.ts';
import { isFinal } from '../nodion/deployments.ts';
import { sentence } from '../runner/sentence.ts';
import { withLimit } from '../time/deadline.ts';
import { LAST_LOOK_MS, LOOK_AT_ALL_MS, SEEN_NOW_MS } from '../time/step-clock.ts';
import type { Attempt } from './attempt/attempt.ts';
import { look } from './checks/look-at-end.ts';
import { hasGoneLive } from './conclusion/conclusion.ts';
import { describeLive } from './conclusion/describe-live.ts';
import { type LiveState, liveState } from './conclusion/live-state.ts';
import type { DeploymentRun } from './deploy-application.ts';

/**
 * The runs with what is live of those that ended a while before the last one, since others may have deployed
 * meanwhile; where the deployments can't be read once more, what is live is not known. Never throws.
 * @param signal the step's: where it has aborted that takes 0.8 s at most, else 3 s, or until it aborts.
 */
export async function lookAgain(
  runs: readonly DeploymentRun[],
  signal: AbortSignal,
): Promise<readonly DeploymentRun[]> {
  const isOver = signal.aborted;
  const ending = isOver ? new AbortController().signal : signal;
  const limitMs = isOver ? LAST_LOOK_MS : LOOK_AT_ALL_MS;
  return await Promise.all(
    runs.map((run) => withLimit(ending, limitMs, (limited) => lookAt(run, limited))),
  );
}

async function lookAt(run: DeploymentRun, signal: AbortSignal): Promise<DeploymentRun> {
  const last = run.rollback?.attempt ?? run;
  const { lastSeen, deployment: earlier } = last;
  // What was not seen to end is told as it was when it was last seen.
  if (!lastSeen || (earlier && !isFinal(earlier))) return run;
  if (performance.now() - lastSeen.answeredAtMs < SEEN_NOW_MS) return run;
  const read = () => look(run.target.api, { earlier, signal });
  const list = await retryRead(read, { signal, onRetry: () => {} }).catch(() => null);
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
    const now = describeLive(live, last.before, { wentLive });
    // What its other lines say is live was so when it ended.
    const line = String(now) === String(liveLine) ? now : sentence`At the end of the step: ${now}`;
    const lines = conclusion.lines.map((other) => (other === liveLine ? line : other));
    return { conclusion: { ...conclusion, lines }, liveLine: line };
  }
  if (!hasGoneLive(conclusion) || !deployment) return { conclusion, liveLine };
  const now = live.kind === 'listed' ? live.deployment : null;
  const superseded = now?.id === deployment.id ? null : { by: now?.deploy_number ?? null };
  return { conclusion: { ...conclusion, superseded }, liveLine };
}
