import type { NodionClient, ReadOptions } from '../nodion/client.ts';
import { NodionError } from '../nodion/errors.ts';
import type { Application, Deployment, DeploymentList } from '../nodion/responses.ts';
import { type Retry, retryRead } from '../nodion/retry.ts';
import { type Sentence, sentence } from '../runner/sentence.ts';
import { StepFailure } from '../runner/step-failure.ts';
import type { DeployPlan } from './plan.ts';
import { shortSha } from './select-deployment.ts';

/** An application that is to be deployed, as it was just before. */
export interface Target {
  readonly applicationId: string;
  /** Null when the key may not read it. */
  readonly application: Application | null;
  /** Null when the key may not read them. */
  readonly deployments: DeploymentList | null;
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
    signal: AbortSignal;
    onEvent: (event: PreflightEvent) => void;
  },
): Promise<Target[]> {
  const { client, signal, onEvent } = options;
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

  async function target(applicationId: string, known: Application | null): Promise<Target> {
    const { get, deployments: listDeployments } = client.application(applicationId);
    let application = known;
    try {
      const [seen, deployments] = await Promise.all([
        application ?? readIfAllowed(get),
        readIfAllowed((reading) => listDeployments({ ...reading, isFresh: true })),
      ]);
      application = seen;
      const problem = inputMismatch(application, deployments?.deployments ?? [], plan);
      return { applicationId, application, deployments, problem };
    } catch (error) {
      if (!(error instanceof StepFailure)) throw error;
      const problem = error.lines;
      return { applicationId, application, deployments: null, problem };
    }
  }

  if (plan.applicationNames === null) {
    return await Promise.all((plan.applicationIds ?? []).map((id) => target(id, null)));
  }
  const { findApplications } = await import('../nodion/find-applications.ts');
  const named = findApplications(await read(client.applications), plan.applicationNames);
  return await Promise.all(named.map((application) => target(application.id, application)));
}

/** Which input is not for applications of this kind, as far as the kind is known; null for none. */
function inputMismatch(
  application: Application | null,
  deployments: readonly Deployment[],
  { match: { imageTag, commit } }: DeployPlan,
): Sentence[] | null {
  // Older answers lack the application's strategy; its deployments may still have theirs, or a commit.
  const strategy =
    application?.deployment_strategy ??
    deployments.find((one) => one.strategy !== null)?.strategy ??
    (deployments.some(({ git_sha }) => git_sha !== null) ? 'Git' : null);
  const name = application?.name ?? sentence`the application`;
  if (imageTag && ['dockerfile', 'buildpacks', 'Git'].includes(strategy ?? '')) {
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
