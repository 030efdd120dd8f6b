import type { SendRequest } from '../../http/transport.ts';
import type { ApplicationClient } from '../../nodion/client.ts';
import type { Deployment } from '../../nodion/responses.ts';
import { retryRead } from '../../nodion/retry.ts';
import { joined } from '../../runner/sentence.ts';
import { abortAfter, type InterruptReason, withGrace } from '../../time/deadline.ts';
import { refuseOld } from '../attempt/trigger-deployment.ts';
import { type Found, failedCheck } from '../conclusion/failed-check.ts';
import type { Failure } from '../conclusion/failure.ts';
import type { DeployPlan } from '../plan/deploy-plan.ts';
import { askHealth, checkHealth, type HealthEvent } from './check-health.ts';
import { isComplete, type RolloutEvent, readRollout, verifyRollout } from './verify-rollout.ts';
import { type Check, type StabilityEvent, watchStability } from './watch-stability.ts';

/** The longest time for a last look at the deployments. */
const LOOK_AGAIN_MS = 5_000;
const LOOK_AFTER_CANCELLATION_MS = 1_500;

/** What the checks of a live deployment came to. */
export interface Checks extends Found {
  /** Which of them failed; null for none. */
  readonly failure: Failure | null;
  /** What ended them early. */
  readonly error: unknown;
}

/** What happens while a live deployment is checked. */
export type CheckEvent =
  | { readonly kind: 'checks-started' | 'checks-ended' }
  /** The deployments have been read once more, at the end. */
  | { readonly kind: 'seen-at-end'; readonly deployments: readonly Deployment[] }
  | RolloutEvent
  | HealthEvent
  | StabilityEvent
  | { readonly kind: 'reached'; readonly what: 'rolled out' | 'healthy' | 'stable' };

/**
 * Checks what the plan asks for, one after the other, as far as each ends well: the rollout, the health
 * at `healthUrl` (null: not asked), and for how long both last. Never throws.
 */
export async function checkDeployment(
  deployment: Deployment,
  plan: DeployPlan,
  options: {
    application: ApplicationClient;
    healthUrl: string | null;
    transport: SendRequest;
    signal: AbortSignal;
    onEvent: (event: CheckEvent) => void;
  },
): Promise<Checks> {
  const { application, healthUrl: url, transport, signal, onEvent } = options;
  const { health: healthPlan, verifyRollout: isRolloutAsked, stableForMs } = plan;
  let found: Found = { rollout: null, health: null, stability: null };
  const lasting: Check[] = [];

  async function check(): Promise<void> {
    if (isRolloutAsked) {
      const following = { application, deployment, onEvent };
      const rollout = await verifyRollout(plan, { ...following, signal });
      found = { ...found, rollout };
      if (!isComplete(rollout)) return;
      onEvent({ kind: 'reached', what: 'rolled out' });
      lasting.push({
        kind: 'rollout',
        ask: async (followed) => {
          const now = await readRollout({ ...following, signal: followed });
          return { isGood: isComplete(now), what: joined(now.missing, '; ') };
        },
      });
    }
    if (healthPlan && url !== null) {
      const health = await checkHealth(
        { ...plan, health: healthPlan },
        { url, transport, signal, onEvent },
      );
      found = { ...found, health };
      if (!health.isHealthy) return;
      onEvent({ kind: 'reached', what: 'healthy' });
      const { text } = healthPlan;
      lasting.push({
        kind: 'health',
        ask: (followed) => askHealth({ url, text }, { transport, signal: followed }),
      });
    }
    if (stableForMs > 0) {
      const stability = await watchStability(plan, { checks: lasting, signal, onEvent });
      found = { ...found, stability };
      if (stability.isStable) onEvent({ kind: 'reached', what: 'stable' });
    }
  }

  async function read(reading: AbortSignal): Promise<readonly Deployment[]> {
    const { deployments } = await application.deployments({
      ...{ signal: reading, lane: 'urgent', isFresh: true },
      only: deployment.id,
    });
    refuseOld(deployment, deployments);
    return deployments;
  }

  /** While it was checked, others may have deployed. */
  async function lookAgain(): Promise<readonly Deployment[]> {
    const controller = new AbortController();
    if (signal.reason === ('cancelled' satisfies InterruptReason)) {
      abortAfter(LOOK_AFTER_CANCELLATION_MS, controller);
      return await read(controller.signal);
    }
    if (signal.aborted) return await read(signal);
    abortAfter(LOOK_AGAIN_MS, controller);
    return await withGrace({ signal, controller, graceMs: () => 0 }, (limited) =>
      retryRead(() => read(limited), { signal: limited, onRetry: () => {} }),
    );
  }

  // At the timeout it takes place beside the last look at the rollout: both have a second.
  let atTimeout: Promise<readonly Deployment[]> | null = null;
  const lookAtTimeout = () => {
    if (signal.reason !== ('timed_out' satisfies InterruptReason)) return;
    atTimeout = read(signal);
    atTimeout.catch(() => {});
  };

  onEvent({ kind: 'checks-started' });
  signal.addEventListener('abort', lookAtTimeout);
  let error: unknown = null;
  try {
    await check();
  } catch (reason) {
    error = reason;
  }
  onEvent({ kind: 'checks-ended' });
  const seen = await (atTimeout ?? lookAgain()).catch(() => atTimeout).catch(() => null);
  signal.removeEventListener('abort', lookAtTimeout);
  if (seen) onEvent({ kind: 'seen-at-end', deployments: seen });
  const failure = error ? null : failedCheck(found, deployment, { plan, seen });
  return { ...found, failure, error };
}
