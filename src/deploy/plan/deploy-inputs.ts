import { connectionInputs } from '../../nodion/connection-inputs.ts';
import { isUuid } from '../../nodion/responses.ts';
import { imageTag } from '../../registry/image-tag-input.ts';
import { isRegistryHost } from '../../registry/reference-grammar.ts';
import {
  anyLine,
  boolean,
  duration,
  durationFrom,
  InvalidValue,
  integer,
  lines,
  list,
  matching,
  oneOf,
  optional,
  readInputs,
  type Values,
  withDefault,
} from '../../runner/inputs.ts';
import { formatDuration } from '../../time/duration.ts';
import { addressMismatch, healthAddresses, isWebAddress } from './health-addresses.ts';

const { api_key, project_id, api_url } = connectionInputs;

const anyDuration = durationFrom(0, 'at least 0s');

/** The inputs of the deploy action. */
export const deployInputs = {
  api_key,
  application_id: optional(uuids),
  application_name: optional(names),
  project_id,
  image_tag: imageTag,
  wait: withDefault('true', boolean),
  timeout: withDefault('15m', duration),
  poll_interval: withDefault('3s', durationFrom(100, 'at least 0.1s')),
  expected_sha: optional(commit),
  reuse_existing: withDefault('false', boolean),
  verify_rollout: withDefault('false', boolean),
  health_url: { ...optional(healthAddresses), isAddress: true },
  health_text: optional(anyLine),
  health_successes: withDefault('3', integer(1, 100)),
  health_timeout: withDefault('2m', duration),
  stable_for: withDefault('0s', anyDuration),
  rollback: withDefault('false', boolean),
  verify_image: withDefault('false', boolean),
  image_timeout: withDefault('2m', anyDuration),
  registry: {
    ...optional(matching('a host such as ghcr.io or registry.example.com:5000', isRegistryHost)),
    isAddress: true,
  },
  registry_username: optional(anyLine),
  registry_password: { ...optional(anyLine), secret: true },
  log_lines: withDefault('50', integer(0, 2_500)),
  environment: optional(anyLine),
  environment_url: {
    ...optional(matching('an http:// or https:// address without credentials', isWebAddress)),
    isAddress: true,
  },
  github_token: { ...optional(anyLine), secret: true },
  dry_run: withDefault('false', boolean),
  max_parallel: optional(integer(1, 1_000)),
  fail_fast: withDefault('false', boolean),
  if_busy: withDefault('deploy', oneOf('deploy', 'wait', 'fail')),
  api_url,
};

type Rule = [isBroken: boolean, problem: string];

/** @throws StepFailure that lists every problem of the inputs, each with what is allowed. */
export function readDeployInputs(): Promise<Values<typeof deployInputs>> {
  return readInputs(deployInputs, (isProvided, values) => {
    const hasId = isProvided('application_id');
    const isMatched = isProvided('expected_sha') || isProvided('image_tag');
    const isWaiting = isProvided('wait', 'true');
    const hasHealth = isProvided('health_url');
    const isChecked = hasHealth || isProvided('verify_rollout', 'true');
    const { api_key = '', application_id, application_name, health_url } = values;
    const { stable_for = 0, timeout, poll_interval = 0 } = values;
    const { health_successes = 0, health_timeout } = values;
    const applications = application_id ?? application_name ?? [];
    // A name with a comma may be several.
    const count =
      applications.join().split(',').length === applications.length && applications.length;
    const healthTexts = health_url?.kind === 'urls' ? health_url.urls : [health_url?.path ?? ''];
    const without = (
      isMet: boolean,
      what: string,
      names: readonly (keyof typeof deployInputs)[],
    ): Rule[] =>
      names.map((name) => [
        !isMet && !isProvided(name, deployInputs[name].default),
        `\`${name}\` needs ${what}.`,
      ]);
    const rules: readonly Rule[] = [
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
      ...without(hasHealth, '`health_url`', ['health_text', 'health_successes', 'health_timeout']),
      [
        // GitHub passes the default as well: a short `timeout` alone is no contradiction.
        !isProvided('poll_interval', deployInputs.poll_interval.default) &&
          isWaiting &&
          poll_interval >= (timeout ?? Infinity),
        `\`poll_interval\` (${formatDuration(poll_interval)}) must be shorter than \`timeout\` (${formatDuration(timeout ?? 0)}).`,
      ],
      [
        hasHealth && (health_successes - 1) * poll_interval >= (health_timeout ?? Infinity),
        `\`health_timeout\` (${formatDuration(health_timeout ?? 0)}) is too short for \`health_successes\` (${health_successes}) answers, one every \`poll_interval\` (${formatDuration(poll_interval)}).`,
      ],
      [stable_for > 0 && !isChecked, '`stable_for` needs `health_url` or `verify_rollout: true`.'],
      [
        timeout !== undefined && stable_for > timeout,
        '`stable_for` must not be longer than `timeout`.',
      ],
      [
        api_key !== '' && healthTexts.some((text) => text.includes(api_key)),
        '`health_url` must not contain `api_key`: the key is for Nodion alone.',
      ],
      [
        isProvided('rollback', 'true') && !isChecked,
        '`rollback: true` needs `health_url` or `verify_rollout: true`.',
      ],
      ...without(isProvided('verify_image', 'true'), '`verify_image: true`', [
        'image_timeout',
        'registry',
        'registry_username',
        'registry_password',
      ]),
      [
        isProvided('registry_username') !== isProvided('registry_password'),
        '`registry_username` and `registry_password` need each other.',
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
}

function commit(text: string): string {
  if (!/^[\da-f]{7,64}$/i.test(text))
    throw new InvalidValue(`expected a commit: 7 to 64 hex digits, such as \`\${{ github.sha }}\``);
  return text.toLowerCase();
}

function uuids(text: string): string[] {
  const ids = list(text, /[\s,]+/);
  if (ids.length === 0 || !ids.every(isUuid)) {
    throw new InvalidValue(
      'expected one or more UUIDs, such as 0ce705eb-fb11-485a-b380-82cdb8b97036, separated by line breaks, commas or spaces',
    );
  }
  return eachOnce(ids, (id) => id.toLowerCase());
}

function names(text: string): string[] {
  const all = lines(text).map(anyLine);
  if (all.every((name) => /^[\s,]*$/.test(name))) {
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
