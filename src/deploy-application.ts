import { highestNumber } from './find-deployment.ts';
import type { Application, Deployment, NodionClient } from './nodion-client.ts';
import type { Report } from './progress.ts';
import { triggerDeployment } from './trigger-deployment.ts';
import { type Rollout, verifyRollout } from './verify-rollout.ts';
import { type Outcome, waitForDeployment } from './wait-for-deployment.ts';

/** An application that is to be deployed, as it was just before. */
export interface Target {
  readonly applicationId: string;
  /** Null when the key may not read it. */
  readonly application: Application | null;
  /** Null when the key may not read them. */
  readonly deployments: readonly Deployment[] | null;
  /** The deployment to follow in place of triggering one (`reuse_existing`); null to trigger. */
  readonly reusable: Deployment | null;
  /** Why it can't be deployed; null when it can. */
  readonly problem: string | null;
}

/** What became of one application; filled in as things become known. */
export interface Result {
  readonly target: Target;
  deployment: Deployment | null;
  triggered: boolean;
  /** Null until the wait has ended, and without a wait. */
  outcome: Outcome | null;
  /** Null unless it was verified. */
  rollout: Rollout | null;
  /** Why it ended early; null when it did not. */
  error: unknown;
  /** Epoch milliseconds, or null before. */
  startedAt: number | null;
  endedAt: number | null;
  /** Whether nothing more is going to happen. */
  isDone: boolean;
  /** Every status seen, from when, in epoch milliseconds. */
  readonly timeline: { readonly status: string; readonly at: number }[];
}

/** The result of a target for which nothing has been done yet. */
export function newResult(target: Target): Result {
  return {
    target,
    deployment: null,
    triggered: false,
    outcome: null,
    rollout: null,
    error: null,
    startedAt: null,
    endedAt: null,
    isDone: false,
    timeline: [],
  };
}

/**
 * Takes one application from the trigger to its outcome. Never throws: what ends it early is the
 * result's `error`. `result` is kept up to date on the way, before each `report`.
 */
export async function deployApplication(options: {
  client: NodionClient;
  result: Result;
  imageTag: string | null;
  wait: boolean;
  verify: boolean;
  pollIntervalMs: number;
  signal: AbortSignal;
  report: Report;
}): Promise<void> {
  const { client, result, imageTag, wait, verify, pollIntervalMs, signal } = options;
  const { applicationId, deployments, reusable } = result.target;

  const report: Report = (event) => {
    if (event.kind === 'deployment' || event.kind === 'status') {
      result.deployment = event.deployment;
      result.timeline.push({ status: event.deployment.status, at: Date.now() });
    }
    if (event.kind === 'deployment') result.triggered = event.how !== 'reused';
    options.report(event);
  };

  try {
    result.startedAt = Date.now();
    if (reusable) report({ kind: 'deployment', how: 'reused', deployment: reusable });
    const deployment =
      reusable ??
      (await triggerDeployment({
        client,
        applicationId,
        imageTag,
        notedNumber: deployments && highestNumber(deployments),
        signal,
        report,
      }));
    if (!wait) return;
    const following = { client, applicationId, deployment, pollIntervalMs, signal, report };
    result.outcome = await waitForDeployment(following);
    result.deployment = result.outcome.deployment;
    const ended = result.outcome.kind === 'timed-out' ? undefined : result.timeline.at(-1)?.at;
    result.endedAt = ended ?? Date.now();
    if (verify && result.outcome.kind === 'available')
      result.rollout = await verifyRollout(following);
  } catch (error) {
    result.error = error;
  } finally {
    result.isDone = true;
  }
}
