import { readDeployInputs } from './deploy-inputs.ts';
import type { HealthAddresses } from './health-addresses.ts';

/** What the step is to do: the inputs of `action.yml`, checked and typed. Null: not asked for. */
export interface DeployPlan {
  readonly connection: {
    readonly apiKey: string;
    readonly projectId: string | null;
    readonly apiUrl: string;
  };
  readonly applications: PlannedApplications;
  /** What the deployment must be of. */
  readonly match: DeploymentMatch;
  readonly wait: boolean;
  /** Counted from the start of the process. */
  readonly timeoutMs: number;
  readonly pollIntervalMs: number;
  readonly reuseExisting: boolean;
  readonly verifyRollout: boolean;
  /** What must answer well once the deployment is live. */
  readonly health: HealthPlan | null;
  /** How long it must then stay healthy and rolled out; 0: not watched. */
  readonly stableForMs: number;
  /** Whether to deploy the previous image tag where the checks fail. */
  readonly rollback: boolean;
  /** How to look for the image before the trigger. */
  readonly imageCheck: ImagePlan | null;
  /** How many lines of the runtime log to print on failure, 0 to 2500. */
  readonly logLines: number;
  /** The GitHub environment to record the step for. */
  readonly environment: {
    readonly name: string;
    readonly url: string | null;
    /** '' for none. */
    readonly token: string;
  } | null;
  readonly dryRun: boolean;
  /** So many applications are deployed at a time, in the order provided; Infinity: all. */
  readonly maxParallel: number;
  /** Whether the first application that fails is the last to be triggered. */
  readonly failFast: boolean;
  /** What to do where a deployment of the application is in progress already. */
  readonly ifBusy: 'deploy' | 'wait' | 'fail';
}

/** The applications to deploy, in the order provided. */
export type PlannedApplications =
  | { readonly by: 'id'; readonly ids: readonly string[] }
  | { readonly by: 'name'; readonly names: readonly string[] };

/** What a deployment must be of. Null: anything. */
export interface DeploymentMatch {
  readonly imageTag: string | null;
  /** 7 to 64 hex digits in lower case. */
  readonly commit: string | null;
}

/** How an application is asked for its health. */
export interface HealthPlan {
  readonly at: HealthAddresses;
  /** What a good answer's body contains; null: anything. */
  readonly text: string | null;
  /** So many good answers in a row make it healthy, 1 to 100. */
  readonly successes: number;
  /** The longest time until then. */
  readonly timeoutMs: number;
}

/** How an image is looked for in its registry. */
export interface ImagePlan {
  /** The longest wait for it to appear; 0: one look. */
  readonly timeoutMs: number;
  /** The registry's host; null where Nodion or a deployment says it. */
  readonly registry: string | null;
  /** Null, both or none: whoever asks. */
  readonly username: string | null;
  readonly password: string | null;
}

/** The plan by the workflow's inputs. @throws as readDeployInputs() */
export async function readDeployPlan(): Promise<DeployPlan> {
  const inputs = await readDeployInputs();
  return {
    connection: {
      apiKey: inputs.api_key,
      projectId: inputs.project_id,
      apiUrl: inputs.api_url,
    },
    applications: inputs.application_id
      ? { by: 'id', ids: inputs.application_id }
      : { by: 'name', names: inputs.application_name ?? [] },
    match: { imageTag: inputs.image_tag, commit: inputs.expected_sha },
    wait: inputs.wait,
    timeoutMs: inputs.timeout,
    pollIntervalMs: inputs.poll_interval,
    reuseExisting: inputs.reuse_existing,
    verifyRollout: inputs.verify_rollout,
    health: inputs.health_url && {
      at: inputs.health_url,
      text: inputs.health_text,
      successes: inputs.health_successes,
      timeoutMs: inputs.health_timeout,
    },
    stableForMs: inputs.stable_for,
    rollback: inputs.rollback,
    imageCheck: inputs.verify_image
      ? {
          timeoutMs: inputs.image_timeout,
          registry: inputs.registry,
          username: inputs.registry_username,
          password: inputs.registry_password,
        }
      : null,
    logLines: inputs.log_lines,
    environment: inputs.environment
      ? {
          name: inputs.environment,
          url: inputs.environment_url,
          token: inputs.github_token ?? '',
        }
      : null,
    dryRun: inputs.dry_run,
    maxParallel: inputs.max_parallel ?? Number.POSITIVE_INFINITY,
    failFast: inputs.fail_fast,
    ifBusy: inputs.if_busy,
  };
}
