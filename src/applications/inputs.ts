import { connectionInputs } from '../nodion/connection-inputs.ts';
import { imageTag } from '../registry/image-tag-input.ts';
import {
  anyLine,
  boolean,
  duration,
  integer,
  lines,
  oneOf,
  optional,
  readInputs,
  required,
  split,
  type Values,
  withDefault,
} from '../runner/inputs.ts';

const { api_key, project_id, api_url } = connectionInputs;
const strategy = oneOf('dockerfile', 'buildpacks', 'prebuilt_image');
const timeout = withDefault('1m', duration);

/** The inputs of list-applications. */
export const listApplicationsInputs = {
  api_key,
  project_id,
  name: optional(globs),
  region: optional(anyLine),
  deployment_strategy: optional(strategy),
  status: optional(anyLine),
  allow_empty: withDefault('false', boolean),
  timeout,
  api_url,
};

/** A line with commas is several, or one of a name with commas. */
function globs(text: string): string[] {
  return lines(text).flatMap((line) => [...new Set([line, ...split(line, /,/)])]);
}

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
  image_tag: imageTag,
  timeout,
  api_url,
};

/** @throws StepFailure that lists every problem of the inputs, each with what is allowed. */
export function readListApplicationsInputs(): Promise<Values<typeof listApplicationsInputs>> {
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
export function readCreateApplicationInputs(): Promise<Values<typeof createApplicationInputs>> {
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
