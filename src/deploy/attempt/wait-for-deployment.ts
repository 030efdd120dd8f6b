import { type Retry, retryRead } from '../../http/retry.ts';
import type { ApplicationClient, ReadOptions } from '../../nodion/client.ts';
import { isFinal, missingFromList, newest } from '../../nodion/deployments.ts';
import { UNANSWERED } from '../../nodion/errors.ts';
import { DEPLOYMENTS_KEPT, type Deployment, type DeploymentList } from '../../nodion/responses.ts';
import { Interrupted, isTimeout, sleep } from '../../time/deadline.ts';
import { FIRST_POLL_MS, SEEN_NOW_MS } from '../../time/step-clock.ts';
import type { DeployPlan } from '../plan/deploy-plan.ts';
import { findReusableDeployment } from './find-reusable.ts';
import { mayBeOfTag } from './revision.ts';
import type { Triggered } from './trigger-deployment.ts';

/** So many numbers are looked for, one more than are named. */
const MOST_NUMBERS = 6;

/** How the wait for a deployment ended. */
export interface Outcome {
  readonly kind: 'available' | 'failed' | 'expired' | 'timed_out';
  /** The deployment as it was last seen. */
  readonly deployment: Deployment;
  /** The newest deployment after it; null when there is none. */
  readonly newer: Deployment | null;
  /**
   * When timed out and the last look failed: what failed before it (null: nothing did), and how old the sight
   * of the deployment is. Null when it succeeded.
   */
  readonly lastLook: { readonly error: Error | null; readonly lastSeenMs: number } | null;
}

/** What happens while a deployment is waited for. */
export type WaitEvent =
  | { readonly kind: 'retry'; readonly retry: Retry }
  /** The deployments have been read. */
  | { readonly kind: 'seen'; readonly list: DeploymentList }
  | { readonly kind: 'status'; readonly deployment: Deployment }
  /** Ours expired, and this newer one is of the same commit or tag: it is followed (`reuse_existing`). */
  | { readonly kind: 'successor'; readonly deployment: Deployment }
  /** A newer deployment of the same application has appeared. */
  | { readonly kind: 'newer-deployment'; readonly number: number }
  /** Below ours there are others that the list from just before the trigger did not have. */
  | { readonly kind: 'overtaken'; readonly deployments: readonly Deployment[] }
  /** Numbers between that list's highest and ours of which nothing was ever listed. */
  | { readonly kind: 'unlisted'; readonly numbers: readonly number[] }
  /** A trigger that was repeated may have been carried out more than once after all. */
  | { readonly kind: 'late-duplicate'; readonly numbers: readonly number[] };

/**
 * Polls the application's deployments until this one is final: soon after the start, then every
 * `pollIntervalMs` with jitter, and once more at the timeout, whatever is being waited for then. Failed
 * polls are retried, see retryRead().
 *
 * @throws NodionError when Nodion refuses a poll, Interrupted when the workflow is cancelled.
 */
export async function waitForDeployment(
  plan: Pick<DeployPlan, 'pollIntervalMs' | 'match' | 'reuseExisting'>,
  options: {
    application: ApplicationClient;
    triggered: Triggered;
    signal: AbortSignal;
    onEvent: (event: WaitEvent) => void;
  },
): Promise<Outcome> {
  const { application, triggered, signal, onEvent } = options;
  const { pollIntervalMs } = plan;
  let { deployment } = triggered;
  let newer: Deployment | null = null;
  let lastSeenAtMs = performance.now();
  let isDuplicateReported = false;
  let isOvertakenReported = false;
  let hasBeenListed = false;
  let listed: readonly Deployment[] = [];

  async function poll(reading: Omit<ReadOptions, 'signal'>): Promise<void> {
    const list = await application.deployments({
      // A cache may still hold the list from before the deployment.
      isFresh: !hasBeenListed,
      lane: 'poll',
      ...reading,
      signal,
      only: deployment.id,
    });
    const { deployments } = list;
    const seen = deployments.find(({ id }) => id === deployment.id);
    if (!seen) throw missingFromList(deployment.deploy_number);
    hasBeenListed = true;
    listed = deployments;
    lastSeenAtMs = list.answeredAtMs;
    onEvent({ kind: 'seen', list });
    reportNewer(deployments, seen);
    reportDuplicates(deployments);
    reportOvertaken(deployments);
    const changed = seen.status !== deployment.status;
    deployment = seen;
    if (changed) onEvent({ kind: 'status', deployment });
    const successor =
      plan.reuseExisting && seen.status === 'expired'
        ? findReusableDeployment(deployments, plan.match)
        : null;
    if (successor && successor.deploy_number > seen.deploy_number) {
      deployment = successor;
      newer = null;
      onEvent({ kind: 'successor', deployment });
    }
  }

  function reportNewer(deployments: readonly Deployment[], seen: Deployment): void {
    const newestNow = newest(deployments);
    // Ours may have a lower number than one that was there before.
    const highest = Math.max(seen.deploy_number, triggered.notedNumber ?? 0);
    if (!newestNow || newestNow.deploy_number <= highest) return;
    const isNews = newestNow.id !== newer?.id;
    newer = newestNow;
    if (isNews && !isFinal(seen))
      onEvent({ kind: 'newer-deployment', number: newestNow.deploy_number });
  }

  function reportDuplicates(deployments: readonly Deployment[]): void {
    const { notedNumber, wasRepeated } = triggered;
    if (!wasRepeated || notedNumber === null || isDuplicateReported) return;
    const numbers = deployments
      .filter((one) => one.id === deployment.id || mayBeOfTag(one, plan.match.imageTag))
      .map(({ deploy_number }) => deploy_number)
      .filter((number) => number > notedNumber);
    if (numbers.length < 2) return;
    isDuplicateReported = true;
    onEvent({ kind: 'late-duplicate', numbers: numbers.sort((a, b) => a - b) });
  }

  function reportOvertaken(deployments: readonly Deployment[]): void {
    const { origin, notedNumber, known, deployment: ours } = triggered;
    if (origin === 'reused' || notedNumber === null || isOvertakenReported) return;
    const overtaken = deployments.filter(
      ({ id, deploy_number: number }) =>
        number > notedNumber && number < ours.deploy_number && !known.has(id),
    );
    if (overtaken.length === 0) return;
    isOvertakenReported = true;
    onEvent({ kind: 'overtaken', deployments: overtaken });
  }

  /** Nodion counts up by one: what is missing was made by somebody, too. */
  function reportUnlisted(): void {
    const { origin, notedNumber, deployment: ours } = triggered;
    if (origin === 'reused' || !notedNumber || !hasBeenListed) return;
    // Of a long list older ones are not held.
    const from = Math.max(notedNumber + 1, listed[DEPLOYMENTS_KEPT - 1]?.deploy_number ?? 0);
    const known = new Set(listed.map(({ deploy_number }) => deploy_number));
    const numbers: number[] = [];
    for (let number = from; number < ours.deploy_number; number += 1) {
      if (!known.has(number)) numbers.push(number);
      if (numbers.length === MOST_NUMBERS) break;
    }
    if (numbers.length > 0) onEvent({ kind: 'unlisted', numbers });
  }

  const onRetry = (retry: Retry) => onEvent({ kind: 'retry', retry });
  reportOvertaken(triggered.foundIn);
  try {
    let pauseMs = Math.min(FIRST_POLL_MS, pollIntervalMs) * jitter(0.5);
    while (!isFinal(deployment)) {
      await sleep(pauseMs, signal);
      await retryRead(() => poll({}), { signal, onRetry });
      pauseMs = pollIntervalMs * jitter(0.2);
    }
    application.hastenPolls();
  } catch (error) {
    if (!isTimeout(error)) throw error;
    const lastSeenMs = performance.now() - lastSeenAtMs;
    const failure = await poll({ lane: 'urgent', isFresh: true }).then(
      () => null,
      (reason: Error) => (reason instanceof Interrupted ? UNANSWERED : reason),
    );
    if (!isFinal(deployment)) {
      const isUnseen = failure && lastSeenMs > SEEN_NOW_MS;
      // Without an answer by its own short limit it may just have waited for its turn among many.
      const isUnanswered = failure === UNANSWERED;
      const cause = error.lastError ?? (isUnanswered ? null : failure);
      const lastLook = isUnseen ? { error: cause, lastSeenMs } : null;
      return { kind: 'timed_out', deployment, newer, lastLook };
    }
  }
  reportUnlisted();
  const kind = deployment.status as Outcome['kind'];
  return { kind, deployment, newer, lastLook: null };
}

/** A factor around 1: so that the jobs of a matrix don't poll in step. */
function jitter(width: number): number {
  return 1 + (Math.random() - 0.5) * width;
}
