import type { ApplicationClient } from '../nodion/client.ts';
import { NodionError } from '../nodion/errors.ts';
import type { Deployment } from '../nodion/responses.ts';
import { type Retry, retryRead } from '../nodion/retry.ts';
import { isTimeout, sleep } from '../time/deadline.ts';
import { highestNumber, isFinal } from './select-deployment.ts';

const FIRST_POLL_MS = 1_000;

/** How the wait for a deployment ended. */
export interface Outcome {
  readonly kind: 'available' | 'failed' | 'expired' | 'timed_out';
  /** The deployment as it was last seen. */
  readonly deployment: Deployment;
  /** The number of the newest deployment after it; null when there is none. */
  readonly supersededBy: number | null;
  /** When timed out: what the last poll failed with; null when it succeeded. */
  readonly lastError: Error | null;
}

/** What happens while a deployment is waited for. */
export type WaitEvent =
  | { readonly kind: 'retry'; readonly retry: Retry }
  | { readonly kind: 'status'; readonly deployment: Deployment }
  /** A newer deployment of the same application has appeared. */
  | { readonly kind: 'newer-deployment'; readonly number: number };

/**
 * Polls the application's deployments until this one is final: soon after the start, then every
 * `pollIntervalMs` with jitter, once more at the timeout. Failed polls are retried, see retryRead().
 *
 * @throws NodionError when Nodion refuses a poll, Interrupted when the workflow is cancelled.
 */
export async function waitForDeployment(options: {
  application: ApplicationClient;
  deployment: Deployment;
  pollIntervalMs: number;
  signal: AbortSignal;
  onEvent: (event: WaitEvent) => void;
}): Promise<Outcome> {
  const { application, pollIntervalMs, signal, onEvent } = options;
  let { deployment } = options;
  let supersededBy: number | null = null;

  async function poll(): Promise<void> {
    const deployments = await application.deployments(signal);
    const seen = deployments.find(({ id }) => id === deployment.id);
    if (!seen) {
      throw new NodionError(`Deployment #${deployment.deploy_number} is missing from the list`, {
        retryable: true,
      });
    }
    const newest = highestNumber(deployments);
    if (newest > Math.max(seen.deploy_number, supersededBy ?? 0)) {
      supersededBy = newest;
      onEvent({ kind: 'newer-deployment', number: newest });
    }
    const changed = seen.status !== deployment.status;
    deployment = seen;
    if (changed) onEvent({ kind: 'status', deployment });
  }

  const onRetry = (retry: Retry) => onEvent({ kind: 'retry', retry });
  const ended = (kind: Outcome['kind'], lastError: Error | null = null): Outcome => ({
    kind,
    deployment,
    supersededBy,
    lastError,
  });
  try {
    let pauseMs = Math.min(FIRST_POLL_MS, pollIntervalMs) * jitter(0.5);
    while (!isFinal(deployment)) {
      const timedOut = await sleep(pauseMs, signal).then(() => false, requireTimeout);
      await retryRead(poll, { signal, onRetry });
      if (timedOut && !isFinal(deployment)) return ended('timed_out');
      pauseMs = pollIntervalMs * jitter(0.2);
    }
    return ended(deployment.status as Outcome['kind']);
  } catch (error) {
    if (isTimeout(error)) return ended('timed_out', error.lastError);
    throw error;
  }
}

/** A factor around 1: so that the jobs of a matrix don't poll in step. */
function jitter(width: number): number {
  return 1 + (Math.random() - 0.5) * width;
}

function requireTimeout(error: unknown): true {
  if (isTimeout(error)) return true;
  throw error;
}
