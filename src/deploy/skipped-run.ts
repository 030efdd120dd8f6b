import type { DeploymentList } from '../nodion/responses.ts';
import { type Sentence, sentence } from '../runner/sentence.ts';
import { SEEN_NOW_MS } from '../time/step-clock.ts';
import { type Attempt, newAttempt } from './attempt/attempt.ts';
import { failure } from './conclusion/conclusion.ts';
import { liveState } from './conclusion/live-state.ts';
import { type DeploymentRun, withLiveState } from './deploy-application.ts';
import type { Target } from './preflight/preflight.ts';

/**
 * The run of a target that is not deployed, because of its own problem or another's, with what is live there now.
 * @param options.because of what, where it has no problem of its own: `web failed`.
 */
export async function skippedRun(
  target: Target,
  { because, signal }: { because: Sentence; signal: AbortSignal },
): Promise<DeploymentRun> {
  const attempt = { ...newAttempt(null), lastSeen: await lastSeen(target, signal) };
  const skipped = failure('skipped', 'Not deployed', [
    sentence`Not triggered, because ${because}.`,
  ]);
  const live = liveState(attempt);
  return {
    ...attempt,
    target,
    url: null,
    previous: null,
    triggered: false,
    healthy: null,
    rollback: null,
    timedOut: false,
    ...(await withLiveState(target.problem ?? skipped, null, { live, last: attempt })),
    live,
  };
}

/** Read again where that was long ago: other applications were waited for, or an image. */
async function lastSeen(
  { api, deployments: known }: Target,
  signal: AbortSignal,
): Promise<Attempt['lastSeen']> {
  if (!known) return null;
  const isFresh = performance.now() - known.answeredAtMs < SEEN_NOW_MS;
  const read = (): Promise<DeploymentList | null> =>
    api.deployments({ signal, isFresh: true }).catch(() => null);
  const now = isFresh ? known : await read();
  return { ...(now ?? known), isCurrent: now !== null };
}
