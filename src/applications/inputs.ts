import { isPlainId } from '../nodion/catalogue-items.ts';
import { connectionInputs } from '../nodion/connection-inputs.ts';
import { imageTag } from '../registry/image-tag-input.ts';
import {
  anyLine,
  boolean,
  duration,
  InvalidValue,
  integer,
  lines,
  matching,
  oneOf,
  optional,
  readInputs,
  required,
  split,
  type Values,
  withDefault,
} from '../runner/inputs.ts';
import { NAMES } from './new-application.ts';

const { api_key, project_id, api_url } = connectionInputs;
const STRATEGIES = ['dockerfile', 'buildpacks', 'prebuilt_image'];
const strategy = oneOf(...STRATEGIES);
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
  const patterns = lines(text).flatMap((line) => [...new Set([line, ...split(line, /,/)])]);
  if (patterns.every((one) => /^[\s,]*$/.test(one))) throw new InvalidValue('expected a name');
  return patterns;
}

const repository = matching('the repository as owner/name', isRepository);
/** A colon is before a registry's port only. */
const imageName = matching("an image's name without a tag, such as acme/shop", (text) =>
  /^(?:[^\s@:/]+:\d+\/)?[^\s@:]+$/.test(text),
);
/** It may stand in the path of a look-up. */
const plainId = matching('an ID of letters, digits, `-` and `_`', isPlainId);

/** The inputs of create-application. */
export const createApplicationInputs = {
  api_key,
  project_id,
  name: required(anyLine),
  region: optional(anyLine),
  region_id: optional(anyLine),
  instance_type: optional(anyLine),
  instance_type_id: optional(anyLine),
  instance_amount: withDefault('1', integer(1, 1_000)),
  deployment_strategy: withDefault('dockerfile', strategy),
  repository: optional(repository),
  branch: optional(anyLine),
  integration_id: optional(plainId),
  repository_id: optional(plainId),
  branch_id: optional(anyLine),
  container_registry: optional(anyLine),
  container_registry_id: optional(anyLine),
  image_name: optional(imageName),
  image_tag: imageTag,
  timeout,
  api_url,
};

function isRepository(text: string): boolean {
  return /^[^\s/]+(?:\/[^\s/]+)+$/.test(text);
}

/** @throws StepFailure that lists every problem of the inputs, each with what is allowed. */
export function readListApplicationsInputs(): Promise<Values<typeof listApplicationsInputs>> {
  return readInputs(listApplicationsInputs);
}

const FOR_GIT = ['repository', 'branch', 'integration_id', 'repository_id', 'branch_id'];
const FOR_IMAGES = ['container_registry', 'container_registry_id', 'image_name', 'image_tag'];

/**
 * With the workflow's own repository, where a Git-based application is given none.
 * @throws StepFailure that lists every problem of the inputs, each with what is allowed.
 */
export async function readCreateApplicationInputs(): Promise<
  Values<typeof createApplicationInputs>
> {
  const { GITHUB_REPOSITORY: own = '' } = process.env;
  const inputs = await readInputs(createApplicationInputs, (isProvided) => {
    const word = STRATEGIES.find((one) => isProvided('deployment_strategy', one));
    const isImage = word === 'prebuilt_image';
    const isGit = word !== undefined && !isImage;
    const hasRepositoryId = isGit && isProvided('repository_id');
    const withWord = ` with the deployment strategy ${word}`;
    const needed: readonly [isNeeded: boolean, names: readonly string[], why: string][] = [
      [true, ['region', 'region_id'], ''],
      [true, ['instance_type', 'instance_type_id'], ''],
      [isGit && !isRepository(own), ['repository', 'repository_id'], withWord],
      [hasRepositoryId, ['integration_id'], ' with `repository_id`'],
      [hasRepositoryId, ['branch', 'branch_id'], ' with `repository_id`'],
      [isImage, ['container_registry', 'container_registry_id'], withWord],
      [isImage, ['image_name'], withWord],
    ];
    const foreign = isGit ? FOR_IMAGES : isImage ? FOR_GIT : [];
    return [
      ...needed
        .filter(([isNeeded, names]) => isNeeded && !names.some((name) => isProvided(name)))
        .map(([, names, why]) => `\`${names.join('` or `')}\` is required${why}.`),
      ...NAMES.filter((name) => isProvided(name) && isProvided(`${name}_id`)).map(
        (name) => `Use \`${name}\` or \`${name}_id\`, not both.`,
      ),
      ...foreign
        .filter((name) => isProvided(name))
        .map((name) => `\`${name}\` is not allowed${withWord}.`),
    ];
  });
  const isOwn = inputs.deployment_strategy !== 'prebuilt_image' && inputs.repository_id === null;
  return { ...inputs, repository: inputs.repository ?? (isOwn ? own : null) };
}
