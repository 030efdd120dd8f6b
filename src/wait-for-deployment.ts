import { Interrupted, sleep } from './deadline.ts';
import { highestNumber, isFinal } from './find-deployment.ts';
import { type Deployment, type NodionClient, NodionError } from './nodion-client.ts';
import type { Report } from './progress.ts';
import { type Hiccup, retryRead } from './retry.ts';

const FIRST_LOOK_MS = 1_000;

/** How the wait for a deployment ended. */
export interface Outcome {
  readonly kind: 'available' | 'failed' | 'expired' | 'timed-out';
  /** The deployment as it was last seen. */
  readonly deployment: Deployment;
  /** The number of the newest deployment after it; null when there is none. */
  readonly overtakenBy: number | null;
  /** When timed out: what the last look failed with; null when it succeeded. */
  readonly lastError: Error | null;
}

/**
 * Looks at the application's deployments until this one is final: soon after the start, then every
 * `pollIntervalMs` with jitter, once more at the time-out. Failed looks are retried, see retryRead().
 *
 * @throws NodionError when Nodion refuses a look, Interrupted when the workflow is cancelled.
 */
export async function waitForDeployment(options: {
  client: NodionClient;
  applicationId: string;
  deployment: Deployment;
  pollIntervalMs: number;
  signal: AbortSignal;
  report: Report;
}): Promise<Outcome> {
  const { client, applicationId, pollIntervalMs, signal, report } = options;
  let { deployment } = options;
  let overtakenBy: number | null = null;

  async function look(): Promise<void> {
    const deployments = await client.listDeployments(applicationId, signal);
    const seen = deployments.find(({ id }) => id === deployment.id);
    if (!seen) {
      throw new NodionError(`Deployment #${deployment.deploy_number} is missing from the list`, {
        retryable: true,
      });
    }
    const newest = highestNumber(deployments);
    if (newest > Math.max(seen.deploy_number, overtakenBy ?? 0)) {
      overtakenBy = newest;
      report({ kind: 'overtaken', by: newest });
    }
    const changed = seen.status !== deployment.status;
    deployment = seen;
    if (changed) report({ kind: 'status', deployment });
  }

  const onHiccup = (hiccup: Hiccup) => report({ kind: 'hiccup', hiccup });
  const ended = (kind: Outcome['kind'], lastError: Error | null = null): Outcome => ({
    kind,
    deployment,
    overtakenBy,
    lastError,
  });
  try {
    let pauseMs = Math.min(FIRST_LOOK_MS, pollIntervalMs) * jitter(0.5);
    while (!isFinal(deployment)) {
      const timedOut = await sleep(pauseMs, signal).then(() => false, isTimeOut);
      await retryRead(look, { signal, onHiccup });
      if (timedOut && !isFinal(deployment)) return ended('timed-out');
      pauseMs = pollIntervalMs * jitter(0.2);
    }
    return ended(deployment.status as Outcome['kind']);
  } catch (error) {
    if (error instanceof Interrupted && error.reason === 'timed-out') {
      return ended('timed-out', error.lastError);
    }
    throw error;
  }
}

/** A factor around 1: so that the jobs of a matrix don't beat in step. */
function jitter(width: number): number {
  return 1 + (Math.random() - 0.5) * width;
}

function isTimeOut(error: unknown): true {
  if (error instanceof Interrupted && error.reason === 'timed-out') return true;
  throw error;
}
