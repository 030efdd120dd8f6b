import type { NodionClient } from '../nodion/client.ts';
import { UnknownOutcome } from '../nodion/post-once.ts';
import type { Deployment, DeploymentList } from '../nodion/responses.ts';
import { sentence } from '../runner/sentence.ts';
import { type Conclusion, type Course, conclude } from './conclusion.ts';
import type { DeployPlan } from './plan.ts';
import type { Target } from './preflight.ts';
import { liveDeployment } from './select-deployment.ts';
import { type Origin, type TriggerEvent, triggerDeployment } from './trigger-deployment.ts';
import { isComplete, type Rollout, type RolloutEvent, verifyRollout } from './verify-rollout.ts';
import { type Outcome, type WaitEvent, waitForDeployment } from './wait-for-deployment.ts';

/** What became of one application. */
export interface DeploymentRun {
  readonly target: Target;
  /** As it was last seen; null when none is known. */
  readonly deployment: Deployment | null;
  /** How it became ours; null when none is known. */
  readonly origin: Origin | null;
  /** Whether a trigger was sent that was or may have been carried out. */
  readonly triggered: boolean;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Every status seen, in milliseconds since the start. */
  readonly timeline: readonly StatusChange[];
  /** From the start until the last thing that was waited for; null when nothing was. */
  readonly durationMs: number | null;
  /** Null unless it was verified. */
  readonly rollout: Rollout | null;
  /** The number of a newer deployment that is live in place of ours; null for none. */
  readonly replacedBy: number | null;
  readonly conclusion: Conclusion;
}

/** A status, or another thing that was waited for, such as `rolled out`. */
export interface StatusChange {
  readonly status: string;
  readonly afterMs: number;
}

/** What happens while an application is deployed. */
export type DeployEvent =
  | TriggerEvent
  | WaitEvent
  | RolloutEvent
  /** The deployment to follow is known. */
  | { readonly kind: 'deployment'; readonly origin: Origin; readonly deployment: Deployment }
  /** Nothing more is going to happen. */
  | { readonly kind: 'concluded'; readonly conclusion: Conclusion };

/** Takes one application from the trigger to its conclusion. Never throws: failures are conclusions. */
export async function deployApplication(
  target: Target,
  plan: DeployPlan,
  options: { client: NodionClient; signal: AbortSignal; onEvent: (event: DeployEvent) => void },
): Promise<DeploymentRun> {
  const { signal } = options;
  const application = options.client.application(target.applicationId);
  const startedAt = Date.now();
  const startMs = performance.now();
  const timeline: StatusChange[] = [];
  let origin: Origin | null = null;
  let deployment: Deployment | null = null;
  let before: Course['before'] = null;
  let lastSeen: DeploymentList | null = target.deployments;
  let outcome: Outcome | null = null;
  let rollout: Rollout | null = null;
  let endMs: number | null = null;
  let error: unknown = null;

  const elapsedMs = () => performance.now() - startMs;
  function onEvent(event: DeployEvent): void {
    if (event.kind === 'trigger-sent') before = event.before ?? 'unread';
    if (event.kind === 'seen') {
      lastSeen = { deployments: event.deployments, answeredAtMs: performance.now() };
    }
    if (event.kind === 'deployment' || event.kind === 'status' || event.kind === 'successor') {
      deployment = event.deployment;
      timeline.push({ status: deployment.status, afterMs: elapsedMs() });
    }
    options.onEvent(event);
  }

  try {
    const triggered = await triggerDeployment(plan, {
      application,
      before: target.deployments,
      defaultTag: target.application?.image_tag ?? null,
      signal,
      onEvent,
    });
    origin = triggered.origin;
    onEvent({ kind: 'deployment', origin, deployment: triggered.deployment });
    if (plan.wait) {
      const following = { application, signal, onEvent };
      outcome = await waitForDeployment(plan, { ...following, triggered });
      deployment = outcome.deployment;
      if (outcome.kind !== 'timed_out') endMs = timeline.at(-1)?.afterMs ?? null;
      if (plan.verifyRollout && outcome.kind === 'available') {
        endMs = null;
        rollout = await verifyRollout(plan, { ...following, deployment });
        if (isComplete(rollout)) timeline.push({ status: 'rolled out', afterMs: elapsedMs() });
      }
    }
  } catch (reason) {
    error = reason;
  }
  const durationMs = plan.wait && deployment ? (endMs ?? elapsedMs()) : null;
  const course = {
    before,
    lastSeen: withAge(lastSeen),
    deployment,
    outcome,
    rollout,
    durationMs,
    error,
  };
  const conclusion = conclude(course, plan);
  options.onEvent({ kind: 'concluded', conclusion });
  return {
    target,
    deployment,
    origin,
    triggered: isTriggered(origin) || error instanceof UnknownOutcome,
    startedAt,
    timeline,
    durationMs,
    rollout,
    replacedBy: replacement(deployment, lastSeen),
    conclusion,
  };
}

function replacement(deployment: Deployment | null, seen: DeploymentList | null): number | null {
  const live = seen && liveDeployment(seen.deployments);
  return live && deployment && live.deploy_number > deployment.deploy_number
    ? live.deploy_number
    : null;
}

function withAge(list: DeploymentList | null): Course['lastSeen'] {
  return list && { ...list, ageMs: performance.now() - list.answeredAtMs };
}

/** Whether a deployment of that origin was triggered by this step. */
export function isTriggered(origin: Origin | null): boolean {
  return origin === 'triggered' || origin === 'recovered';
}

/** The run of a target that is not deployed, because of its own problem or another's. */
export function skippedRun(target: Target): DeploymentRun {
  const lines = target.problem ?? [sentence`Not triggered, because of another application.`];
  return {
    target,
    deployment: null,
    origin: null,
    triggered: false,
    startedAt: Date.now(),
    timeline: [],
    durationMs: null,
    rollout: null,
    replacedBy: null,
    conclusion: { kind: 'failure', title: 'Not deployed', lines },
  };
}
