import { retryRead } from '../../http/retry.ts';
import type { ApplicationClient } from '../../nodion/client.ts';
import { assertNotStale } from '../../nodion/deployments.ts';
import type { Deployment, DeploymentList } from '../../nodion/responses.ts';
import { type InterruptReason, withLimit } from '../../time/deadline.ts';
import { CANCELLED_LOOK_MS } from '../../time/step-clock.ts';

/** Which list is no old one: one that has `earlier`, as it was seen before, or later; null: any. */
export interface LookOptions {
  readonly earlier: Deployment | null;
  readonly signal: AbortSignal;
}

/**
 * Reads the deployments once, whatever holds the gate.
 * @throws NodionError, also for an old list; Interrupted.
 */
export async function look(
  application: ApplicationClient,
  { earlier, signal }: LookOptions,
): Promise<DeploymentList> {
  const list = await application.deployments({
    ...{ signal, lane: 'urgent', isFresh: true },
    only: earlier?.id ?? null,
  });
  if (earlier) assertNotStale(earlier, list.deployments);
  return list;
}

/** The same when `signal` has ended what was done: within 1.5 s of a cancellation, 0.8 s of a timeout. */
export async function lookAtEnd(
  application: ApplicationClient,
  { earlier, signal }: LookOptions,
): Promise<DeploymentList> {
  if (signal.reason !== ('cancelled' satisfies InterruptReason)) {
    return await look(application, { earlier, signal });
  }
  return await lookBriefly(application, { earlier, signal: new AbortController().signal });
}

/** The same within 1.5 s, and once more after a hiccup, since the step has ended for this application. */
export async function lookBriefly(
  application: ApplicationClient,
  { earlier, signal }: LookOptions,
): Promise<DeploymentList> {
  return await withLimit(signal, CANCELLED_LOOK_MS, (limited) =>
    retryRead(() => look(application, { earlier, signal: limited }), {
      signal: limited,
      onRetry: () => {},
    }),
  );
}
