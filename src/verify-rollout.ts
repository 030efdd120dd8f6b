import { Interrupted, sleep, withLimit } from './deadline.ts';
import {
  type Application,
  type Deployment,
  type Instance,
  type NodionClient,
  NodionError,
} from './nodion-client.ts';
import type { Report } from './progress.ts';
import { type Hiccup, retryRead } from './retry.ts';

/** How long the instances endpoint, which not every key or gateway has, may fail before it is left out. */
const INSTANCES_LIMIT_MS = 15_000;

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
  const onHiccup = (hiccup: Hiccup) => report({ kind: 'hiccup', hiccup });
  let hasInstances = true;

  async function look(): Promise<Rollout> {
    const [application, instances] = await Promise.all([
      retryRead(() => client.getApplication(applicationId, signal), { signal, onHiccup }),
      hasInstances ? listInstances() : null,
    ]);
    return assess(application, instances, deployment);
  }

  async function listInstances(): Promise<Instance[] | null> {
    try {
      return await withLimit({ ms: INSTANCES_LIMIT_MS, signal }, (limited) =>
        retryRead(() => client.listInstances(applicationId, limited), {
          signal: limited,
          onHiccup,
        }),
      );
    } catch (error) {
      const unavailable = error instanceof Interrupted ? error.lastError : error;
      if (signal.aborted || !(unavailable instanceof NodionError)) throw error;
      hasInstances = false;
      report({ kind: 'no-instances', error: unavailable });
      return null;
    }
  }

  let rollout: Rollout = {
    missing: ['the application could not be looked at'],
    instances: null,
    overtakenBy: null,
  };
  try {
    for (;;) {
      rollout = await look();
      report({ kind: 'rollout', rollout });
      if (rollout.missing.length === 0 || rollout.overtakenBy !== null) return rollout;
      await sleep(pollIntervalMs, signal);
    }
  } catch (error) {
    if (error instanceof Interrupted && error.reason === 'timed-out') return rollout;
    throw error;
  }
}

function assess(
  application: Application,
  instances: readonly Instance[] | null,
  deployment: Deployment,
): Rollout {
  const missing: string[] = [];
  if (application.status !== 'online') missing.push(`the application is ${application.status}`);
  for (const { name, status } of application.workers) {
    if (status !== 'available') missing.push(`worker ${name} is ${status}`);
  }
  if (instances === null) return { missing, instances: null, overtakenBy: null };

  const online = instances.filter(({ status }) => status === 'online');
  if (online.length === 0) missing.push('no instance is online');
  const others = online.filter((instance) => instance.deployment.id !== deployment.id);
  for (const { name, deployment: other } of others) {
    missing.push(
      `instance ${name} runs ${other.deploy_number === null ? 'another deployment' : `#${other.deploy_number}`}`,
    );
  }
  const newest = Math.max(0, ...others.map((instance) => instance.deployment.deploy_number ?? 0));
  return {
    missing,
    instances: { current: online.length - others.length, online: online.length },
    overtakenBy: newest > deployment.deploy_number ? newest : null,
  };
}
