import { Interrupted, sleep } from './deadline.ts';
import {
  type Application,
  type Deployment,
  type Instance,
  type NodionClient,
  NodionError,
} from './nodion-client.ts';
import type { Report } from './progress.ts';
import { retryRead } from './retry.ts';

/** How often the instances endpoint, which not every key or gateway has, may fail before it is left out. */
const INSTANCES_TRIES = 5;

/** How far a deployment has got to every part of its application. */
export interface Rollout {
  /** What is not as it should be yet, a phrase each; empty when the rollout is complete. */
  readonly missing: readonly string[];
  /** Online instances of this deployment, and of any; null when the instances can't be had. */
  readonly instances: { readonly current: number; readonly online: number } | null;
  /** The number of a newer deployment that an instance runs already; null when there is none. */
  readonly overtakenBy: number | null;
}

/**
 * Looks at the application every `pollIntervalMs` until it is `online`, its workers are `available`
 * and all its online instances (one at least) run `deployment`. Ends early when a newer deployment is
 * running, and at the time-out: `missing` then names what is not as it should be.
 *
 * @throws NodionError when Nodion refuses to show the application, Interrupted when the workflow is cancelled.
 */
export async function verifyRollout(options: {
  client: NodionClient;
  applicationId: string;
  deployment: Deployment;
  pollIntervalMs: number;
  signal: AbortSignal;
  report: Report;
}): Promise<Rollout> {
  const { client, applicationId, deployment, pollIntervalMs, signal, report } = options;
  const instances = instancesOf(options);
  let application: Application | null = null;
  let rollout: Rollout = {
    missing: ['the application could not be looked at'],
    instances: null,
    overtakenBy: null,
  };

  async function readApplication(): Promise<Application> {
    application = await retryRead(() => client.getApplication(applicationId, signal), {
      signal,
      onHiccup: (hiccup) => report({ kind: 'hiccup', hiccup }),
    });
    return application;
  }

  try {
    for (;;) {
      const [seen, listed] = await Promise.all([readApplication(), instances.list()]);
      rollout = assess(seen, listed, deployment);
      report({ kind: 'rollout', rollout });
      if (rollout.missing.length === 0 || rollout.overtakenBy !== null) return rollout;
      await sleep(Math.max(pollIntervalMs, instances.retryAfterMs()), signal);
    }
  } catch (error) {
    if (!(error instanceof Interrupted) || error.reason !== 'timed-out') throw error;
    const isOutdated = instances.giveUpIfNeverRead();
    return isOutdated && application ? assess(application, null, deployment) : rollout;
  }
}

/** The instances, as far as they can be had: null from the moment on when it is clear that they can't. */
function instancesOf(options: Parameters<typeof verifyRollout>[0]) {
  const { client, applicationId, signal, report, pollIntervalMs } = options;
  let failures = 0;
  let isSettled = false;
  let isGivenUp = false;
  let lastError = new NodionError('The instances: no answer in time', { retryable: true });

  function giveUp(): null {
    isSettled = true;
    isGivenUp = true;
    report({ kind: 'no-instances', error: lastError });
    return null;
  }

  return {
    /** `unread` when they may be had the next time. */
    async list(): Promise<Instance[] | null | 'unread'> {
      if (isGivenUp) return null;
      try {
        const instances = await client.listInstances(applicationId, signal);
        isSettled = true;
        failures = 0;
        return instances;
      } catch (error) {
        if (!(error instanceof NodionError)) throw error;
        lastError = error;
        failures += 1;
        if (!error.retryable || (!isSettled && failures === INSTANCES_TRIES)) return giveUp();
        const retryInMs = Math.max(pollIntervalMs, error.retryAfterMs);
        report({ kind: 'hiccup', hiccup: { error, retryInMs } });
        return 'unread';
      }
    },

    retryAfterMs: () => (failures > 0 ? lastError.retryAfterMs : 0),

    /** At the time-out: what never could be read is not held against the deployment. */
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
    return { missing, instances: null, overtakenBy: null };
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
    overtakenBy: newest > deployment.deploy_number ? newest : null,
  };
}
