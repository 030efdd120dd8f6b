import type { ApplicationClient } from '../nodion/client.ts';
import { postOnce } from '../nodion/post-once.ts';
import type { Deployment } from '../nodion/responses.ts';
import { type Retry, retryRead } from '../nodion/retry.ts';
import { findLostDeployment } from './select-deployment.ts';

/** What happens while a deployment is triggered. */
export type TriggerEvent =
  | { readonly kind: 'retry'; readonly retry: Retry }
  /** The trigger was not answered as documented: its deployment is searched for before it is repeated. */
  | { readonly kind: 'trigger-unanswered'; readonly error: Error }
  | { readonly kind: 'trigger-repeated'; readonly attempt: number };

/**
 * Triggers one deployment, and never a second one: see postOnce() for what happens when the answer is lost.
 *
 * @param options.imageTag the tag to deploy; null for the latest commit or the default tag.
 * @param options.notedNumber the highest `deploy_number` before the trigger; null when it could not be read.
 * @returns the deployment, and whether it was `recovered`: found after its answer was lost.
 * @throws NodionError, Interrupted or UnknownOutcome, as postOnce().
 */
export async function triggerDeployment(options: {
  application: ApplicationClient;
  imageTag: string | null;
  notedNumber: number | null;
  signal: AbortSignal;
  onEvent: (event: TriggerEvent) => void;
}): Promise<{ deployment: Deployment; recovered: boolean }> {
  const { application, imageTag, notedNumber, signal, onEvent } = options;
  const findLost = async (number: number) => {
    const deployments = await retryRead(() => application.deployments(signal), {
      signal,
      onRetry: (retry) => onEvent({ kind: 'retry', retry }),
    });
    return findLostDeployment(deployments, { notedNumber: number, imageTag });
  };
  const { result, found } = await postOnce({
    post: () => application.trigger(imageTag, signal),
    find: notedNumber === null ? null : () => findLost(notedNumber),
    signal,
    onUnknownOutcome: (error) => onEvent({ kind: 'trigger-unanswered', error }),
    onRepeat: (attempt) => onEvent({ kind: 'trigger-repeated', attempt }),
  });
  return { deployment: result, recovered: found };
}
