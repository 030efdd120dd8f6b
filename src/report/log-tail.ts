import type { ApplicationClient } from '../nodion/client.ts';
import type { Deployment, LogLine } from '../nodion/responses.ts';
import { retryRead } from '../nodion/retry.ts';

/**
 * The last `count` lines of the application's runtime log since the deployment was triggered, oldest first.
 * @throws NodionError or Interrupted when they can't be read.
 */
export async function readLogTail(options: {
  application: ApplicationClient;
  deployment: Deployment;
  /** The local time of the trigger in epoch milliseconds, where Nodion's own can't be read. */
  triggeredAt: number;
  count: number;
  signal: AbortSignal;
}): Promise<LogLine[]> {
  const { application, deployment, triggeredAt, count, signal } = options;
  const createdAt = Date.parse(deployment.created_at ?? '');
  const since = new Date(Number.isNaN(createdAt) ? triggeredAt : createdAt).toISOString();
  const lines = await retryRead(() => application.logs(since, signal), {
    signal,
    onRetry: () => {},
  });
  return lines.slice(-count);
}
