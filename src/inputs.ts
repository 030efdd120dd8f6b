import { parseDuration } from './duration.ts';
import * as runner from './runner.ts';
import { StepFailure } from './step-failure.ts';
import { isUuid } from './uuid.ts';

/** How one input is read; the order in which the inputs are listed is that of `action.yml`. */
interface Input<T> {
  /** Stands for an input that is not given or empty. `action.yml` says the same. */
  readonly default: string;
  readonly required?: boolean;
  /** Never shown. */
  readonly secret?: boolean;
  /** The typed value of `text`, which is trimmed; '' where the default is ''. @throws NotAllowed */
  parse(text: string): T;
}

/** The message says what is allowed. */
class NotAllowed extends Error {}

type Values<Inputs> = {
  readonly [Name in keyof Inputs]: Inputs[Name] extends Input<infer T> ? T : never;
};

const optional = <T>(parse: (text: string) => T, fallback: string = ''): Input<T | null> => ({
  default: fallback,
  parse: (text) => (text === '' ? null : parse(text)),
});

const required = <T>(parse: (text: string) => T): Input<T> => ({
  default: '',
  required: true,
  parse,
});

const withDefault = <T>(fallback: string, parse: (text: string) => T): Input<T> => ({
  default: fallback,
  parse,
});

function matching(allowed: string, isAllowed: (text: string) => boolean) {
  return (text: string): string => {
    if (!isAllowed(text)) throw new NotAllowed(allowed);
    return text;
  };
}

const anyLine = matching('one line of text', (text) => !/\p{Cc}/u.test(text));

const uuid = matching('a UUID, such as 0ce705eb-fb11-485a-b380-82cdb8b97036', isUuid);

const imageTag = matching(
  'an image tag: up to 128 letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`',
  (text) => /^\w[\w.-]{0,127}$/.test(text),
);

const strategy = oneOf('dockerfile', 'buildpacks', 'prebuilt_image');

function oneOf(...words: string[]) {
  return matching(`one of ${words.join(', ')}`, (text) => words.includes(text));
}

/** YAML 1.2 core schema, as in @actions/core's getBooleanInput(). */
function boolean(text: string): boolean {
  if (!/^(?:true|True|TRUE|false|False|FALSE)$/.test(text)) throw new NotAllowed('true or false');
  return text.toLowerCase() === 'true';
}

function integer(min: number, max: number) {
  return (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw new NotAllowed(`a whole number from ${min} to ${max}`);
    }
    return value;
  };
}

const LONGEST_DURATION_MS = 24 * 3_600_000;

/** Milliseconds. */
function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === null || ms <= 0 || ms > LONGEST_DURATION_MS) {
    throw new NotAllowed(
      'a duration such as 90s, 15m, 1h, 1m30s or a bare number of seconds; more than 0, at most 24h',
    );
  }
  return ms;
}

function commit(text: string): string {
  if (!/^[\da-f]{7,40}$/i.test(text)) throw new NotAllowed('a commit: 7 to 40 hex digits');
  return text.toLowerCase();
}

function apiKey(text: string): string {
  if (!/^[\x21-\x7e]+$/.test(text)) {
    throw new NotAllowed(
      'the key alone, without blanks, line breaks or other characters outside printable ASCII',
    );
  }
  return text;
}

const isLoopback = (host: string) => /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(host);

/** Without trailing slashes. */
function apiUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isAllowed =
    url !== null &&
    (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) &&
    url.username + url.password === '' &&
    !/[?#@\s\\]/.test(text);
  if (!isAllowed) {
    throw new NotAllowed(
      'an https:// address, or http:// on loopback, without credentials, query or fragment',
    );
  }
  return url.href.replace(/\/+$/, '');
}

const webAddress = matching(
  'an http:// or https:// address without credentials',
  (text) =>
    URL.canParse(text) &&
    /^https?:$/.test(new URL(text).protocol) &&
    new URL(text).username + new URL(text).password === '',
);

const lines = (text: string): string[] =>
  text
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');

function uuids(text: string): string[] {
  const ids = text
    .split(/[\r\n,]+/)
    .map((id) => id.trim())
    .filter((id) => id !== '');
  if (ids.length === 0 || !ids.every(isUuid)) {
    throw new NotAllowed(
      'one or more UUIDs, such as 0ce705eb-fb11-485a-b380-82cdb8b97036, separated by line breaks or commas',
    );
  }
  if (new Set(ids.map((id) => id.toLowerCase())).size < ids.length) {
    throw new NotAllowed('each application only once');
  }
  return ids;
}

function names(text: string): string[] {
  const given = lines(text).map(anyLine);
  if (!/[^\s,]/.test(text))
    throw new NotAllowed('one or more names, separated by line breaks or commas');
  if (new Set(given).size < given.length) throw new NotAllowed('each application only once');
  return given;
}

const DEFAULT_API_URL = 'https://api.nodion.com/v1';

const api_key: Input<string> = { default: '', required: true, secret: true, parse: apiKey };
const project_id = optional(uuid);
const api_url = withDefault(DEFAULT_API_URL, apiUrl);
const timeoutOf = (fallback: string) => withDefault(fallback, duration);

/** The inputs of the deploy action. */
export const deployInputs = {
  api_key,
  application_id: optional(uuids),
  application_name: optional(names),
  project_id,
  image_tag: optional(imageTag),
  wait: withDefault('true', boolean),
  timeout: timeoutOf('15m'),
  poll_interval: withDefault('3s', duration),
  expected_sha: optional(commit),
  reuse_existing: withDefault('false', boolean),
  verify_rollout: withDefault('false', boolean),
  log_lines: withDefault('50', integer(0, 2_500)),
  environment: optional(anyLine),
  environment_url: optional(webAddress),
  github_token: { ...optional(anyLine), secret: true },
  dry_run: withDefault('false', boolean),
  api_url,
};

/** The inputs of list-applications. */
export const listApplicationsInputs = {
  api_key,
  project_id,
  name: optional(lines),
  region: optional(anyLine),
  deployment_strategy: optional(strategy),
  status: optional(anyLine),
  timeout: timeoutOf('1m'),
  api_url,
};

/** The inputs of create-application. */
export const createApplicationInputs = {
  api_key,
  project_id,
  name: required(anyLine),
  region_id: required(anyLine),
  instance_type_id: required(anyLine),
  instance_amount: withDefault('1', integer(1, 1_000)),
  deployment_strategy: withDefault('dockerfile', strategy),
  integration_id: optional(anyLine),
  repository_id: optional(anyLine),
  branch_id: optional(anyLine),
  container_registry_id: optional(anyLine),
  image_name: optional(anyLine),
  image_tag: optional(imageTag),
  timeout: timeoutOf('1m'),
  api_url,
};

export type DeployInputs = Values<typeof deployInputs>;

/** @throws StepFailure that lists every problem of the inputs, each with what is allowed. */
export function readDeployInputs(): DeployInputs {
  return read(deployInputs, (given) => {
    const problems: string[] = [];
    if (given('application_id') === given('application_name')) {
      problems.push(
        given('application_id')
          ? '`application_id` and `application_name`: give one of them, not both'
          : '`application_id`: not given; it (or `application_name`) says what to deploy',
      );
    }
    if (given('reuse_existing', 'true') && !given('expected_sha') && !given('image_tag')) {
      problems.push(
        '`reuse_existing`: true needs `expected_sha` or `image_tag`, to tell which deployment may be reused',
      );
    }
    if (given('verify_rollout', 'true') && given('wait', 'false')) {
      problems.push('`verify_rollout`: true needs `wait: true`');
    }
    if (given('environment_url') && !given('environment')) {
      problems.push('`environment_url`: needs `environment`');
    }
    return problems;
  });
}

/** @throws StepFailure that lists every problem of the inputs, each with what is allowed. */
export function readListApplicationsInputs(): Values<typeof listApplicationsInputs> {
  return read(listApplicationsInputs, () => []);
}

/** @throws StepFailure that lists every problem of the inputs, each with what is allowed. */
export function readCreateApplicationInputs(): Values<typeof createApplicationInputs> {
  const forGit = ['integration_id', 'repository_id', 'branch_id'];
  const forImages = ['container_registry_id', 'image_name'];
  return read(createApplicationInputs, (given) => {
    const isImage = given('deployment_strategy', 'prebuilt_image');
    const isGit =
      given('deployment_strategy', 'dockerfile') || given('deployment_strategy', 'buildpacks');
    if (!isImage && !isGit) return [];
    const [needed, foreign] = isImage ? [forImages, forGit] : [forGit, [...forImages, 'image_tag']];
    const word =
      runner.getInput('deployment_strategy') || createApplicationInputs.deployment_strategy.default;
    return [
      ...needed
        .filter((name) => !given(name))
        .map((name) => `\`${name}\`: not given; the deployment strategy ${word} requires it`),
      ...foreign
        .filter((name) => given(name))
        .map((name) => `\`${name}\`: not allowed with the deployment strategy ${word}`),
    ];
  });
}

/** Whether an input is given, or is given or defaults to that word. */
type Given = (name: string, word?: string) => boolean;

function read<Inputs extends Record<string, Input<unknown>>>(
  inputs: Inputs,
  check: (given: Given) => string[],
): Values<Inputs> {
  const secrets = Object.keys(inputs).filter((name) => inputs[name]?.secret);
  for (const name of secrets) hide(runner.getInput(name));

  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, input] of Object.entries(inputs)) {
    const given = runner.getInput(name);
    if (input.required && given === '') {
      problems.push(`\`${name}\`: required, but not given${input.secret ? EMPTY_SECRET : ''}`);
      continue;
    }
    try {
      values[name] = input.parse(given || input.default);
    } catch (error) {
      if (!(error instanceof NotAllowed)) throw error;
      const shown = input.secret ? 'the value' : JSON.stringify(withoutCredentials(given));
      problems.push(`\`${name}\`: ${shown} is not allowed; allowed is ${error.message}`);
    }
  }
  problems.push(
    ...check((name, word) => {
      const given = runner.getInput(name);
      if (word === undefined) return given !== '';
      return (given || inputs[name]?.default || '').toLowerCase() === word;
    }),
  );
  if (problems.length > 0) throw new StepFailure('Invalid inputs', problems.join('\n'));
  return values as Values<Inputs>;
}

const EMPTY_SECRET =
  '. Is the secret behind it set? Secrets are empty in workflows triggered from forks and by Dependabot';

/** Each line by itself as well: the runner masks a secret of several lines only as a whole. */
function hide(secret: string): void {
  for (const part of new Set([secret, ...lines(secret)])) runner.setSecret(part);
}

/** A URL's user name and password are secrets too. */
function withoutCredentials(text: string): string {
  return text.replace(/\/\/[^/]*@/g, '//***@').slice(0, 200);
}
