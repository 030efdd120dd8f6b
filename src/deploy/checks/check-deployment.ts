import { retryRead } from '../../http/retry.ts';
import type { SendRequest } from '../../http/transport.ts';
import type { ApplicationClient } from '../../nodion/client.ts';
import type { Deployment, DeploymentList } from '../../nodion/responses.ts';
import { joined } from '../../runner/sentence.ts';
import { type InterruptReason, withLimit } from '../../time/deadline.ts';
import { LOOK_AGAIN_MS } from '../../time/step-clock.ts';
import type { DeployPlan } from '../plan/deploy-plan.ts';
import { checkHealth, type Health, type HealthEvent } from './check-health.ts';
import { look, lookAtEnd } from './look-at-end.ts';
import { createHealthProbe } from './probe-health.ts';
import { type Rollout, type RolloutEvent, readRollout, verifyRollout } from './verify-rollout.ts';
import {
  type Check,
  type Stability,
  type StabilityEvent,
  watchStability,
} from './watch-stability.ts';

/** What the checks of a live deployment came to. Null: not asked for, or it did not come to that. */
export interface Checks {
  readonly rollout: Rollout | null;
  readonly health: Health | null;
  readonly stability: Stability | null;
  /** The deployments, read once more at the end; null where that failed. */
  readonly listAtEnd: DeploymentList | null;
  /** When the last check was over (`performance.now()`). */
  readonly endedAtMs: number;
  /** What ended them early; null for nothing. */
  readonly error: unknown;
}

/** What happens while a live deployment is checked. */
export type CheckEvent =
  | RolloutEvent
  | HealthEvent
  | StabilityEvent
  | { readonly kind: 'reached'; readonly milestone: 'rolled out' | 'healthy' | 'stable' };

/**
 * Checks what the plan asks for, of a deployment just seen live, one after the other, as far as each ends
 * well: the rollout, the health at `healthUrl` (null: not asked), and for how long both last. Never throws.
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
  let found: Pick<Checks, 'rollout' | 'health' | 'stability'> = {
    rollout: null,
    health: null,
    stability: null,
  };
  const lasting: Check[] = [];
  const liveSinceMs = performance.now();

  async function check(): Promise<void> {
    if (isRolloutAsked) {
      const following = { application, deployment, onEvent };
      const rollout = await verifyRollout(plan, { ...following, signal });
      found = { ...found, rollout };
      if (!rollout.isComplete) return;
      onEvent({ kind: 'reached', milestone: 'rolled out' });
      lasting.push({
        kind: 'rollout',
        probe: async (followed) => {
          const now = await readRollout({ ...following, signal: followed });
          const phrase = joined(now.missing, '; ');
          if (now.isComplete) return { verdict: 'good', phrase, trouble: null, isProof: false };
          const isProof = now.missing.length > now.unproven;
          return { verdict: isProof ? 'bad' : 'unknown', phrase, trouble: 'application', isProof };
        },
      });
    }
    if (healthPlan && url !== null) {
      const probe = createHealthProbe({ url, text: healthPlan.text, liveSinceMs }, transport);
      const health = await checkHealth({ ...plan, health: healthPlan }, { probe, signal, onEvent });
      found = { ...found, health };
      if (!health.isHealthy) return;
      onEvent({ kind: 'reached', milestone: 'healthy' });
      lasting.push({ kind: 'health', probe: probe.probe });
    }
    if (stableForMs > 0) {
      const stability = await watchStability(plan, { checks: lasting, signal, onEvent });
      found = { ...found, stability };
      if (stability.isStable) onEvent({ kind: 'reached', milestone: 'stable' });
    }
  }

  /** While it was checked, others may have deployed. */
  async function lookAgain(): Promise<DeploymentList> {
    if (signal.aborted) return await lookAtEnd(application, { earlier: deployment, signal });
    return await withLimit(signal, LOOK_AGAIN_MS, (limited) =>
      retryRead(() => look(application, { earlier: deployment, signal: limited }), {
        signal: limited,
        onRetry: () => {},
      }),
    );
  }

  // At the timeout it takes place beside the last look at the rollout: both have a second.
  let atTimeout: Promise<DeploymentList> | null = null;
  const lookAtTimeout = () => {
    if (signal.reason !== ('timed_out' satisfies InterruptReason)) return;
    atTimeout = look(application, { earlier: deployment, signal });
    atTimeout.catch(() => {});
  };

  signal.addEventListener('abort', lookAtTimeout);
  const error = await check().then(
    () => null,
    (reason: unknown) => reason,
  );
  const endedAtMs = performance.now();
  const listAtEnd = await (atTimeout ?? lookAgain()).catch(() => atTimeout).catch(() => null);
  signal.removeEventListener('abort', lookAtTimeout);
  return { ...found, listAtEnd, endedAtMs, error };
}
