import {
  anyLine,
  duration,
  InvalidValue,
  integer,
  lines,
  matching,
  oneOf,
  optional,
  readInputs,
  required,
  type Values,
  withDefault,
} from '../runner/inputs.ts';
import { isUuid } from './responses.ts';

/** The inputs that name things of Nodion's, and the tables of the actions that do without a plan. */

const uuid = matching('a UUID, such as 0ce705eb-fb11-485a-b380-82cdb8b97036', isUuid);

export const imageTag = matching(
  'an image tag: up to 128 letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`',
  isImageTag,
);

/** Whether it can be a tag of an image. */
export function isImageTag(text: string): boolean {
  return /^\w[\w.-]{0,127}$/.test(text);
}

const strategy = oneOf('dockerfile', 'buildpacks', 'prebuilt_image');

function apiKey(text: string): string {
  if (!/^[\x21-\x7e]+$/.test(text)) {
    throw new InvalidValue(
      'expected the key alone, without spaces, line breaks or other characters outside printable ASCII',
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
    throw new InvalidValue(
      'expected an https:// address, or http:// on loopback, without credentials, query or fragment',
    );
  }
  return url.href.replace(/(?<!\/)\/+$/, '');
}

/** How to reach Nodion: the inputs that all actions share. */
export const connectionInputs = {
  api_key: { ...required(apiKey), secret: true },
  project_id: optional(uuid),
  api_url: withDefault('https://api.nodion.com/v1', apiUrl),
};

const { api_key, project_id, api_url } = connectionInputs;
const timeout = withDefault('1m', duration);

/** The inputs of list-applications. */
export const listApplicationsInputs = {
  api_key,
  project_id,
  name: optional(lines),
  region: optional(anyLine),
  deployment_strategy: optional(strategy),
  status: optional(anyLine),
  timeout,
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
  timeout,
  api_url,
};

/** @throws StepFailure that lists every problem of the inputs, each with what is allowed. */
export function readListApplicationsInputs(): Values<typeof listApplicationsInputs> {
  return readInputs(listApplicationsInputs);
}

const FOR_GIT = ['integration_id', 'repository_id', 'branch_id'];
const FOR_IMAGES = ['container_registry_id', 'image_name'];
const STRATEGIES: Readonly<Record<string, { needed: string[]; foreign: string[] }>> = {
  dockerfile: { needed: FOR_GIT, foreign: [...FOR_IMAGES, 'image_tag'] },
  buildpacks: { needed: FOR_GIT, foreign: [...FOR_IMAGES, 'image_tag'] },
  prebuilt_image: { needed: FOR_IMAGES, foreign: FOR_GIT },
};

/** @throws StepFailure that lists every problem of the inputs, each with what is allowed. */
export function readCreateApplicationInputs(): Values<typeof createApplicationInputs> {
  return readInputs(createApplicationInputs, (isProvided) => {
    const word = Object.keys(STRATEGIES).find((one) => isProvided('deployment_strategy', one));
    const { needed = [], foreign = [] } = STRATEGIES[word ?? ''] ?? {};
    return [
      ...needed
        .filter((name) => !isProvided(name))
        .map((name) => `\`${name}\` is required with the deployment strategy ${word}.`),
      ...foreign
        .filter((name) => isProvided(name))
        .map((name) => `\`${name}\` is not allowed with the deployment strategy ${word}.`),
    ];
  });
}
