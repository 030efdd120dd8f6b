import { retryRead } from '../http/retry.ts';
import { isFinal } from '../nodion/deployments.ts';
import { type Sentence, sentence } from '../runner/sentence.ts';
import { withLimit } from '../time/deadline.ts';
import { LAST_LOOK_MS, LOOK_AT_ALL_MS, SEEN_AT_END_MS } from '../time/step-clock.ts';
import { type Attempt, foldAttempt } from './attempt/attempt.ts';
import { look } from './checks/look-at-end.ts';
import { conclude } from './conclusion/conclude.ts';
import { type Failure, hasGoneLive } from './conclusion/conclusion.ts';
import { describeLive } from './conclusion/describe-live.ts';
import { type LiveState, liveState } from './conclusion/live-state.ts';
import { type DeploymentRun, withLiveState } from './deploy-application.ts';
import type { DeployPlan } from './plan/deploy-plan.ts';

/**
 * The runs with what is live of those that ended a while before the last one: others may have deployed
 * meanwhile. What is live no more is a failure; what can't be read once more is not known. Never throws.
 * @param signal the step's: where it has aborted that takes 0.8 s at most, else 3 s, or until it aborts.
 */
export async function lookAgain(
  runs: readonly DeploymentRun[],
  plan: DeployPlan,
  signal: AbortSignal,
): Promise<readonly DeploymentRun[]> {
  const isOver = signal.aborted;
  const limitMs = isOver ? LAST_LOOK_MS : LOOK_AT_ALL_MS;
  return await Promise.all(
    runs.map((run) => {
      const ending = isOver ? new AbortController().signal : signal;
      return withLimit(ending, limitMs, (limited) => lookAt(run, plan, limited));
    }),
  );
}

async function lookAt(
  run: DeploymentRun,
  plan: DeployPlan,
  signal: AbortSignal,
): Promise<DeploymentRun> {
  const last = run.rollback?.attempt ?? run;
  const { lastSeen, deployment: earlier } = last;
  // What was not seen to end is told as it was when it was last seen.
  if (!lastSeen || (earlier && !isFinal(earlier))) return run;
  if (performance.now() - lastSeen.answeredAtMs < SEEN_AT_END_MS) return run;
  const read = () => look(run.target.api, { earlier, signal });
  const list = await retryRead(read, { signal, onRetry: () => {} }).catch(() => null);
  const live = list
    ? liveState({ lastSeen: { ...list, isCurrent: true }, deployment: null })
    : liveState({ lastSeen: { ...lastSeen, isCurrent: false }, deployment: earlier });
  const { conclusion, liveLine } = run;
  if (conclusion.kind !== 'success')
    return { ...run, live, ...retold(conclusion, liveLine, live, last) };
  if (!hasGoneLive(conclusion)) return { ...run, live };
  if (!list) return { ...run, live, conclusion: { ...conclusion, superseded: { by: null } } };
  const now = foldAttempt(run, { kind: 'seen', list }, 0);
  const ended = await conclude(now, plan);
  if (ended.kind === 'success') return { ...run, ...now, live, conclusion: ended };
  return { ...run, ...now, live, ...(await withLiveState(ended, null, { live, last: now })) };
}

/** The failure in the light of what is live now. */
function retold(
  conclusion: Failure,
  liveLine: Sentence | null,
  live: LiveState,
  last: Attempt,
): Pick<DeploymentRun, 'conclusion' | 'liveLine'> {
  if (!liveLine) return { conclusion, liveLine };
  const now = describeLive(live, last.before, { wentLive: last.outcome?.kind === 'available' });
  // What its other lines say is live was so when it ended.
  const line = String(now) === String(liveLine) ? now : sentence`At the end of the step: ${now}`;
  const lines = conclusion.lines.map((other) => (other === liveLine ? line : other));
  return { conclusion: { ...conclusion, lines }, liveLine: line };
}
