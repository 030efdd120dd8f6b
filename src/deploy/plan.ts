import { connectionInputs, imageTag } from '../nodion/inputs.ts';
import { isUuid } from '../nodion/responses.ts';
import {
  anyLine,
  boolean,
  duration,
  durationFrom,
  InvalidValue,
  integer,
  lines,
  matching,
  optional,
  readInputs,
  split,
  withDefault,
} from '../runner/inputs.ts';
import type { DeploymentMatch } from './select-deployment.ts';

/** What the step is to do: the inputs of `action.yml`, checked and typed. Null: not asked for. */
export interface DeployPlan {
  readonly connection: {
    readonly apiKey: string;
    readonly projectId: string | null;
    readonly apiUrl: string;
  };
  /** In the order provided; exactly one of the two is not null. */
  readonly applicationIds: readonly string[] | null;
  readonly applicationNames: readonly string[] | null;
  /** What the deployment must be of. */
  readonly match: DeploymentMatch;
  readonly wait: boolean;
  /** Counted from the start of the process. */
  readonly timeoutMs: number;
  readonly pollIntervalMs: number;
  readonly reuseExisting: boolean;
  readonly verifyRollout: boolean;
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
}

const { api_key, project_id, api_url } = connectionInputs;

/** The inputs of the deploy action. */
export const deployInputs = {
  api_key,
  application_id: optional(uuids),
  application_name: optional(names),
  project_id,
  image_tag: optional(imageTag),
  wait: withDefault('true', boolean),
  timeout: withDefault('15m', duration),
  poll_interval: withDefault('3s', durationFrom(100, 'at least 0.1s')),
  expected_sha: optional(commit),
  reuse_existing: withDefault('false', boolean),
  verify_rollout: withDefault('false', boolean),
  log_lines: withDefault('50', integer(0, 2_500)),
  environment: optional(anyLine),
  environment_url: optional(
    matching('an http:// or https:// address without credentials', isWebAddress),
  ),
  github_token: { ...optional(anyLine), secret: true },
  dry_run: withDefault('false', boolean),
  api_url,
};

/** @throws StepFailure that lists every problem of the inputs, each with what is allowed. */
export function readDeployPlan(): DeployPlan {
  const inputs = readInputs(deployInputs, (isProvided) => {
    const problems: string[] = [];
    if (isProvided('application_id') === isProvided('application_name')) {
      problems.push(
        isProvided('application_id')
          ? 'Use `application_id` or `application_name`, not both.'
          : '`application_id` or `application_name` is required: the application to deploy.',
      );
    }
    const isMatched = isProvided('expected_sha') || isProvided('image_tag');
    if (isProvided('reuse_existing', 'true') && !isMatched) {
      problems.push(
        '`reuse_existing: true` needs `expected_sha` or `image_tag`, to tell which deployment to follow.',
      );
    }
    if (isProvided('verify_rollout', 'true') && isProvided('wait', 'false')) {
      problems.push('`verify_rollout: true` needs `wait: true`.');
    }
    if (isProvided('environment_url') && !isProvided('environment')) {
      problems.push('`environment_url` needs `environment`.');
    }
    return problems;
  });
  return {
    connection: {
      apiKey: inputs.api_key,
      projectId: inputs.project_id,
      apiUrl: inputs.api_url,
    },
    applicationIds: inputs.application_id,
    applicationNames: inputs.application_name,
    match: { imageTag: inputs.image_tag, commit: inputs.expected_sha },
    wait: inputs.wait,
    timeoutMs: inputs.timeout,
    pollIntervalMs: inputs.poll_interval,
    reuseExisting: inputs.reuse_existing,
    verifyRollout: inputs.verify_rollout,
    logLines: inputs.log_lines,
    environment: inputs.environment
      ? {
          name: inputs.environment,
          url: inputs.environment_url,
          token: inputs.github_token ?? '',
        }
      : null,
    dryRun: inputs.dry_run,
  };
}

function commit(text: string): string {
  if (!/^[\da-f]{7,40}$/i.test(text))
    throw new InvalidValue('expected a commit: 7 to 40 hex digits');
  return text.toLowerCase();
}

function isWebAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username + password === '';
}

function uuids(text: string): string[] {
  const ids = split(text, /[\r\n,]+/);
  if (ids.length === 0 || !ids.every(isUuid)) {
    throw new InvalidValue(
      'expected one or more UUIDs, such as 0ce705eb-fb11-485a-b380-82cdb8b97036, separated by line breaks or commas',
    );
  }
  return eachOnce(ids, (id) => id.toLowerCase());
}

function names(text: string): string[] {
  const all = lines(text).map(anyLine);
  if (!/[^\s,]/.test(text)) {
    throw new InvalidValue('expected one or more names, separated by line breaks or commas');
  }
  return eachOnce(all, (name) => name);
}

function eachOnce(all: string[], identity: (one: string) => string): string[] {
  if (new Set(all.map(identity)).size < all.length) {
    throw new InvalidValue('it lists an application twice');
  }
  return all;
}
