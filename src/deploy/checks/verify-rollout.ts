import { type Retry, retryRead } from '../../http/retry.ts';
import type { ApplicationClient } from '../../nodion/client.ts';
import { replacementOf } from '../../nodion/deployments.ts';
import { NodionError, UNANSWERED } from '../../nodion/errors.ts';
import { type Instance, toInstance } from '../../nodion/instances.ts';
import type { Application, Deployment, DeploymentList } from '../../nodion/responses.ts';
import { type Sentence, sentence } from '../../runner/sentence.ts';
import { isTimeout, sleep } from '../../time/deadline.ts';
import type { DeployPlan } from '../plan/deploy-plan.ts';

/** So often in a row a rollout must be seen complete. */
const COMPLETE_TIMES = 2;

/** How far a deployment has got to every part of its application. */
export interface Rollout {
  /** Whether it has got to all of them. */
  readonly isComplete: boolean;
  /** What is not as it should be yet, a phrase each; empty when the rollout is complete. */
  readonly missing: readonly Sentence[];
  /** How many of these prove nothing: what has no status, or does not say which deployment it runs, by its number. */
  readonly unproven: number;
  /** Online instances of this deployment, and of any; null when they could not be read. */
  readonly instances: { readonly current: number; readonly online: number } | null;
  /** The highest number of a newer deployment that an instance runs already; null when none does. */
  readonly newer: number | null;
  /** The number of the newer deployment that has gone live meanwhile; null when none has. */
  readonly supersededBy: number | null;
  /** Why it could not be read at the end; null when it could. */
  readonly readError: Error | null;
}

/** What happens while a rollout is verified. */
export type RolloutEvent =
  | { readonly kind: 'retry'; readonly retry: Retry }
  /** The deployments have been read, since an instance runs a newer one. */
  | { readonly kind: 'seen'; readonly list: DeploymentList }
  | { readonly kind: 'rollout'; readonly rollout: Rollout };

/**
 * Polls the application every `pollIntervalMs` until, twice in a row, it is `online`, its workers are
 * `available`, and all its online instances run `deployment`. Ends early when a newer deployment, which
 * an instance runs, is live. At the timeout one last look counts by itself: `missing` then names what is not as it should
 * be, also what can't be read.
 *
 * @throws NodionError when Nodion refuses to show the application or its instances, Interrupted when
 *   the workflow is cancelled.
 */
export async function verifyRollout(
  { pollIntervalMs }: Pick<DeployPlan, 'pollIntervalMs'>,
  options: {
    application: ApplicationClient;
    deployment: Deployment;
    signal: AbortSignal;
    onEvent: (event: RolloutEvent) => void;
  },
): Promise<Rollout> {
  const { application, deployment, signal, onEvent } = options;
  let last: Rollout = {
    ...{ isComplete: false, missing: [], unproven: 0 },
    ...{ instances: null, newer: null, supersededBy: null, readError: null },
  };
  try {
    for (let complete = 0; ; ) {
      last = await readRollout(options);
      complete = last.isComplete ? complete + 1 : 0;
      if (complete === COMPLETE_TIMES) return last;
      const supersededBy = last.newer === null ? null : await findReplacement(options);
      if (supersededBy !== null) return { ...last, supersededBy };
      await sleep(pollIntervalMs, signal);
    }
  } catch (error) {
    if (!isTimeout(error)) throw error;
    const looking = { signal, lane: 'urgent', isFresh: true } as const;
    try {
      const seen = await Promise.all([
        application.get(looking),
        application.instances(toInstance, looking),
      ]);
      const rollout = assessRollout(...seen, deployment);
      onEvent({ kind: 'rollout', rollout });
      return rollout;
    } catch (reason) {
      const failure = reason instanceof NodionError ? reason : UNANSWERED;
      return { ...last, isComplete: false, readError: error.lastError ?? failure };
    }
  }
}

/** The newer deployment that is live by the list: what only an instance runs may still fail, or have failed. */
async function findReplacement({
  application,
  deployment,
  signal,
  onEvent,
}: {
  application: ApplicationClient;
  deployment: Deployment;
  signal: AbortSignal;
  onEvent: (event: RolloutEvent) => void;
}): Promise<number | null> {
  const list = await retryRead(
    () => application.deployments({ signal, lane: 'poll', isFresh: true, only: deployment.id }),
    { signal, onRetry: (retry: Retry) => onEvent({ kind: 'retry', retry }) },
  );
  onEvent({ kind: 'seen', list });
  return replacementOf(deployment, list.deployments);
}

/**
 * How far the deployment has got by now; failed reads are retried.
 * @throws as verifyRollout(), and Interrupted also at the timeout.
 */
export async function readRollout(options: {
  application: ApplicationClient;
  deployment: Deployment;
  signal: AbortSignal;
  onEvent: (event: RolloutEvent) => void;
}): Promise<Rollout> {
  const { application, deployment, signal, onEvent } = options;
  const retrying = { signal, onRetry: (retry: Retry) => onEvent({ kind: 'retry', retry }) };
  const [seen, instances] = await Promise.all([
    retryRead(() => application.get({ signal, lane: 'poll' }), retrying),
    retryRead(() => application.instances(toInstance, { signal, lane: 'poll' }), retrying),
  ]);
  const rollout = assessRollout(seen, instances, deployment);
  onEvent({ kind: 'rollout', rollout });
  return rollout;
}

function assessRollout(
  application: Application,
  instances: readonly Instance[],
  deployment: Deployment,
): Rollout {
  const missing: Sentence[] = [];
  let unproven = 0;
  if (application.status !== 'online') {
    missing.push(sentence`the application is ${quoted(application.status)}`);
    if (application.status === null) unproven += 1;
  }
  if (application.workers === null) {
    missing.push(sentence`its workers can't be read`);
    unproven += 1;
  }
  for (const { name, status, instance_amount } of application.workers ?? []) {
    if (status !== 'available' && instance_amount !== 0) {
      missing.push(sentence`worker ${name} is ${quoted(status)}`);
      if (status === null) unproven += 1;
    }
  }

  const online = instances.filter(({ status }) => status === 'online');
  if (online.length === 0 && application.instance_amount !== 0) {
    missing.push(sentence`no instance is online`);
  }
  const others = online.filter((instance) => instance.deployment?.id !== deployment.id);
  for (const { name, deployment: other } of others) {
    const number = other?.deploy_number;
    const what = number ? sentence`#${number}` : sentence`another deployment`;
    // One without a number may be newer.
    if (!number) unproven += 1;
    missing.push(
      other === null
        ? sentence`instance ${name} does not say which deployment it runs`
        : sentence`instance ${name} runs ${what}`,
    );
  }
  const newest = others.reduce(
    (highest, instance) => Math.max(highest, instance.deployment?.deploy_number ?? 0),
    0,
  );
  return {
    isComplete: missing.length === 0,
    missing,
    unproven,
    instances: { current: online.length - others.length, online: online.length },
    newer: newest > deployment.deploy_number ? newest : null,
    supersededBy: null,
    readError: null,
  };
}

function quoted(status: string | null): Sentence {
  return status === null ? sentence`of no status` : sentence`"${status}"`;
}
