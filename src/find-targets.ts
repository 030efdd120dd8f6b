import { Interrupted, withLimit } from './deadline.ts';
import type { Target } from './deploy-application.ts';
import { findApplications } from './find-applications.ts';
import { findReusableDeployment } from './find-deployment.ts';
import type { DeployInputs } from './inputs.ts';
import {
  type Application,
  type Deployment,
  type NodionClient,
  NodionError,
} from './nodion-client.ts';
import { type Hiccup, retryRead } from './retry.ts';
import { StepFailure } from './step-failure.ts';

/** How long an API that stays down may hold up a step that has triggered nothing yet. */
const LIMIT_MS = 55_000;

/**
 * The applications to deploy, each with its deployments, read side by side: so that a wrong key, an
 * unknown application, or inputs that don't fit it are told before anything is triggered.
 *
 * @param options.onForbidden told of a read that the key is not allowed, where `wait: false` makes do without it.
 * @returns the applications in the order given; `problem` says why one can't be deployed.
 * @throws StepFailure or NodionError when names can't be looked up, Interrupted when `signal` aborts.
 */
export async function findTargets(options: {
  client: NodionClient;
  inputs: DeployInputs;
  signal: AbortSignal;
  onHiccup: (hiccup: Hiccup) => void;
  onForbidden: (error: NodionError) => void;
}): Promise<Target[]> {
  const { client, inputs, signal, onHiccup, onForbidden } = options;

  async function read<T>(request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await withLimit({ ms: LIMIT_MS, signal }, (limited) =>
        retryRead(() => request(limited), { signal: limited, onHiccup }),
      );
    } catch (error) {
      throw error instanceof Interrupted && !signal.aborted
        ? (error.lastError ?? new NodionError('Nodion does not answer', { retryable: true }))
        : error;
    }
  }

  async function readIfAllowed<T>(request: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
    try {
      return await read(request);
    } catch (error) {
      const isForbidden = error instanceof NodionError && error.status === 403;
      const isNeeded = inputs.wait || inputs.reuse_existing || inputs.dry_run;
      if (!isForbidden || isNeeded) throw error;
      onForbidden(error);
      return null;
    }
  }

  async function target(given: Application | string): Promise<Target> {
    const applicationId = typeof given === 'string' ? given : given.id;
    let application = typeof given === 'string' ? null : given;
    try {
      const [seen, deployments] = await Promise.all([
        application ?? readIfAllowed((limited) => client.getApplication(applicationId, limited)),
        readIfAllowed((limited) => client.listDeployments(applicationId, limited)),
      ]);
      application = seen;
      refuseMisfit(application, deployments, inputs);
      const wanted = { imageTag: inputs.image_tag, commit: inputs.expected_sha };
      const reusable = inputs.reuse_existing
        ? findReusableDeployment(deployments ?? [], wanted)
        : null;
      return { applicationId, application, deployments, reusable, problem: null };
    } catch (error) {
      if (!(error instanceof StepFailure || error instanceof NodionError)) throw error;
      return {
        applicationId,
        application,
        deployments: null,
        reusable: null,
        problem: error.message,
      };
    }
  }

  const wanted = inputs.application_name
    ? findApplications(await read(client.listApplications), inputs.application_name)
    : (inputs.application_id ?? []);
  return await Promise.all(wanted.map(target));
}

/** @throws StepFailure when an input is not for applications of this kind, as far as the kind is known. */
function refuseMisfit(
  application: Application | null,
  deployments: readonly Deployment[] | null,
  inputs: DeployInputs,
): void {
  // Older answers lack the application's strategy; its deployments may still have theirs, or a commit.
  const strategy =
    application?.deployment_strategy ??
    deployments?.find((one) => one.strategy !== null)?.strategy ??
    (deployments?.some(({ git_sha }) => git_sha !== null) ? 'Git' : null);
  const name = application?.name ?? 'the application';
  if (inputs.image_tag && ['dockerfile', 'buildpacks', 'Git'].includes(strategy ?? '')) {
    throw new StepFailure(
      'Not deployed',
      `\`image_tag\`: "${inputs.image_tag}" is not allowed for ${name}, a Git-based application (${strategy}): Nodion deploys the latest commit of its branch. Leave \`image_tag\` out, or see \`expected_sha\``,
    );
  }
  if (inputs.expected_sha && strategy === 'prebuilt_image') {
    throw new StepFailure(
      'Not deployed',
      `\`expected_sha\`: "${inputs.expected_sha}" is not allowed for ${name}, a pre-built image application: its deployments are of no commit. See \`image_tag\``,
    );
  }
}
