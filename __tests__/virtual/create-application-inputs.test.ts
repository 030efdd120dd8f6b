import { expect } from '@jest/globals';
import { annotations } from '../../fakes/stage.ts';
import { scenario } from '../scenario.ts';

const common = {
  name: 'shop',
  region_id: '428d037e-9ba6-4dab-92bd-8d816c523126',
  instance_type_id: 'ccdcd297-702b-4f51-ad21-7ca481c08920',
};
const git = { ...common, integration_id: 'i-1', repository_id: '4711', branch_id: 'b-1' };
const image = {
  ...common,
  deployment_strategy: 'prebuilt_image',
  container_registry_id: 'r-1',
  image_name: 'nginx',
};

const REFUSED: [string, Record<string, string>, string[]][] = [
  [
    'nothing given',
    {},
    [
      '`name` is required.',
      '`region` or `region_id` is required.',
      '`instance_type` or `instance_type_id` is required.',
    ],
  ],
  [
    'a repository’s ID alone',
    { ...common, repository_id: '4711' },
    [
      '`integration_id` is required with `repository_id`.',
      '`branch` or `branch_id` is required with `repository_id`.',
    ],
  ],
  [
    'names together with IDs, and one that does not fit',
    {
      ...git,
      region: 'fra',
      instance_type: 'sb-g1-512mb',
      repository: 'octo-org/octo-repo',
      branch: 'main',
      container_registry: 'Docker Hub',
    },
    [
      'Use `region` or `region_id`, not both.',
      'Use `instance_type` or `instance_type_id`, not both.',
      'Use `repository` or `repository_id`, not both.',
      'Use `branch` or `branch_id`, not both.',
      '`container_registry` is not allowed with the deployment strategy dockerfile.',
    ],
  ],
  [
    'a registry by name and ID, and a repository for an image',
    { ...image, container_registry: 'Docker Hub', repository: 'octo-org/octo-repo' },
    [
      'Use `container_registry` or `container_registry_id`, not both.',
      '`repository` is not allowed with the deployment strategy prebuilt_image.',
    ],
  ],
  [
    'what is no repository, and IDs that would change a path',
    { ...common, repository: 'octo-repo', integration_id: '..', repository_id: 'a/b' },
    [
      '`repository`: "octo-repo" is invalid; expected the repository as owner/name.',
      '`integration_id`: ".." is invalid; expected an ID of letters, digits, `-` and `_`.',
      '`repository_id`: "a/b" is invalid; expected an ID of letters, digits, `-` and `_`.',
      '`branch` or `branch_id` is required with `repository_id`.',
      'Use `repository` or `repository_id`, not both.',
    ],
  ],
  [
    'an image application without an image',
    { ...common, deployment_strategy: 'prebuilt_image', instance_amount: '0' },
    [
      '`instance_amount`: "0" is invalid; expected a whole number from 1 to 1000.',
      '`container_registry` or `container_registry_id` is required with the deployment strategy prebuilt_image.',
      '`image_name` is required with the deployment strategy prebuilt_image.',
    ],
  ],
  ...['acme/shop:v1', 'acme/shop@sha256:0', 'https://ghcr.io/acme/shop', 'acme/my shop'].map(
    (image_name): [string, Record<string, string>, string[]] => [
      `an image's name that is none: ${image_name}`,
      { ...image, image_name },
      [
        `\`image_name\`: "${image_name}" is invalid; expected an image's name without a tag, such as acme/shop.`,
      ],
    ],
  ),
  [
    'an image for a Git-based application',
    { ...git, image_name: 'nginx' },
    ['`image_name` is not allowed with the deployment strategy dockerfile.'],
  ],
  [
    'a strategy of its own',
    { ...git, deployment_strategy: 'ftp' },
    [
      '`deployment_strategy`: "ftp" is invalid; expected one of dockerfile, buildpacks, prebuilt_image.',
    ],
  ],
];

for (const [what, inputs, problems] of REFUSED) {
  scenario(`No application is created from ${what}, all problems named`, async (stage) => {
    const run = await stage.run({ action: 'create-application', inputs });
    expect(run.exitCode).toBe(1);
    expect(stage.nodion.requests).toEqual([]);
    expect(annotations(run, 'error')).toEqual([problems.join('\n')]);
  });
}

scenario('Without a workflow’s repository one is required', async (stage) => {
  const run = await stage.run({
    action: 'create-application',
    inputs: common,
    env: { GITHUB_REPOSITORY: '' },
  });
  expect(annotations(run, 'error')).toEqual([
    '`repository` or `repository_id` is required with the deployment strategy dockerfile.',
  ]);
  expect(stage.nodion.requests).toEqual([]);
});
