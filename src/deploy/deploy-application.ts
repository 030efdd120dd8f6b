import type { NodionClient } from '../nodion/client.ts';
import type { Deployment } from '../nodion/responses.ts';
import { type Conclusion, conclude } from './conclusion.ts';
import type { DeployPlan } from './plan.ts';
import type { Target } from './preflight.ts';
import { highestNumber } from './select-deployment.ts';
import { type TriggerEvent, triggerDeployment } from './trigger-deployment.ts';
import { type Rollout, type RolloutEvent, verifyRollout } from './verify-rollout.ts';
import { type Outcome, type WaitEvent, waitForDeployment } from './wait-for-deployment.ts';

/** What became of one application. */
export interface DeploymentRun {
  readonly target: Target;
  /** As it was last seen; null when none is known. */
  readonly deployment: Deployment | null;
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
  | { readonly kind: 'deployment'; readonly how: Origin; readonly deployment: Deployment }
  /** Nothing more is going to happen. */
  | { readonly kind: 'concluded'; readonly conclusion: Conclusion };

/** How a deployment became ours: answered, found after a lost answer, or followed (`reuse_existing`). */
export type Origin = 'triggered' | 'recovered' | 'reused';

/** Takes one application from the trigger to its conclusion. Never throws: failures are conclusions. */
export async function deployApplication(
  target: Target,
  plan: DeployPlan,
  options: { client: NodionClient; signal: AbortSignal; onEvent: (event: DeployEvent) => void },
): Promise<DeploymentRun> {
  const { signal } = options;
  const { reusable } = target;
  const application = options.client.application(target.applicationId);
  const startedAt = Date.now();
  const startMs = performance.now();
  const timeline: StatusChange[] = [];
  let deployment: Deployment | null = null;
  let triggered = false;
  let outcome: Outcome | null = null;
  let rollout: Rollout | null = null;
  let durationMs: number | null = null;
  let error: unknown = null;

  const elapsedMs = () => performance.now() - startMs;
  function onEvent(event: DeployEvent): void {
    if (event.kind === 'deployment' || event.kind === 'status') {
      deployment = event.deployment;
      timeline.push({ status: deployment.status, afterMs: elapsedMs() });
    }
    options.onEvent(event);
  }
  async function trigger(): Promise<Deployment> {
    const answer = await triggerDeployment({
      application,
      imageTag: plan.match.imageTag,
      notedNumber: target.deployments && highestNumber(target.deployments),
      signal,
      onEvent,
    });
    triggered = true;
    const how = answer.recovered ? 'recovered' : 'triggered';
    onEvent({ kind: 'deployment', how, deployment: answer.deployment });
    return answer.deployment;
  }

  try {
    if (reusable) onEvent({ kind: 'deployment', how: 'reused', deployment: reusable });
    const followed = reusable ?? (await trigger());
    if (plan.wait) {
      const { pollIntervalMs } = plan;
      const following = { application, deployment: followed, pollIntervalMs, signal, onEvent };
      outcome = await waitForDeployment(following);
      deployment = outcome.deployment;
      const finalAfterMs = outcome.kind === 'timed_out' ? undefined : timeline.at(-1)?.afterMs;
      durationMs = finalAfterMs ?? elapsedMs();
      if (plan.verifyRollout && outcome.kind === 'available') {
        rollout = await verifyRollout(following);
      }
    }
  } catch (reason) {
    error = reason;
  }
  const conclusion = conclude({ target, deployment, outcome, rollout, durationMs, error }, plan);
  options.onEvent({ kind: 'concluded', conclusion });
  return { target, deployment, triggered, startedAt, timeline, durationMs, conclusion };
}

/** The run of a target that is not deployed, because of its own problem or another's. */
export function skippedRun(target: Target): DeploymentRun {
  const problem = target.problem ?? 'Not triggered, because of another application';
  return {
    target,
    deployment: null,
    triggered: false,
    startedAt: Date.now(),
    timeline: [],
    durationMs: null,
    conclusion: { kind: 'failure', title: 'Not deployed', problem },
  };
}
