import { type Attempt, newAttempt } from '../deploy/attempt/attempt.ts';
import { lookBriefly } from '../deploy/checks/look-at-end.ts';
import { beforeTrigger } from '../deploy/conclusion/describe-failure.ts';
import { skipped } from '../deploy/conclusion/interruption.ts';
import { liveState } from '../deploy/conclusion/live-state.ts';
import { type DeploymentRun, knownUrl, withLiveState } from '../deploy/deploy-application.ts';
import type { DeployPlan } from '../deploy/plan/deploy-plan.ts';
import type { Target } from '../deploy/preflight/preflight.ts';
import { describeDryRun } from '../report/dry-run.ts';
import { describeProblem } from '../report/failures.ts';
import { setInitialOutputs, setOutputs } from '../report/outputs.ts';
import { SYMBOLS } from '../report/summary/short-summary.ts';
import { writeShortSummary } from '../report/summary/write-summary.ts';
import * as commands from '../runner/commands.ts';
import { sentence } from '../runner/sentence.ts';
import { StepFailure } from '../runner/step-failure.ts';
import { Interrupted } from '../time/deadline.ts';
import { SEEN_NOW_MS } from '../time/step-clock.ts';

/**
 * Ends a step whose applications could not be found.
 * @param isAnswered whether Nodion has answered anything as documented.
 * @throws StepFailure, or `error` where nobody foresaw it.
 */
export function failBeforeTargets(
  error: unknown,
  { plan, isAnswered }: { plan: DeployPlan; isAnswered: boolean },
): never {
  if (!(error instanceof StepFailure || error instanceof Interrupted)) throw error;
  const failure = beforeTrigger(error, plan, { hasBeenRead: false, isAnswered });
  setInitialOutputs(plan, failure);
  const { title, lines } = failure;
  writeShortSummary({ symbol: SYMBOLS[failure.kind], title, lines });
  throw new StepFailure(title, lines);
}

/**
 * Ends a step of which an application can't be deployed: then none is.
 * @throws StepFailure
 */
export async function failBeforeTrigger(
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<never> {
  const runs = await Promise.all(targets.map((target) => skippedRun(target, signal)));
  setOutputs(runs);
  const told = runs.flatMap((run) => describeProblem(run, runs.length > 1));
  const each = new Map(told.map((line) => [String(line), line])).values();
  const ended = targets.find(({ problem }) => problem && problem.kind !== 'failure')?.problem;
  // What interrupted it says that itself, other than an image that was looked for until then.
  const isSaid = ended && !ended.reason.startsWith('image_');
  const lines = isSaid ? [...each] : [...each, sentence`Nothing was triggered.`];
  const title = ended?.title ?? 'Not deployed';
  const liveLine = runs.length === 1 ? (runs[0]?.liveLine ?? null) : null;
  const symbol = SYMBOLS[ended?.kind ?? 'failure'];
  writeShortSummary({ symbol, title, liveLine, lines });
  throw new StepFailure(title, lines);
}

/** Ends a dry run in which everything fits. */
export async function endDryRun(targets: readonly Target[], signal: AbortSignal): Promise<void> {
  const known = targets.map(async (target) => ({
    target,
    url: await knownUrl(target),
    live: liveState({ lastSeen: await lastSeen(target, signal), deployment: null }),
    conclusion: { kind: 'success', reason: 'checked' } as const,
  }));
  setOutputs(await Promise.all(known));
  const lines = describeDryRun(targets);
  writeShortSummary({ symbol: 'ℹ️', title: 'Dry run', lines });
  commands.notice('Dry run', lines);
}

/** The run of a target that is not deployed, because of its own problem or another's, with what is live there now. */
async function skippedRun(target: Target, signal: AbortSignal): Promise<DeploymentRun> {
  const attempt = { ...newAttempt(null), lastSeen: await lastSeen(target, signal) };
  const live = liveState(attempt);
  return {
    ...attempt,
    target,
    url: null,
    previous: null,
    triggered: false,
    healthy: null,
    rollback: null,
    timedOut: target.problem?.kind === 'timed_out',
    ...(await withLiveState(target.problem ?? skipped(sentence`of another application`), null, {
      live,
      last: attempt,
    })),
    live,
  };
}

/** Looked at again, for 1.5 s, where it was read long ago, as before the wait for an image. */
async function lastSeen(
  { api, deployments: known }: Target,
  signal: AbortSignal,
): Promise<Attempt['lastSeen']> {
  if (!known) return null;
  if (performance.now() - known.answeredAtMs < SEEN_NOW_MS) return { ...known, isCurrent: true };
  const looking = signal.aborted ? null : lookBriefly(api, { earlier: null, signal });
  const now = await looking?.catch(() => null);
  return { ...(now ?? known), isCurrent: Boolean(now) };
}
