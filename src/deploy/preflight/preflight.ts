import { ApplicationMismatch } from '../../applications/application-mismatch.ts';
import { applicationUrl, readUrl } from '../../applications/application-url.ts';
import { type Retry, retryRead } from '../../http/retry.ts';
import type { SendRequest } from '../../http/transport.ts';
import type { ApplicationClient, NodionClient, ReadOptions } from '../../nodion/client.ts';
import { NodionError } from '../../nodion/errors.ts';
import type { Application, DeploymentList } from '../../nodion/responses.ts';
import { loadPart } from '../../runner/load-part.ts';
import { foreign, ours, type Sentence, sentence } from '../../runner/sentence.ts';
import { StepFailure } from '../../runner/step-failure.ts';
import { Interrupted } from '../../time/deadline.ts';
import type { ProbeResult } from '../checks/probe-health.ts';
import { type Failure, failure } from '../conclusion/conclusion.ts';
import type { MisfitInput, Obstacle } from '../conclusion/not-deployed.ts';
import type { DeployPlan } from '../plan/deploy-plan.ts';
import { addressMismatch } from '../plan/health-addresses.ts';

/** So many are read by one request: eight would be under way at once. */
const MANY = 9;

/** An application that is to be deployed, as it was just before. */
export interface Target {
  readonly applicationId: string;
  /** What messages call it: its name, with a part of its ID where others have that name; its ID where it has none, or it is not known. */
  readonly name: string;
  /** Its endpoints, which remember how it answers. */
  readonly api: ApplicationClient;
  /** Null when the key may not read it. */
  readonly application: Application | null;
  /** Null when the key may not read them. */
  readonly deployments: DeploymentList | null;
  /** The application's address, as soon as it is known; null where it can't be. Never rejects. */
  readonly url: Promise<string | null>;
  /** Where its health is asked for; null where it is not. */
  readonly healthUrl: string | null;
  /** The answer from there before the trigger, whatever it contains; null where it was not asked. */
  readonly healthBefore: ProbeResult | null;
  /** Why it could not be rolled back, as far as that is known; null for no reason, or where that is not asked for. */
  readonly rollbackProblem: Sentence | null;
  /** The tag that was looked up, and what it pointed to, if that is said; null for none. */
  readonly verified: { readonly tag: string; readonly digest: string | null } | null;
  /** Why it can't be deployed; null when it can. */
  readonly problem: Failure | null;
}

/** What happens before the targets are known. */
export type PreflightEvent =
  | { readonly kind: 'retry'; readonly retry: Retry }
  /** Something happens to the search for an image. */
  | { readonly kind: 'image'; readonly line: Sentence };

/**
 * The applications to deploy, each with its deployments, all read in parallel: so that a wrong key, an
 * unknown application, or inputs that don't fit it are reported before anything is triggered.
 *
 * @returns the applications in the order provided, as far as they are known; `problem` says why one can't be
 *   deployed, or that `signal` has ended the step.
 * @throws StepFailure or Interrupted when names can't be looked up.
 */
export async function preflight(
  plan: DeployPlan,
  options: {
    client: NodionClient;
    transport: SendRequest;
    signal: AbortSignal;
    onEvent: (event: PreflightEvent) => void;
  },
): Promise<Target[]> {
  const { client, transport, signal, onEvent } = options;
  const onRetry = (retry: Retry) => onEvent({ kind: 'retry', retry });

  const read = <T>(request: (reading: ReadOptions) => Promise<T>): Promise<T> =>
    client.outageLimit.run(signal, (limited) =>
      retryRead(() => request({ signal: limited }), { signal: limited, onRetry }),
    );

  async function readIfAllowed<T>(
    request: (reading: ReadOptions) => Promise<T>,
    { isNeeded }: { isNeeded: boolean },
  ): Promise<T | null> {
    try {
      return await read(request);
    } catch (error) {
      const isForbidden = error instanceof NodionError && error.status === 403;
      if (!isForbidden || isNeeded) throw error;
      return null;
    }
  }

  const { applications, health } = plan;
  const isNeeded = plan.wait || plan.reuseExisting || plan.dryRun;
  const path = health?.at.kind === 'path' ? health.at.path : null;
  const urls = health?.at.kind === 'urls' ? health.at.urls : [];
  const isProbed = health !== null && (plan.rollback || plan.dryRun);

  async function probe(url: string): Promise<ProbeResult> {
    const { probeBeforeTrigger } = await import('../checks/probe-before-trigger.ts');
    return await probeBeforeTrigger(url, { transport, signal, isDryRun: plan.dryRun });
  }

  async function readDomains({ domains }: ApplicationClient) {
    try {
      return { domains: await read(domains), error: null };
    } catch (error) {
      if (!(error instanceof NodionError)) throw error;
      return { domains: [], error };
    }
  }

  async function describe(target: Target, obstacle: Obstacle): Promise<Failure> {
    const name = foreign(target.name);
    const words = await loadPart(
      () => import(/* webpackChunkName: "failure" */ '../conclusion/not-deployed.ts'),
    );
    if (words) return words.notDeployed(obstacle, { name, plan });
    const lines = obstacle.error?.lines ?? [sentence`The inputs don't fit ${name}.`];
    return failure('internal_error', 'Not deployed', lines);
  }

  async function describeEnd(error: Interrupted): Promise<Failure> {
    const { beforeTrigger } = await import(
      /* webpackChunkName: "failure" */ '../conclusion/describe-failure.ts'
    );
    const isAnswered = client.outageLimit.hasBeenAnswered();
    return beforeTrigger(error, plan, { hasBeenRead: false, isAnswered });
  }

  async function target(id: string, known: Application | null, index: number): Promise<Target> {
    const api = client.application(id);
    let seen: Target = {
      applicationId: id,
      name: known?.name || id,
      api,
      application: known,
      deployments: null,
      url: plan.wait && path === null ? readUrl(api, signal) : Promise.resolve(null),
      healthUrl: null,
      healthBefore: null,
      rollbackProblem: null,
      verified: null,
      problem: null,
    };
    const readApplication = async () => {
      const application = known ?? (await readIfAllowed(api.get, { isNeeded }));
      seen = { ...seen, name: application?.name || id, application };
    };
    const readDeployments = async () => {
      const request = (reading: ReadOptions) => api.deployments({ ...reading, isFresh: true });
      const isListNeeded = isNeeded || plan.ifBusy !== 'deploy';
      const deployments = await readIfAllowed(request, { isNeeded: isListNeeded });
      seen = { ...seen, deployments };
    };
    try {
      const reading = Promise.all([
        readApplication(),
        readDeployments(),
        path === null ? null : readDomains(api),
      ]);
      // One that waits for an image may be closed in silence meanwhile.
      if (!plan.dryRun && !plan.imageCheck) client.preparePost();
      const [, , needed] = await reading;
      const misfit = findMisfit(seen, plan);
      if (misfit) return { ...seen, problem: await describe(seen, misfit) };
      const url = needed && applicationUrl(needed.domains);
      if (path !== null && !url) {
        const missing = { kind: 'no address', path, error: needed?.error ?? null } as const;
        return { ...seen, problem: await describe(seen, missing) };
      }
      const healthUrl = url && path ? new URL(path, url).href : (urls[index] ?? null);
      const healthBefore = isProbed && healthUrl !== null ? await probe(healthUrl) : null;
      const ready = {
        ...{ ...seen, healthUrl, healthBefore },
        ...(url && { url: Promise.resolve(url) }),
      };
      if (!plan.rollback) return ready;
      const { rollbackProblem } = await import('./find-way-back.ts');
      return { ...ready, rollbackProblem: rollbackProblem(ready, plan) };
    } catch (error) {
      if (error instanceof Interrupted) return { ...seen, problem: await describeEnd(error) };
      if (!(error instanceof StepFailure)) throw error;
      return { ...seen, problem: await describe(seen, { kind: 'unreadable', error }) };
    }
  }

  if (applications.by === 'id') {
    const listed = new Map<string, Application>();
    if (applications.ids.length >= MANY) {
      // One that is not in the list, or where there is none, is read by itself.
      const all = await client.applications({ signal }).catch(() => []);
      for (const application of all) listed.set(application.id.toLowerCase(), application);
    }
    const targets = applications.ids.map((id, index) => target(id, listed.get(id) ?? null, index));
    return settled(await Promise.all(targets));
  }
  const { findApplications, lookUpError } = await import('../../applications/find-applications.ts');
  const all = await read(client.applications).catch((error: unknown) => {
    throw lookUpError(error);
  });
  const named = findApplications(all, applications.names);
  const mismatch = health && addressMismatch(health.at, named.length);
  if (mismatch) throw new ApplicationMismatch('inputs_do_not_fit', [ours(mismatch)]);
  return settled(
    await Promise.all(
      named.map((application, index) => target(application.id, application, index)),
    ),
  );
}

/** What has ended the step is the end of all of them. */
function settled(targets: readonly Target[]): Target[] {
  const end = targets.find(({ problem }) => problem && problem.kind !== 'failure')?.problem ?? null;
  return apart(targets.map((target) => ({ ...target, problem: target.problem ?? end })));
}

/** Those of one name, told apart by the beginning of their IDs. */
function apart(targets: readonly Target[]): Target[] {
  return targets.map((target) => {
    const { name, applicationId } = target;
    const isAlone = targets.every((other) => other === target || other.name !== name);
    return isAlone
      ? target
      : { ...target, name: `${name.slice(0, 80)} (${applicationId.slice(0, 8)})` };
  });
}

/** Which input is not for applications of this kind, as far as the kind is known; null for none. */
function findMisfit(
  { application, deployments }: Target,
  { match: { imageTag, commit }, rollback, imageCheck }: DeployPlan,
): Obstacle | null {
  // Older answers lack the application's strategy; its deployments may still have theirs, or a commit.
  const listed = deployments?.deployments ?? [];
  const strategy =
    application?.deployment_strategy ??
    listed.find((one) => one.strategy !== null)?.strategy ??
    (listed.some(({ git_sha }) => git_sha !== null) ? 'Git' : null);
  const isGit = ['dockerfile', 'buildpacks', 'Git'].includes(strategy ?? '');
  const misfit = (input: MisfitInput) => ({ kind: 'misfit', input, strategy }) as const;
  if (rollback && isGit) return misfit('rollback');
  if (imageTag && isGit) return misfit('image_tag');
  if (imageCheck && isGit) return misfit('verify_image');
  return commit && strategy === 'prebuilt_image' ? misfit('expected_sha') : null;
}
