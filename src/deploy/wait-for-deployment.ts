import type { ApplicationClient, ReadOptions } from '../nodion/client.ts';
import { NodionError } from '../nodion/errors.ts';
import type { Deployment } from '../nodion/responses.ts';
import { type Retry, retryRead } from '../nodion/retry.ts';
import { isTimeout, sleep } from '../time/deadline.ts';
import { highestNumber, isFinal } from './select-deployment.ts';
import type { Triggered } from './trigger-deployment.ts';

const FIRST_POLL_MS = 1_000;

/** How the wait for a deployment ended. */
export interface Outcome {
  readonly kind: 'available' | 'failed' | 'expired' | 'timed_out';
  /** The deployment as it was last seen. */
  readonly deployment: Deployment;
  /** The number of the newest deployment after it; null when there is none. */
  readonly supersededBy: number | null;
  /** When timed out: why the last look failed, and how old the sight of the deployment is; null when it succeeded. */
  readonly lastLook: { readonly error: Error; readonly lastSeenMs: number } | null;
}

/** What happens while a deployment is waited for. */
export type WaitEvent =
  | { readonly kind: 'retry'; readonly retry: Retry }
  | { readonly kind: 'status'; readonly deployment: Deployment }
  /** A newer deployment of the same application has appeared. */
  | { readonly kind: 'newer-deployment'; readonly number: number }
  /** A trigger that was repeated may have been carried out more than once after all. */
  | { readonly kind: 'late-duplicate'; readonly numbers: readonly number[] };

/**
 * Polls the application's deployments until this one is final: soon after the start, then every
 * `pollIntervalMs` with jitter, and once more at the timeout, whatever is being waited for then. Failed
 * polls are retried, see retryRead().
 *
 * @throws NodionError when Nodion refuses a poll, Interrupted when the workflow is cancelled.
 */
export async function waitForDeployment(options: {
  application: ApplicationClient;
  triggered: Triggered;
  pollIntervalMs: number;
  signal: AbortSignal;
  onEvent: (event: WaitEvent) => void;
}): Promise<Outcome> {
  const { application, triggered, pollIntervalMs, signal, onEvent } = options;
  let { deployment } = triggered;
  let supersededBy: number | null = null;
  let lastSeenAtMs = performance.now();
  let isDuplicateTold = false;

  async function poll(reading: Omit<ReadOptions, 'signal'>): Promise<void> {
    const list = await application.deployments({ ...reading, signal, only: deployment.id });
    const { deployments } = list;
    const seen = deployments.find(({ id }) => id === deployment.id);
    if (!seen) {
      throw new NodionError(`Deployment #${deployment.deploy_number} is missing from the list`, {
        retryable: true,
      });
    }
    lastSeenAtMs = list.answeredAtMs;
    const newest = highestNumber(deployments);
    if (newest > Math.max(seen.deploy_number, supersededBy ?? 0)) {
      supersededBy = newest;
      onEvent({ kind: 'newer-deployment', number: newest });
    }
    tellOfDuplicates(deployments);
    const changed = seen.status !== deployment.status;
    deployment = seen;
    if (changed) onEvent({ kind: 'status', deployment });
  }

  function tellOfDuplicates(deployments: readonly Deployment[]): void {
    const { notedNumber, wasRepeated } = triggered;
    if (!wasRepeated || notedNumber === null || isDuplicateTold) return;
    const numbers = deployments
      .map(({ deploy_number }) => deploy_number)
      .filter((number) => number > notedNumber);
    if (numbers.length < 2) return;
    isDuplicateTold = true;
    onEvent({ kind: 'late-duplicate', numbers: numbers.sort((a, b) => a - b) });
  }

  const onRetry = (retry: Retry) => onEvent({ kind: 'retry', retry });
  try {
    let pauseMs = Math.min(FIRST_POLL_MS, pollIntervalMs) * jitter(0.5);
    while (!isFinal(deployment)) {
      await sleep(pauseMs, signal);
      await retryRead(poll, { signal, onRetry });
      pauseMs = pollIntervalMs * jitter(0.2);
    }
  } catch (error) {
    if (!isTimeout(error)) throw error;
    const failure = await poll({ lane: 'urgent', isFresh: true }).then(
      () => null,
      (reason: Error) => reason,
    );
    if (!isFinal(deployment)) {
      const lastSeenMs = performance.now() - lastSeenAtMs;
      // The last look may have been cut off by its own short limit: what failed before says more.
      const lastLook = failure && { error: error.lastError ?? failure, lastSeenMs };
      return { kind: 'timed_out', deployment, supersededBy, lastLook };
    }
  }
  const kind = deployment.status as Outcome['kind'];
  return { kind, deployment, supersededBy, lastLook: null };
}

/** A factor around 1: so that the jobs of a matrix don't poll in step. */
function jitter(width: number): number {
  return 1 + (Math.random() - 0.5) * width;
}
