import type { Deployment, LogLine, NodionClient } from './nodion-client.ts';
import { retryRead } from './retry.ts';

/**
 * The last `count` lines of the application's runtime log since the deployment was triggered, oldest first.
 * @throws NodionError or Interrupted when they can't be had.
 */
export async function readLogTail(options: {
  client: NodionClient;
  applicationId: string;
  deployment: Deployment;
  /** The local time of the trigger in epoch milliseconds, where Nodion's own can't be read. */
  triggeredAt: number;
  count: number;
  signal: AbortSignal;
}): Promise<LogLine[]> {
  const { client, applicationId, deployment, triggeredAt, count, signal } = options;
  const createdAt = Date.parse(deployment.created_at ?? '');
  const since = new Date(Number.isNaN(createdAt) ? triggeredAt : createdAt).toISOString();
  const lines = await retryRead(() => client.listLogLines(applicationId, since, signal), {
    signal,
    onHiccup: () => {},
  });
  return lines.slice(-count);
}
