import { connectionInputs, imageTag } from '../../nodion/connection-inputs.ts';
import { isUuid } from '../../nodion/responses.ts';
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
} from '../../runner/inputs.ts';
import type { DeploymentMatch } from '../attempt/find-candidates.ts';
import { addressMismatch, healthAddresses, isWebAddress } from './health-addresses.ts';

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
  /** What must answer well once the deployment is live. */
  readonly health: HealthPlan | null;
  /** How long it must then stay healthy and rolled out; 0: not watched. */
  readonly stableForMs: number;
  /** Whether to deploy the previous image tag where the checks fail. */
  readonly rollback: boolean;
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

/** How an application is asked for its health. */
export interface HealthPlan {
  /** An address for each application, in the order provided; or one path, such as `/up`, of each one's own. */
  readonly at: readonly string[];
  /** What a good answer's body contains; null: anything. */
  readonly text: string | null;
  /** So many good answers in a row make it healthy, 1 to 100. */
  readonly successes: number;
  /** The longest time until then. */
  readonly timeoutMs: number;
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
  health_url: optional(healthAddresses),
  health_text: optional(anyLine),
  health_successes: withDefault('3', integer(1, 100)),
  health_timeout: withDefault('2m', duration),
  stable_for: withDefault('0s', durationFrom(0, 'at least 0s')),
  rollback: withDefault('false', boolean),
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
  const inputs = readInputs(deployInputs, (isProvided, values) => {
    const hasId = isProvided('application_id');
    const isMatched = isProvided('expected_sha') || isProvided('image_tag');
    const isWaiting = isProvided('wait', 'true');
    const hasHealth = isProvided('health_url');
    const isChecked = hasHealth || isProvided('verify_rollout', 'true');
    const { api_key = '', application_id, application_name, health_url } = values;
    const { stable_for = 0, timeout } = values;
    const applications = application_id ?? application_name ?? [];
    // A name with a comma may be several.
    const count =
      applications.join().split(',').length === applications.length && applications.length;
    const rules: readonly [isBroken: boolean, problem: string][] = [
      [
        hasId && isProvided('application_name'),
        'Use `application_id` or `application_name`, not both.',
      ],
      [
        !hasId && !isProvided('application_name'),
        '`application_id` or `application_name` is required: the application to deploy.',
      ],
      [
        isProvided('reuse_existing', 'true') && !isMatched,
        '`reuse_existing: true` needs `expected_sha` or `image_tag`, to tell which deployment to follow.',
      ],
      [
        isProvided('verify_rollout', 'true') && !isWaiting,
        '`verify_rollout: true` needs `wait: true`.',
      ],
      [hasHealth && !isWaiting, '`health_url` needs `wait: true`.'],
      ...(['health_text', 'health_successes', 'health_timeout'] as const).map(
        (name): [boolean, string] => [
          !hasHealth && !isProvided(name, deployInputs[name].default),
          `\`${name}\` needs \`health_url\`.`,
        ],
      ),
      [stable_for > 0 && !isChecked, '`stable_for` needs `health_url` or `verify_rollout: true`.'],
      [
        timeout !== undefined && stable_for > timeout,
        '`stable_for` must not be longer than `timeout`.',
      ],
      [
        api_key !== '' && (health_url ?? []).some((url) => url.includes(api_key)),
        '`health_url` must not contain `api_key`: the key is for Nodion alone.',
      ],
      [
        isProvided('rollback', 'true') && !isChecked,
        '`rollback: true` needs `health_url` or `verify_rollout: true`.',
      ],
      [
        isProvided('environment_url') && !isProvided('environment'),
        '`environment_url` needs `environment`.',
      ],
    ];
    const problems = rules.filter(([isBroken]) => isBroken).map(([, problem]) => problem);
    const mismatch = health_url && count && addressMismatch(health_url, count);
    return mismatch ? [...problems, mismatch] : problems;
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
    health: inputs.health_url && {
      at: inputs.health_url,
      text: inputs.health_text,
      successes: inputs.health_successes,
      timeoutMs: inputs.health_timeout,
    },
    stableForMs: inputs.stable_for,
    rollback: inputs.rollback,
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
