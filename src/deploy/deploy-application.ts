import type { NodionClient } from '../nodion/client.ts';
import { UnknownOutcome } from '../nodion/post-once.ts';
import type { Deployment } from '../nodion/responses.ts';
import { type Conclusion, conclude } from './conclusion.ts';
import type { DeployPlan } from './plan.ts';
import type { Target } from './preflight.ts';
import { type Origin, type TriggerEvent, triggerDeployment } from './trigger-deployment.ts';
import { type Rollout, type RolloutEvent, verifyRollout } from './verify-rollout.ts';
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
  /** From the start until the wait ended; null when it was not waited for, or did not end. */
  readonly durationMs: number | null;
  readonly conclusion: Conclusion;
}

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
  let deployment: Deployment | null = null;
  let origin: Origin | null = null;
  let before: readonly Deployment[] | null = null;
  let outcome: Outcome | null = null;
  let rollout: Rollout | null = null;
  let durationMs: number | null = null;
  let error: unknown = null;

  const elapsedMs = () => performance.now() - startMs;
  function onEvent(event: DeployEvent): void {
    if (event.kind === 'trigger-sent') before = event.before;
    if (event.kind === 'deployment' || event.kind === 'status') {
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
      const following = { application, pollIntervalMs: plan.pollIntervalMs, signal, onEvent };
      outcome = await waitForDeployment({ ...following, triggered });
      deployment = outcome.deployment;
      const finalAfterMs = outcome.kind === 'timed_out' ? undefined : timeline.at(-1)?.afterMs;
      durationMs = finalAfterMs ?? elapsedMs();
      if (plan.verifyRollout && outcome.kind === 'available') {
        rollout = await verifyRollout({ ...following, deployment });
      }
    }
  } catch (reason) {
    error = reason;
  }
  const course = { before, deployment, outcome, rollout, durationMs, error };
  const conclusion = conclude(course, plan);
  options.onEvent({ kind: 'concluded', conclusion });
  const triggered =
    origin === 'triggered' || origin === 'recovered' || error instanceof UnknownOutcome;
  return {
    target,
    deployment,
    origin,
    triggered,
    startedAt,
    timeline,
    durationMs,
    conclusion,
  };
}

/** The run of a target that is not deployed, because of its own problem or another's. */
export function skippedRun(target: Target): DeploymentRun {
  const problem = target.problem ?? 'Not triggered, because of another application';
  return {
    target,
    deployment: null,
    origin: null,
    triggered: false,
    startedAt: Date.now(),
    timeline: [],
    durationMs: null,
    conclusion: { kind: 'failure', title: 'Not deployed', problem },
  };
}
