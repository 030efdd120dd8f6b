import type { SendRequest } from '../../http/transport.ts';
import type { ApplicationClient } from '../../nodion/client.ts';
import { NodionError } from '../../nodion/errors.ts';
import { UnknownOutcome } from '../../nodion/post-once.ts';
import type { Deployment, DeploymentList } from '../../nodion/responses.ts';
import { Interrupted } from '../../time/deadline.ts';
import type { CheckEvent, Checks } from '../checks/check-deployment.ts';
import { findMismatch } from '../conclusion/find-mismatch.ts';
import type { DeployPlan } from '../plan/deploy-plan.ts';
import type { Target } from '../preflight.ts';
import { type Origin, type TriggerEvent, triggerDeployment } from './trigger-deployment.ts';
import { type Outcome, type WaitEvent, waitForDeployment } from './wait-for-deployment.ts';

/** What was seen longer ago may be different now. */
const CURRENT_MS = 5_000;

/** One deployment from its trigger to the last thing that was waited for. Null: it did not come to that. */
export interface Course extends Checks {
  /** The deployments just before the trigger was sent; `'unread'` when the key may not read them. */
  readonly before: readonly Deployment[] | 'unread' | null;
  /** The deployments as they were last seen, and whether nothing can have changed much since. */
  readonly lastSeen: (DeploymentList & { readonly isCurrent: boolean }) | null;
  /** As it was last seen. */
  readonly deployment: Deployment | null;
  /** How it became ours. */
  readonly origin: Origin | null;
  /** Whether it is certain that this step triggered it. */
  readonly isOwn: boolean;
  readonly outcome: Outcome | null;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Every status seen, in milliseconds since the start. */
  readonly timeline: readonly StatusChange[];
  /** From the start until the last thing that was waited for; null when nothing was. */
  readonly durationMs: number | null;
}

/** A status, or another thing that was waited for, such as `rolled out`. */
export interface StatusChange {
  readonly status: string;
  readonly afterMs: number;
}

/** What happens on the course of a deployment. */
export type CourseEvent =
  | TriggerEvent
  | WaitEvent
  | CheckEvent
  /** The deployment to follow is known. */
  | { readonly kind: 'deployment'; readonly origin: Origin; readonly deployment: Deployment };

/** What a course runs with. */
export interface CourseOptions {
  readonly application: ApplicationClient;
  readonly transport: SendRequest;
  readonly signal: AbortSignal;
  readonly onEvent: (event: CourseEvent) => void;
}

/**
 * Triggers a deployment, follows it to its final status, and checks it then, as far as the plan asks for
 * that. Never throws: what ended it early is its `error`.
 *
 * @param start.instead the deployment that must be live and the newest still when the trigger is sent; null: any.
 */
export async function runCourse(
  start: Pick<Target, 'application' | 'deployments' | 'healthUrl'> & { instead: Deployment | null },
  plan: DeployPlan,
  options: CourseOptions,
): Promise<Course> {
  const { application, transport, signal } = options;
  const startedAt = Date.now();
  const startMs = performance.now();
  const timeline: StatusChange[] = [];
  let before: Course['before'] = null;
  let lastSeen: DeploymentList | null = start.deployments;
  let deployment: Deployment | null = null;
  let origin: Origin | null = null;
  let isOwn = true;
  /** Until when its checks took (`performance.now()`): a list from before is an old one. */
  let checkedAtMs = 0;
  let outcome: Outcome | null = null;
  let checks: Checks = { rollout: null, health: null, stability: null, failure: null, error: null };
  let error: unknown = null;
  let endMs: number | null = null;

  const elapsedMs = () => performance.now() - startMs;
  const reached = (status: string) => timeline.push({ status, afterMs: elapsedMs() });
  function followed(now: Deployment): void {
    deployment = now;
    reached(now.status);
  }
  function onEvent(event: CourseEvent): void {
    switch (event.kind) {
      case 'trigger-sent':
        before = event.before ?? 'unread';
        break;
      case 'seen-at-end':
      case 'seen':
        lastSeen = { deployments: event.deployments, answeredAtMs: performance.now() };
        break;
      case 'several-candidates':
        isOwn = false;
        break;
      case 'successor':
        isOwn = false;
        followed(event.deployment);
        break;
      case 'deployment':
        if (event.origin === 'reused') isOwn = false;
        followed(event.deployment);
        break;
      case 'status':
        followed(event.deployment);
        break;
      case 'reached':
        reached(event.what);
        break;
      case 'checks-started':
        checkedAtMs = performance.now();
        break;
      case 'checks-ended':
        checkedAtMs = performance.now();
        endMs = elapsedMs();
        break;
    }
    options.onEvent(event);
  }

  try {
    const triggered = await triggerDeployment(plan, {
      application,
      before: start.deployments,
      defaultTag: start.application?.image_tag ?? null,
      instead: start.instead,
      signal,
      onEvent,
    });
    origin = triggered.origin;
    onEvent({ kind: 'deployment', origin, deployment: triggered.deployment });
    if (plan.wait) {
      outcome = await waitForDeployment(plan, { application, signal, onEvent, triggered });
      deployment = outcome.deployment;
      if (outcome.kind !== 'timed_out') endMs = timeline.at(-1)?.afterMs ?? null;
      const isChecked = plan.verifyRollout || plan.health !== null;
      // Another commit or tag than asked for is red, whatever the checks say.
      if (outcome.kind === 'available' && isChecked && !findMismatch(deployment, plan)) {
        const { checkDeployment } = await import('../checks/check-deployment.ts');
        const { healthUrl } = start;
        const checking = { application, healthUrl, transport, signal, onEvent };
        checks = await checkDeployment(deployment, plan, checking);
        error = checks.error;
        const { id } = deployment;
        deployment = lastSeen?.deployments.find((one) => one.id === id) ?? deployment;
      }
    }
  } catch (reason) {
    error = reason;
  }
  /** Whether the list was read after all that happened, and no later read failed. */
  function isCurrent({ answeredAtMs }: DeploymentList): boolean {
    if (checkedAtMs > 0) return answeredAtMs > checkedAtMs;
    const isLost =
      error instanceof UnknownOutcome
        ? error.searchFailed || error.cause instanceof Interrupted
        : (error instanceof NodionError && (deployment !== null || before === null)) ||
          (error instanceof Interrupted && error.lastError !== null) ||
          (outcome && outcome.lastLook !== null);
    return !isLost && performance.now() - answeredAtMs < CURRENT_MS;
  }

  return {
    ...checks,
    before,
    lastSeen: lastSeen && { ...lastSeen, isCurrent: isCurrent(lastSeen) },
    deployment,
    origin,
    isOwn,
    outcome,
    startedAt,
    timeline,
    durationMs: plan.wait && deployment ? (endMs ?? elapsedMs()) : null,
    error,
  };
}
