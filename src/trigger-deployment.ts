import { findLostDeployment } from './find-deployment.ts';
import type { Deployment, NodionClient } from './nodion-client.ts';
import { postOnce } from './post-once.ts';
import type { Report } from './progress.ts';
import { retryRead } from './retry.ts';

/**
 * Triggers one deployment, and never a second one: see postOnce() for what happens when the answer is lost.
 *
 * @param options.imageTag the tag to deploy; null for the latest commit or the default tag.
 * @param options.notedNumber the highest `deploy_number` before the trigger; null when it could not be read.
 * @throws NodionError, Interrupted or LostAnswer, as postOnce().
 */
export async function triggerDeployment(options: {
  client: NodionClient;
  applicationId: string;
  imageTag: string | null;
  notedNumber: number | null;
  signal: AbortSignal;
  report: Report;
}): Promise<Deployment> {
  const { client, applicationId, imageTag, notedNumber, signal, report } = options;
  const findLost = async (number: number) => {
    const deployments = await retryRead(() => client.listDeployments(applicationId, signal), {
      signal,
      onHiccup: (hiccup) => report({ kind: 'hiccup', hiccup }),
    });
    return findLostDeployment(deployments, { notedNumber: number, imageTag });
  };
  const { result, found } = await postOnce({
    post: () => client.triggerDeployment(applicationId, imageTag, signal),
    find: notedNumber === null ? null : () => findLost(notedNumber),
    signal,
    onUnanswered: (error) => report({ kind: 'trigger-unanswered', error }),
    onRepeat: (attempt) => report({ kind: 'trigger-repeated', attempt }),
  });
  report({ kind: 'deployment', how: found ? 'adopted' : 'triggered', deployment: result });
  return result;
}
