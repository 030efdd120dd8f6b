import type { ApplicationClient } from '../nodion/client.ts';
import { NodionError } from '../nodion/errors.ts';
import type { Application, Deployment, Instance } from '../nodion/responses.ts';
import { type Retry, retryRead } from '../nodion/retry.ts';
import { isTimeout, sleep } from '../time/deadline.ts';

/** How often the instances endpoint, which not every key or gateway has, may fail before it is left out. */
const INSTANCES_TRIES = 5;

/** How far a deployment has got to every part of its application. */
export interface Rollout {
  /** What is not as it should be yet, a phrase each; empty when the rollout is complete. */
  readonly missing: readonly string[];
  /** Online instances of this deployment, and of any; null when the instances can't be had. */
  readonly instances: { readonly current: number; readonly online: number } | null;
  /** The number of a newer deployment that an instance runs already; null when there is none. */
  readonly supersededBy: number | null;
}

/** What happens while a rollout is verified. */
export type RolloutEvent =
  | { readonly kind: 'retry'; readonly retry: Retry }
  | { readonly kind: 'rollout'; readonly rollout: Rollout }
  /** The instances can't be read, so they are left out of the check. */
  | { readonly kind: 'no-instances'; readonly error: Error };

/**
 * Polls the application every `pollIntervalMs` until it is `online`, its workers are `available`
 * and all its online instances (one at least) run `deployment`. Ends early when a newer deployment is
 * running, and at the timeout: `missing` then names what is not as it should be.
 *
 * @throws NodionError when Nodion refuses to show the application, Interrupted when the workflow is cancelled.
 */
export async function verifyRollout(options: {
  application: ApplicationClient;
  deployment: Deployment;
  pollIntervalMs: number;
  signal: AbortSignal;
  onEvent: (event: RolloutEvent) => void;
}): Promise<Rollout> {
  const { application, deployment, pollIntervalMs, signal, onEvent } = options;
  const instances = instancesOf(options);
  let lastSeen: Application | null = null;
  let rollout: Rollout = {
    missing: ['the application could not be looked at'],
    instances: null,
    supersededBy: null,
  };

  async function readApplication(): Promise<Application> {
    lastSeen = await retryRead(() => application.get(signal), {
      signal,
      onRetry: (retry) => onEvent({ kind: 'retry', retry }),
    });
    return lastSeen;
  }

  try {
    for (;;) {
      const [seen, listed] = await Promise.all([readApplication(), instances.list()]);
      rollout = assess(seen, listed, deployment);
      onEvent({ kind: 'rollout', rollout });
      if (rollout.missing.length === 0 || rollout.supersededBy !== null) return rollout;
      await sleep(Math.max(pollIntervalMs, instances.retryAfterMs()), signal);
    }
  } catch (error) {
    if (!isTimeout(error)) throw error;
    const isOutdated = instances.giveUpIfNeverRead();
    return isOutdated && lastSeen ? assess(lastSeen, null, deployment) : rollout;
  }
}

/** The instances, as far as they can be had: null from the moment on when it is clear that they can't. */
function instancesOf(options: Parameters<typeof verifyRollout>[0]) {
  const { application, signal, onEvent, pollIntervalMs } = options;
  let failures = 0;
  let isSettled = false;
  let isGivenUp = false;
  let lastError = new NodionError('The instances: no answer in time', { retryable: true });

  function giveUp(): null {
    isSettled = true;
    isGivenUp = true;
    onEvent({ kind: 'no-instances', error: lastError });
    return null;
  }

  return {
    /** `unread` when they may be had the next time. */
    async list(): Promise<Instance[] | null | 'unread'> {
      if (isGivenUp) return null;
      try {
        const instances = await application.instances(signal);
        isSettled = true;
        failures = 0;
        return instances;
      } catch (error) {
        if (!(error instanceof NodionError)) throw error;
        lastError = error;
        failures += 1;
        if (!error.retryable || (!isSettled && failures === INSTANCES_TRIES)) return giveUp();
        const retryInMs = Math.max(pollIntervalMs, error.retryAfterMs);
        onEvent({ kind: 'retry', retry: { error, retryInMs } });
        return 'unread';
      }
    },

    retryAfterMs: () => (failures > 0 ? lastError.retryAfterMs : 0),

    /** At the timeout: what never could be read is not held against the deployment. */
    giveUpIfNeverRead(): boolean {
      if (isSettled) return false;
      giveUp();
      return true;
    },
  };
}

function assess(
  application: Application,
  instances: readonly Instance[] | null | 'unread',
  deployment: Deployment,
): Rollout {
  const missing: string[] = [];
  if (application.status !== 'online')
    missing.push(`the application is ${application.status ?? 'of no status'}`);
  for (const { name, status } of application.workers) {
    if (status !== 'available') missing.push(`worker ${name} is ${status ?? 'of no status'}`);
  }
  if (instances === 'unread') missing.push('its instances could not be read');
  if (instances === null || instances === 'unread') {
    return { missing, instances: null, supersededBy: null };
  }

  const online = instances.filter(({ status }) => status === 'online');
  if (online.length === 0) missing.push('no instance is online');
  const others = online.filter((instance) => instance.deployment?.id !== deployment.id);
  for (const { name, deployment: other } of others) {
    missing.push(
      `instance ${name} runs ${other?.deploy_number ? `#${other.deploy_number}` : 'another deployment'}`,
    );
  }
  const newest = Math.max(0, ...others.map((instance) => instance.deployment?.deploy_number ?? 0));
  return {
    missing,
    instances: { current: online.length - others.length, online: online.length },
    supersededBy: newest > deployment.deploy_number ? newest : null,
  };
}
