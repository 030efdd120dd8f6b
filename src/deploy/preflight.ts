import type { SendRequest } from '../http/transport.ts';
import type { ApplicationClient, NodionClient, ReadOptions } from '../nodion/client.ts';
import { NodionError } from '../nodion/errors.ts';
import type { Application, Deployment, DeploymentList } from '../nodion/responses.ts';
import { type Retry, retryRead } from '../nodion/retry.ts';
import { foreign, ours, type Sentence, sentence } from '../runner/sentence.ts';
import { StepFailure } from '../runner/step-failure.ts';
import { Interrupted, isTimeout } from '../time/deadline.ts';
import { applicationUrl, missingUrl, readUrl } from './application-url.ts';
import { shortSha } from './attempt/find-candidates.ts';
import type { Answer } from './checks/check-health.ts';
import type { DeployPlan } from './plan/deploy-plan.ts';
import { addressMismatch, isPath } from './plan/health-addresses.ts';

/** An application that is to be deployed, as it was just before. */
export interface Target {
  readonly applicationId: string;
  /** Null when the key may not read it. */
  readonly application: Application | null;
  /** Null when the key may not read them. */
  readonly deployments: DeploymentList | null;
  /** The application's address, as soon as it is known; null where it can't be. Never rejects. */
  readonly url: Promise<string | null>;
  /** Where its health is asked for; null where it is not. */
  readonly healthUrl: string | null;
  /** The answer from there before the trigger, whatever it contains; null where it was not asked. */
  readonly healthBefore: Answer | null;
  /** Why it can't be deployed; null when it can. */
  readonly problem: readonly Sentence[] | null;
}

/** What happens before the targets are known. */
export interface PreflightEvent {
  readonly kind: 'retry';
  readonly retry: Retry;
}

/**
 * The applications to deploy, each with its deployments, all read in parallel: so that a wrong key, an
 * unknown application, or inputs that don't fit it are reported before anything is triggered.
 *
 * @returns the applications in the order provided; `problem` says why one can't be deployed.
 * @throws StepFailure when names can't be looked up, Interrupted when `signal` aborts.
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
    client.patience.limit(signal, (limited) =>
      retryRead(() => request({ signal: limited }), { signal: limited, onRetry }),
    );

  async function readIfAllowed<T>(
    request: (reading: ReadOptions) => Promise<T>,
  ): Promise<T | null> {
    try {
      return await read(request);
    } catch (error) {
      const isForbidden = error instanceof NodionError && error.status === 403;
      const isNeeded = plan.wait || plan.reuseExisting || plan.dryRun;
      if (!isForbidden || isNeeded) throw error;
      return null;
    }
  }

  const { health } = plan;
  const path = health && isPath(health.at) ? (health.at[0] ?? null) : null;
  const isHealthAsked = health !== null && (plan.rollback || plan.dryRun);

  async function askOnce(url: string): Promise<Answer> {
    const { askHealth } = await import('./checks/check-health.ts');
    try {
      return await askHealth({ url, text: null }, { transport, signal });
    } catch (error) {
      if (!isTimeout(error)) throw error;
      const what = sentence`no answer before the timeout`;
      if (plan.dryRun) return { isGood: false, what };
      const reason = sentence`The health check before the trigger had ${what}: look at the application's log, or check \`health_url\`.`;
      throw new Interrupted(error.reason, new StepFailure('Timed out', [reason]));
    }
  }

  async function readDomains({ domains }: ApplicationClient) {
    try {
      return { domains: await read(domains), error: null };
    } catch (error) {
      if (!(error instanceof NodionError)) throw error;
      return { domains: [], error };
    }
  }

  async function target(id: string, known: Application | null, index: number): Promise<Target> {
    const application = client.application(id);
    const unread: Target = {
      applicationId: id,
      application: known,
      deployments: null,
      url: plan.wait && path === null ? readUrl(application, signal) : Promise.resolve(null),
      healthUrl: null,
      healthBefore: null,
      problem: null,
    };
    try {
      const [seen, deployments, needed] = await Promise.all([
        known ?? readIfAllowed(application.get),
        readIfAllowed((reading) => application.deployments({ ...reading, isFresh: true })),
        path === null ? null : readDomains(application),
      ]);
      const target = { ...unread, application: seen, deployments };
      const problem = inputMismatch(seen, deployments?.deployments ?? [], plan);
      if (problem) return { ...target, problem };
      const url = needed && applicationUrl(needed.domains);
      if (path !== null && !url) {
        const name = foreign(seen?.name ?? id);
        return { ...target, problem: missingUrl(path, name, needed?.error ?? null) };
      }
      const healthUrl = url && path ? new URL(path, url).href : (health?.at[index] ?? null);
      const healthBefore = isHealthAsked && healthUrl !== null ? await askOnce(healthUrl) : null;
      return { ...target, ...(url && { url: Promise.resolve(url) }), healthUrl, healthBefore };
    } catch (error) {
      if (!(error instanceof StepFailure)) throw error;
      return { ...unread, problem: error.lines };
    }
  }

  if (plan.applicationNames === null) {
    const ids = plan.applicationIds ?? [];
    return await Promise.all(ids.map((id, index) => target(id, null, index)));
  }
  const { findApplications } = await import('../applications/find-applications.ts');
  const named = findApplications(await read(client.applications), plan.applicationNames);
  const mismatch = health && addressMismatch(health.at, named.length);
  if (mismatch) throw new StepFailure('Not deployed', [ours(mismatch)]);
  return await Promise.all(
    named.map((application, index) => target(application.id, application, index)),
  );
}

/** Which input is not for applications of this kind, as far as the kind is known; null for none. */
function inputMismatch(
  application: Application | null,
  deployments: readonly Deployment[],
  { match: { imageTag, commit }, rollback }: DeployPlan,
): Sentence[] | null {
  // Older answers lack the application's strategy; its deployments may still have theirs, or a commit.
  const strategy =
    application?.deployment_strategy ??
    deployments.find((one) => one.strategy !== null)?.strategy ??
    (deployments.some(({ git_sha }) => git_sha !== null) ? 'Git' : null);
  const name = application?.name ?? sentence`the application`;
  const isGit = ['dockerfile', 'buildpacks', 'Git'].includes(strategy ?? '');
  if (rollback && isGit) {
    return [
      sentence`\`rollback: true\` is not for ${name}, a Git-based application (${strategy}).`,
      sentence`Nodion deploys the latest commit of its branch: leave \`rollback\` out, and push a revert where one is needed.`,
    ];
  }
  if (imageTag && isGit) {
    return [
      sentence`\`image_tag\`: "${imageTag}" is not for ${name}, a Git-based application (${strategy}).`,
      sentence`Nodion deploys the latest commit of its branch: leave \`image_tag\` out, or see \`expected_sha\`.`,
    ];
  }
  if (commit && strategy === 'prebuilt_image') {
    return [
      sentence`\`expected_sha\`: "${shortSha(commit)}" is not for ${name}, a pre-built image application.`,
      sentence`Its deployments are of no commit: see \`image_tag\`.`,
    ];
  }
  return null;
}
