import type { SendRequest } from '../../http/transport.ts';
import type { ApplicationClient } from '../../nodion/client.ts';
import { NodionError } from '../../nodion/errors.ts';
import { UnknownOutcome } from '../../nodion/post-once.ts';
import type { Deployment, DeploymentList } from '../../nodion/responses.ts';
import type { Sentence } from '../../runner/sentence.ts';
import { Interrupted } from '../../time/deadline.ts';
import { SEEN_NOW_MS } from '../../time/step-clock.ts';
import type { DeployPlan } from '../plan/deploy-plan.ts';
import {
  type Attempt,
  type AttemptEvent,
  foldAttempt,
  newAttempt,
  withChecks,
  withOutcome,
} from './attempt.ts';
import { mismatchOf } from './revision.ts';
import { triggerDeployment } from './trigger-deployment.ts';
import { waitForDeployment } from './wait-for-deployment.ts';

/** Ends what is not triggered yet. */
export interface Halt {
  /** Aborts when nothing more is to be triggered. */
  readonly signal: AbortSignal;
  /** Why then: `web failed`. */
  because(): Sentence;
}

/** Nothing was triggered, because of something else. */
export class Skipped extends Error {
  readonly because: Sentence;

  constructor(because: Sentence) {
    super(`skipped because ${because}`);
    this.name = 'Skipped';
    this.because = because;
  }
}

/** What an attempt starts from. */
export interface AttemptStart {
  /** The deployments as read before; null when the key may not read them. */
  readonly deployments: DeploymentList | null;
  /** The application's own tag; null for Git-based applications. */
  readonly defaultTag: string | null;
  /** The tag that was looked up; null for none. */
  readonly verifiedTag: string | null;
  /** Where its health is asked for; null where it is not. */
  readonly healthUrl: string | null;
  /** The deployment that must be live and the newest still when the trigger is sent; null: any. */
  readonly onlyWhileLive: Deployment | null;
}

/** What an attempt runs with. */
export interface AttemptOptions {
  readonly application: ApplicationClient;
  readonly transport: SendRequest;
  readonly signal: AbortSignal;
  readonly halt: Halt;
  /** `attempt` is the record after the event. */
  readonly onEvent: (event: AttemptEvent, attempt: Attempt) => void;
}

/**
 * Triggers a deployment, follows it to its final status, and checks it then, as far as the plan asks for
 * that. Never throws: what ended it early is its `error`.
 */
export async function runAttempt(
  start: AttemptStart,
  plan: DeployPlan,
  options: AttemptOptions,
): Promise<Attempt> {
  const { application, transport, signal, halt } = options;
  let attempt = newAttempt(start.deployments);
  let isSeenAtEnd = false;
  let hasLookFailed = false;
  const elapsedMs = () => performance.now() - attempt.startMs;
  const onEvent = (event: AttemptEvent) => {
    attempt = foldAttempt(attempt, event, elapsedMs());
    if (event.kind === 'seen' && signal.aborted) isSeenAtEnd = true;
    options.onEvent(event, attempt);
  };

  /** What is live may have changed since the last list. */
  async function lookAgain(): Promise<void> {
    const { lookAtEnd, lookBriefly } = await import('../checks/look-at-end.ts');
    const { deployment, error } = attempt;
    const earlier = deployment ?? start.onlyWhileLive;
    const list =
      error instanceof Skipped
        ? await lookBriefly(application, { earlier, signal })
        : await lookAtEnd(application, { earlier, signal });
    onEvent({ kind: 'seen', list });
    isSeenAtEnd = true;
  }

  try {
    const { deployments: before, defaultTag, verifiedTag, onlyWhileLive } = start;
    const triggered = await triggerDeployment(plan, {
      ...{
        application,
        before,
        defaultTag,
        verifiedTag,
        onlyWhileLive,
        signal,
        halt: halt.signal,
        onEvent,
      },
    });
    const { origin, deployment } = triggered;
    onEvent({ kind: 'deployment', origin, deployment });
    if (plan.wait) {
      const outcome = await waitForDeployment(plan, { application, signal, onEvent, triggered });
      attempt = withOutcome(attempt, outcome);
      if (isCheckDue(attempt, plan)) {
        const { checkDeployment } = await import('../checks/check-deployment.ts');
        const { healthUrl } = start;
        const checking = { application, healthUrl, transport, signal, onEvent };
        // Its events change the attempt meanwhile.
        const checks = await checkDeployment(outcome.deployment, plan, checking);
        return withChecks(attempt, checks);
      }
    }
  } catch (error) {
    const isHalted = error instanceof Interrupted && error.reason === 'halted';
    attempt = { ...attempt, error: isHalted ? new Skipped(halt.because()) : error };
    if (!isSeenAtEnd && isLookDue(attempt, start)) {
      hasLookFailed = await lookAgain().then(
        () => false,
        () => true,
      );
    }
  }
  const { lastSeen, deployment, durationMs } = attempt;
  return {
    ...attempt,
    lastSeen: lastSeen && {
      ...lastSeen,
      isCurrent: isSeenAtEnd || (!hasLookFailed && isCurrent(attempt)),
    },
    durationMs: plan.wait && deployment ? (durationMs ?? elapsedMs()) : null,
  };
}

/** Another commit or tag than asked for is red, whatever the checks say. */
function isCheckDue({ outcome }: Attempt, { match, verifyRollout, health }: DeployPlan): boolean {
  const isAsked = verifyRollout || health !== null;
  return isAsked && outcome?.kind === 'available' && mismatchOf(outcome.deployment, match) === null;
}

/**
 * Whether what is live must be told, though nobody looked at the end: cancelled after a trigger, skipped long
 * after the last look, or out of time before the trigger of a rollback. What ended a search has looked itself.
 */
function isLookDue(attempt: Attempt, { onlyWhileLive }: AttemptStart): boolean {
  const { deployment, before, error } = attempt;
  if (error instanceof Skipped) return attempt.lastSeen !== null && !isCurrent(attempt);
  if (!(error instanceof Interrupted)) return false;
  const isRollback = onlyWhileLive !== null;
  return error.reason === 'cancelled'
    ? deployment !== null || isRollback
    : isRollback && before.kind === 'not sent';
}

/** Whether the deployments were read after all that happened, and no later read failed. */
function isCurrent({ lastSeen, before, deployment, outcome, error }: Attempt): boolean {
  if (!lastSeen) return false;
  const cause = error instanceof UnknownOutcome ? error.cause : error;
  const isGone = cause instanceof NodionError && cause.status === 404;
  const isLost =
    error instanceof UnknownOutcome
      ? error.searchFailed || isGone || cause instanceof Interrupted
      : isGone ||
        (error instanceof NodionError && (deployment !== null || before.kind === 'not sent')) ||
        (error instanceof Interrupted && error.lastError !== null) ||
        (outcome !== null && outcome.lastLook !== null);
  return !isLost && performance.now() - lastSeen.answeredAtMs < SEEN_NOW_MS;
}
