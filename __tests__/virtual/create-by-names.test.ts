import { expect } from '@jest/globals';
import type { FakeNodion } from '../../fakes/nodion/server.ts';
import type { Endpoint } from '../../fakes/nodion/state.ts';
import { annotations, type Stage } from '../../fakes/stage.ts';
import { scenario } from '../scenario.ts';

const LIST: Endpoint = 'GET /applications';
const CREATE: Endpoint = 'POST /applications';
const REPOSITORIES = 'GET /integrations/:id/repositories';
const BRANCHES = 'GET /integrations/:id/repositories/:id/branches';
const GIT_LOOK_UPS = ['GET /integrations', REPOSITORIES, BRANCHES];
const LOOK_UPS = ['GET /regions', 'GET /instance_types', ...GIT_LOOK_UPS];

const names = { name: 'shop', region: 'fra', instance_type: 'sb-g1-512mb' };
const image = {
  ...{ deployment_strategy: 'prebuilt_image', container_registry: 'Docker Hub' },
  image_name: 'nginx',
};
const ids = {
  region_id: '428d037e-9ba6-4dab-92bd-8d816c523126',
  instance_type_id: 'ccdcd297-702b-4f51-ad21-7ca481c08920',
};
const gitIds = {
  integration_id: '1c1e4b7a-6d1f-4a52-9a57-0f6f2f1d2c3b',
  repository_id: '2f0b6c1e-3a52-4b7a-9a57-0f6f2f1d2c3b',
};
const MAIN = '3e9d1f3a-6c1e-4b7a-9a57-0f6f2f1d2c3b';
const CART = '4a7b6c1e-3a52-4b7a-9a57-0f6f2f1d2c3b';
const DOCKER_HUB = '5d2c8e1f-7b3a-4c5d-9e6f-1a2b3c4d5e6f';

const create = ({ run }: Stage, inputs: Record<string, string>) =>
  run({ action: 'create-application', inputs });
const bodies = (nodion: FakeNodion) =>
  nodion.requestsTo(CREATE).map(({ body }) => JSON.parse(body));
const endpoints = ({ requests }: FakeNodion) => requests.map(({ endpoint }) => endpoint);

const git = { deployment_strategy: 'dockerfile', ...ids, ...gitIds };
const FOUND: [string, Record<string, string>, object, string[]][] = [
  [
    'the workflow’s repository and its default branch',
    names,
    { ...git, branch_id: MAIN },
    LOOK_UPS,
  ],
  [
    'a repository and a branch, in another case and form',
    {
      ...{ name: 'shop', region: 'FRA', instance_type: 'SB-G1-512MB', branch: 'feature/cart' },
      ...{ repository: 'Octo-Org/octo-repo', deployment_strategy: 'buildpacks' },
    },
    { ...git, branch_id: CART, deployment_strategy: 'buildpacks' },
    LOOK_UPS,
  ],
  [
    'a container registry',
    { ...names, ...image, container_registry: 'docker  hub' },
    {
      ...{ ...ids, deployment_strategy: 'prebuilt_image', image_name: 'nginx' },
      container_registry_id: DOCKER_HUB,
    },
    ['GET /regions', 'GET /instance_types', 'GET /container_registries'],
  ],
  [
    'a branch of a repository by its ID',
    { name: 'shop', ...ids, ...gitIds, branch: 'feature/cart' },
    { ...git, branch_id: CART },
    [BRANCHES],
  ],
  [
    'a repository of an integration by its ID, and the ID of a branch',
    { name: 'shop', ...ids, integration_id: gitIds.integration_id, branch_id: 'b-1' },
    { ...git, branch_id: 'b-1' },
    [REPOSITORIES],
  ],
];

for (const [what, inputs, body, lookUps] of FOUND) {
  scenario(`An application is created from ${what}, with no other look-ups`, async (stage) => {
    const { nodion } = stage;
    const run = await create(stage, inputs);
    expect(run.exitCode).toBe(0);
    expect(bodies(nodion)).toEqual([{ name: 'shop', instance_amount: 1, ...body }]);
    const asked = endpoints(nodion);
    expect(asked).toHaveLength(lookUps.length + 4);
    expect(asked.slice(1, -3).sort()).toEqual([...lookUps].sort());
    // Just before it: somebody else may have created it during the look-ups.
    expect([asked[0], ...asked.slice(-3)]).toEqual([LIST, LIST, CREATE, LIST]);
    expect(run.summary).toContain('<td><code>fra</code></td>');
  });
}

scenario('IDs alone are not looked up', async (stage) => {
  const { nodion } = stage;
  const run = await create(stage, { name: 'shop', ...ids, ...gitIds, branch_id: MAIN });
  expect(run.exitCode).toBe(0);
  expect(endpoints(nodion)).toEqual([LIST, CREATE, LIST]);
});

scenario('Nothing is looked up for an application that exists', async (stage) => {
  const { nodion } = stage;
  const { id } = nodion.addApplication({ name: 'Shop' });
  const run = await create(stage, { ...names, region: 'FRA', branch: 'gone' });
  expect(run.outputs).toMatchObject({ id, created: 'false' });
  expect(endpoints(nodion)).toEqual([LIST]);
});

scenario('An application in another region than the named one is red', async (stage) => {
  const { id } = stage.nodion.addApplication({ name: 'shop' });
  const run = await create(stage, { ...names, region: 'nyc' });
  expect(annotations(run, 'error')).toEqual([
    `An application called "shop" exists (${id}), but differs.\nThe application's \`region\` is fra, not nyc.\nNothing was created. Choose another name, or inputs that match the existing application.`,
  ]);
});

scenario('An application that appears during the look-ups is taken', async (stage) => {
  const { nodion } = stage;
  // Its list has an old slug of the region that was looked up.
  const region = { id: ids.region_id, name: 'Frankfurt, DE', slug: 'old' };
  nodion.fail({ on: 'GET /regions', fault: { kind: 'delay', ms: 2_000 } });
  const running = create(stage, names);
  while (nodion.requestsTo('GET /regions').length === 0) await stage.clock.sleep(10);
  const { id } = nodion.addApplication({ name: 'shop', region });
  const run = await running;
  expect(run.outputs).toMatchObject({ id, created: 'false' });
  expect(nodion.requestsTo(CREATE)).toEqual([]);
});

scenario('Look-ups are sent in parallel', async (stage) => {
  const { nodion } = stage;
  const on = [...LOOK_UPS, LIST] as Endpoint[];
  nodion.fail(
    ...on.map((one) => ({ on: one, fault: { kind: 'delay', ms: 1_000 }, times: 9 }) as const),
  );
  const run = await create(stage, names);
  expect(run.exitCode).toBe(0);
  // Three lists, and in turn the integrations, their repositories and a branch.
  expect(Math.round(run.durationMs / 1_000)).toBe(6);
});

const HINT =
  "A repository must be connected in Nodion's dashboard; without `repository` it is the workflow's own.";
const SYNCHRONISE = 'Nodion lists a new branch only after it was synchronised in the dashboard.';
const MISSING: [string, Record<string, string>, string[]][] = [
  [
    'region, instance type and branch',
    { ...names, region: 'euc', instance_type: 'SB-G1-1TB', branch: 'Main' },
    [
      `No region is called "euc"; the nearest names are "nyc", "fra".`,
      `No instance type is called "SB-G1-1TB"; the nearest names are "sb-g1-1gb", "sb-g1-512mb".`,
      `No branch of octo-org/octo-repo is called "Main"; the nearest names are "main", "feature/cart". ${SYNCHRONISE}`,
    ],
  ],
  [
    'repository',
    { ...names, repository: 'octo-org/octo' },
    [`No repository is called "octo-org/octo"; the nearest name is "octo-org/octo-repo". ${HINT}`],
  ],
  [
    'repository of the integration',
    { ...names, integration_id: gitIds.integration_id, repository: 'acme/shop' },
    [
      `No repository of the integration ${gitIds.integration_id} is called "acme/shop"; the nearest name is "octo-org/octo-repo". ${HINT}`,
    ],
  ],
  [
    'branch of the repository',
    { name: 'shop', ...ids, ...gitIds, branch: 'x' },
    [
      `No branch of ${gitIds.repository_id} is called "x"; the nearest names are "main", "feature/cart". ${SYNCHRONISE}`,
    ],
  ],
  [
    'container registry',
    { ...names, ...image, container_registry: 'GitHub' },
    [`No container registry is called "GitHub"; the nearest name is "Docker Hub".`],
  ],
  [
    'name, but an ID,',
    { ...names, region: ids.region_id },
    [`No region is called "${ids.region_id}"; that is an ID: use \`region_id\`.`],
  ],
];

for (const [what, inputs, problems] of MISSING) {
  scenario(`No such ${what} is told with what there is`, async (stage) => {
    const run = await create(stage, inputs);
    expect(run.exitCode).toBe(1);
    expect(annotations(run, 'error')).toEqual([[...problems, 'Nothing was created.'].join('\n')]);
    expect(stage.nodion.applications).toEqual([]);
    expect(run.summary).toMatch(/^<h3>❌ Not created<\/h3>\n<p>No .* is called/);
  });
}

scenario('Of many names the five nearest are listed', async (stage) => {
  const { branches } = stage.nodion.catalogue.integrations[0]?.repositories[0] ?? {};
  for (let at = 0; at < 3_000; at += 1) branches?.push({ id: `b-${at}`, name: `wip/${at}` });
  branches?.push({ id: 'b', name: 'release/2.0' });
  const run = await create(stage, { ...names, branch: 'release/2.1' });
  expect(annotations(run, 'error')[0]).toMatch(
    /^No branch of octo-org\/octo-repo is called "release\/2\.1"; the nearest names are "release\/2\.0"(, "[^"]+"){4}\. Nodion lists/,
  );
});

scenario('Where there is nothing of a kind, that is told', async (stage) => {
  const { integrations, regions } = stage.nodion.catalogue;
  integrations.splice(0);
  regions.splice(0);
  const run = await create(stage, names);
  expect(annotations(run, 'error')).toEqual([
    `No region is called "fra"; Nodion lists none.\nNo repository is called "octo-org/octo-repo"; Nodion lists none. ${HINT}\nNothing was created.`,
  ]);
});

scenario('A repository that several integrations hold is told with their IDs', async (stage) => {
  const { integrations } = stage.nodion.catalogue;
  const [first] = integrations;
  const repositories = first?.repositories ?? [];
  integrations.push({ id: 'i-2', service_type: 'gitlab', username: null, repositories });
  const run = await create(stage, names);
  expect(annotations(run, 'error')).toEqual([
    `More than one integration holds the repository "octo-org/octo-repo": use \`integration_id\` as well, one of ${first?.id} (github, octo-org), i-2 (gitlab).\nNothing was created.`,
  ]);
  const chosen = await create(stage, { ...names, integration_id: 'i-2' });
  expect(chosen.exitCode).toBe(0);
  expect(bodies(stage.nodion)).toMatchObject([{ integration_id: 'i-2', branch_id: MAIN }]);
});

scenario(
  'A name that several have is told with their IDs, unless one has it by the letter',
  async (stage) => {
    const { catalogue } = stage.nodion;
    catalogue.addContainerRegistry('r-1', 'DOCKER HUB');
    const inputs = { ...names, ...image, container_registry: 'docker hub' };
    const run = await create(stage, inputs);
    expect(annotations(run, 'error')).toEqual([
      `More than one container registry is called "docker hub": use \`container_registry_id\` instead, one of ${DOCKER_HUB}, r-1.\nNothing was created.`,
    ]);
    await create(stage, { ...inputs, container_registry: 'DOCKER HUB' });
    expect(bodies(stage.nodion)).toMatchObject([{ container_registry_id: 'r-1' }]);
  },
);

scenario('A default branch that Nodion does not say is asked for', async (stage) => {
  const [repository] = stage.nodion.catalogue.integrations[0]?.repositories ?? [];
  Object.assign(repository ?? {}, { default_branch: null });
  const run = await create(stage, names);
  expect(annotations(run, 'error')).toEqual([
    'Nodion does not say which branch of octo-org/octo-repo is the default one: use `branch`.\nNothing was created.',
  ]);
});
