import type { SendRequest } from '../http/transport.ts';
import { liveDeployment } from '../nodion/deployments.ts';
import { UnknownOutcome } from '../nodion/post-once.ts';
import type { Deployment } from '../nodion/responses.ts';
import { loadPart } from '../runner/load-part.ts';
import { type Sentence, sentence } from '../runner/sentence.ts';
import { lapse } from '../time/deadline.ts';
import { URL_GRACE_MS } from '../time/step-clock.ts';
import type { Attempt, AttemptEvent } from './attempt/attempt.ts';
import { type Halt, runAttempt } from './attempt/run-attempt.ts';
import type { Origin } from './attempt/trigger-deployment.ts';
import { conclude, isGreen } from './conclusion/conclude.ts';
import type { Conclusion, Failure } from './conclusion/conclusion.ts';
import { type LiveState, liveState } from './conclusion/live-state.ts';
import type { DeployPlan } from './plan/deploy-plan.ts';
import type { Target } from './preflight/preflight.ts';
import type { NoRollback, Rollback } from './roll-back.ts';

/** What became of one application. */
export interface DeploymentRun extends Attempt {
  readonly target: Target;
  /** The application's address; null where it is not known. */
  readonly url: string | null;
  /** What was live just before the trigger; null where nothing was, or it is not known. */
  readonly previous: Deployment | null;
  /** Whether a trigger was sent that was or may have been carried out. */
  readonly triggered: boolean;
  /** Whether the application is healthy; null where that was not asked, or is not known. */
  readonly healthy: boolean | null;
  /** Null where none was tried. */
  readonly rollback: Rollback | null;
  /** Whether a timeout ended the wait for it, or for its rollback. */
  readonly timedOut: boolean;
  readonly conclusion: Conclusion;
  /** What is live at the end. */
  readonly live: LiveState;
  /** The same as the last line of its failure says it; null where none does. */
  readonly liveLine: Sentence | null;
}

/** What happens while an application is deployed. */
export type DeployEvent =
  /** Its turn has come. */
  | { readonly kind: 'begun' }
  /** Something happens to its deployment, or to the one that goes back; `attempt` is the record after that. */
  | {
      readonly kind: 'progress';
      readonly event: AttemptEvent;
      readonly attempt: Attempt;
      readonly isRollback: boolean;
    }
  /** It goes back to what was live before. */
  | {
      readonly kind: 'rollback';
      readonly bad: Attempt;
      readonly to: Deployment;
      readonly evidence: Sentence;
    }
  /** It has failed: all that may come is a rollback. */
  | { readonly kind: 'failed' }
  /** Nothing more is going to happen. */
  | { readonly kind: 'concluded'; readonly conclusion: Conclusion };

/** What an application is deployed with. */
export interface DeployOptions {
  readonly transport: SendRequest;
  readonly signal: AbortSignal;
  readonly halt: Halt;
  /** Gives a rollback a time limit of its own: a signal that aborts after `ms`, or at a cancellation. */
  readonly moreTime: (ms: number) => AbortSignal;
  readonly onEvent: (event: DeployEvent) => void;
}

/**
 * Takes one application from the trigger to its conclusion, and back to what was live before where that
 * is asked for and due. Never throws: failures are conclusions.
 */
export async function deployApplication(
  target: Target,
  plan: DeployPlan,
  options: DeployOptions,
): Promise<DeploymentRun> {
  const { transport, signal, halt, moreTime, onEvent } = options;
  onEvent({ kind: 'begun' });
  const { api, deployments, application, healthUrl } = target;
  const running = { application: api, transport };
  const defaultTag = application?.image_tag ?? null;
  const verifiedTag = target.verified?.tag ?? null;
  const attempt = await runAttempt(
    { deployments, defaultTag, verifiedTag, healthUrl, onlyWhileLive: null },
    plan,
    {
      ...{ ...running, signal, halt },
      onEvent: (event, now) =>
        onEvent({ kind: 'progress', event, attempt: now, isRollback: false }),
    },
  );
  const previous = findPrevious(target, attempt);
  // Before the words for it are loaded, so that nothing more is triggered meanwhile.
  if (!isGreen(attempt, plan)) onEvent({ kind: 'failed' });
  const ended = await conclude(attempt, plan);
  let rollbackAtMs = 0;

  /** The rollback, or why there is none; null where none is asked for, or nothing was triggered. */
  async function tryRollback(failure: Failure): Promise<Rollback | NoRollback | null> {
    if (!plan.rollback || !isAfterTrigger(attempt)) return null;
    const loaded = await loadPart(() => import('./roll-back.ts'));
    if (!loaded) return { why: GONE, attempt };
    return await loaded.rollBack(attempt, failure, {
      ...{ ...running, target, plan, previous, moreTime },
      onDue: (due) => {
        rollbackAtMs = performance.now() - attempt.startMs;
        onEvent({ kind: 'rollback', bad: attempt, ...due });
      },
      onEvent: (event, now) => onEvent({ kind: 'progress', event, attempt: now, isRollback: true }),
    });
  }

  const tried = ended.kind === 'success' ? null : await tryRollback(ended);
  const rollback = tried && 'why' in tried ? null : tried;
  const last = (tried ?? { attempt }).attempt;
  const live = liveState(last);
  const { conclusion, liveLine } =
    ended.kind === 'success'
      ? { conclusion: ended, liveLine: null }
      : await withLiveState(ended, tried, { live, last });
  onEvent({ kind: 'concluded', conclusion });
  const { health, stability } = attempt;
  return {
    ...attempt,
    target,
    url: await knownUrl(target),
    previous,
    triggered: isTriggered(attempt.origin) || attempt.error instanceof UnknownOutcome,
    healthy: (health?.isHealthy ?? null) && stability?.failed?.kind !== 'health',
    durationMs: rollback ? rollbackAtMs + (rollback.attempt.durationMs ?? 0) : attempt.durationMs,
    rollback,
    timedOut: [ended, rollback?.conclusion].some((end) => end?.kind === 'timed_out'),
    conclusion,
    live,
    liveLine,
  };
}

/** The application's address, if it is known by now, or at once. */
export async function knownUrl({ url }: Target): Promise<string | null> {
  return await Promise.race([url, lapse(URL_GRACE_MS)]);
}

function hasGoneLive({ outcome }: Attempt): boolean {
  return outcome?.kind === 'available';
}

function isAfterTrigger({ deployment, error }: Attempt): boolean {
  return deployment !== null || error instanceof UnknownOutcome;
}

/** What was live just before the trigger; null for nothing, or where none was sent. */
function findPrevious({ deployments }: Target, attempt: Attempt): Deployment | null {
  const { before, firstAfter, deployment: ours } = attempt;
  if (before.kind !== 'listed') return null;
  // Each list may be an old one. What is new in the first one after the trigger, available and below
  // ours was there before: no deployment is done as soon as that.
  const wasLive = (firstAfter ?? []).filter(
    ({ id, deploy_number }) => id !== ours?.id && deploy_number < (ours?.deploy_number ?? 0),
  );
  const listed = new Map(
    [...wasLive, ...(deployments?.deployments ?? []), ...before.deployments].map((one) => [
      one.id,
      one,
    ]),
  );
  return liveDeployment([...listed.values()]);
}

/** A failure with what became of its rollback, and with what is live now; not where nothing was tried or ever read. */
export async function withLiveState(
  failure: Failure,
  tried: Rollback | NoRollback | null,
  { live: state, last }: { live: LiveState; last: Attempt },
): Promise<{ conclusion: Failure; liveLine: Sentence | null }> {
  const isUnread = state.kind === 'unknown' && !isAfterTrigger(last);
  const isUntold = isUnread || failure.reason === 'skipped';
  const words = isUntold
    ? null
    : await loadPart(
        () => import(/* webpackChunkName: "failure" */ './conclusion/describe-live.ts'),
      );
  const liveLine = words?.describeLive(state, last.before, { wentLive: hasGoneLive(last) }) ?? null;
  const ended = tried && 'failure' in tried ? tried.failure : failure;
  const none = tried && 'why' in tried ? [sentence`No rollback: ${tried.why}.`] : [];
  const lines = [...ended.lines, ...none, ...(liveLine ? [liveLine] : [])];
  return { conclusion: { ...ended, lines }, liveLine };
}

const GONE = sentence`the part of the action that does it is gone from the runner's disk`;

/** Whether a deployment of that origin was triggered by this step. */
export function isTriggered(origin: Origin | null): boolean {
  return origin === 'triggered' || origin === 'recovered';
}
