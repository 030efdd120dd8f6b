import { expect } from '@jest/globals';
import { answer, FAULTS } from '../../fakes/faults.ts';
import type { CatalogueEndpoint } from '../../fakes/nodion/catalogue.ts';
import type { Endpoint } from '../../fakes/nodion/state.ts';
import { PAYLOADS } from '../../fakes/payloads.ts';
import { annotations, type Stage } from '../../fakes/stage.ts';
import { scenario } from '../scenario.ts';

const CREATE: Endpoint = 'POST /applications';
const BRANCHES = 'GET /integrations/:id/repositories/:id/branches';
const names = { name: 'shop', region: 'fra', instance_type: 'sb-g1-512mb' };
const image = {
  ...{ deployment_strategy: 'prebuilt_image', container_registry: 'Docker Hub' },
  image_name: 'nginx',
};
const create = ({ run }: Stage, inputs: Record<string, string>) =>
  run({ action: 'create-application', inputs });

const FORBIDDEN =
  'Check the key behind `api_key`: its scopes must cover this request, and it must belong to the project (for a user API key, see `project_id`).';
const NOT_THERE = 'Check `api_url` if it is set, and, for a user API key, `project_id`.';
const NOT_IN_PROJECT =
  'Check the ID 1c1e4b7a-6d1f-4a52-9a57-0f6f2f1d2c3b, that it is in the project of the key behind `api_key` (for a user API key, set `project_id`), and `api_url` if it is set.';
const GIT_IDS = '`integration_id`, `repository_id` and `branch_id`';
/** The endpoint, what is advised where it answers 404, and the inputs that do without. */
const LOOK_UPS: [CatalogueEndpoint, string, string][] = [
  ['GET /regions', NOT_THERE, '`region_id`'],
  ['GET /instance_types', NOT_THERE, '`instance_type_id`'],
  ['GET /container_registries', NOT_THERE, '`container_registry_id`'],
  ['GET /integrations', NOT_THERE, GIT_IDS],
  ['GET /integrations/:id/repositories', NOT_IN_PROJECT, GIT_IDS],
  [BRANCHES, NOT_IN_PROJECT, GIT_IDS],
];

for (const [on, missing, inputs] of LOOK_UPS) {
  const route = on.replace('repositories/:id', 'repositories/:repository_id');
  const given = on === 'GET /container_registries' ? { ...names, ...image } : names;
  const instead = `Or use ${inputs}: IDs are not looked up.`;
  for (const [status, advice] of [
    [403, FORBIDDEN],
    [404, missing],
  ] as const) {
    scenario(`${status} to ${on} ends the step with the IDs to use`, async (stage) => {
      const { nodion } = stage;
      nodion.fail({ on, fault: answer(status, { error: 'No' })(false) });
      const run = await create(stage, given);
      expect(run.exitCode).toBe(1);
      expect(annotations(run, 'error')).toEqual([
        `Nodion answered ${status} to ${route}: No.\n${advice} ${instead}`,
      ]);
      expect(nodion.requestsTo(CREATE)).toEqual([]);
    });
  }

  scenario(`500 to ${on} is tried again, until the timeout`, async (stage) => {
    const { nodion } = stage;
    const fault = answer(500)(false);
    nodion.fail({ on, fault, times: 2 });
    expect((await create(stage, given)).exitCode).toBe(0);
    nodion.applications.splice(0);
    nodion.fail({ on, fault, times: 99 });
    const run = await create(stage, given);
    expect(run.exitCode).toBe(1);
    const { host } = new URL(nodion.url);
    expect(annotations(run, 'error')).toEqual([
      `The \`timeout\` expired before the step was done.\nThe last failure: ${host} answered 500 to ${route}. Nodion, or a gateway before it, is down or busy: run the job again later. ${instead}`,
    ]);
    expect(nodion.applications).toEqual([]);
  });

  const list = on.slice(on.lastIndexOf('/') + 1);
  for (const [what, body, problem] of [
    ['no list', { [list]: { fra: {} } }, 'not a list'],
    ['a list of its own', [], `no \`${list}\``],
    ['an item without an ID', { [list]: [{ name: 'x' }] }, 'no valid `id`'],
    ['an ID that changes a path', { [list]: [{ id: '..' }] }, 'an invalid `id`'],
    ['null', { [list]: [null] }, 'no valid `id`'],
  ] as const) {
    scenario(`An answer to ${on} that has ${what} is red`, async (stage) => {
      const { nodion } = stage;
      nodion.fail({ on, fault: answer(200, body)(false), times: 99 });
      const run = await create(stage, given);
      const { host } = new URL(nodion.url);
      expect(annotations(run, 'error')).toEqual([
        `The \`timeout\` expired before the step was done.\nThe last failure: ${host} answered 200 to ${route}, but not as documented: ${problem}. Check what answers at \`api_url\`: Nodion itself, or a gateway or proxy before it. ${instead}`,
      ]);
      expect(nodion.requestsTo(CREATE)).toEqual([]);
    });
  }

  // An integration needs no name.
  if (on === 'GET /integrations') continue;
  scenario(`Names that ${on} leaves out or has as null are no names`, async (stage) => {
    const { nodion } = stage;
    const odd = [
      { id: 'x' },
      { id: 'y', name: null, slug: null, full_name: null },
      { id: 'z', name: 7 },
    ];
    nodion.fail({ on, fault: answer(200, { [list]: odd })(false) });
    const run = await create(stage, given);
    expect(annotations(run, 'error')[0]).toMatch(
      /^No .* is called ".*"; Nodion gives no names for those that it lists: use `\w+_id`\./,
    );
  });
}

scenario('Whatever a look-up meets once, the application is created', async (stage) => {
  const { nodion } = stage;
  for (const fault of Object.values(FAULTS)) {
    nodion.applications.splice(0);
    nodion.fail(...LOOK_UPS.map(([on]) => ({ on, fault: fault(true) })));
    const run = await create(stage, names);
    expect(run.exitCode).toBe(0);
    expect(nodion.applications).toHaveLength(1);
  }
});

scenario('A cancelled look-up creates nothing', async (stage) => {
  const { nodion, cancelWhen } = stage;
  nodion.fail({ on: 'GET /regions', fault: { kind: 'hang', carriedOut: false } });
  const isAsked = () => nodion.requestsTo(BRANCHES).length > 0;
  const run = await stage.run({
    action: 'create-application',
    inputs: names,
    ...cancelWhen(isAsked),
  });
  expect(run.exitCode).toBe(1);
  expect(annotations(run, 'error')).toEqual(['The step was cancelled before it was done.']);
  expect(nodion.requestsTo(CREATE)).toEqual([]);
});

scenario('What others call things stays text', async (stage) => {
  const { catalogue } = stage.nodion;
  const [integration] = catalogue.integrations;
  for (const payload of PAYLOADS) {
    catalogue.regions.splice(0, 9, { id: 'r', status: 'available', name: payload, slug: payload });
    Object.assign(integration ?? {}, { service_type: payload, username: payload });
    catalogue.integrations.splice(1, 9, {
      ...(integration as NonNullable<typeof integration>),
      id: 'i-2',
    });
    const run = await create(stage, names);
    expect(run.exitCode).toBe(1);
    const [error = ''] = annotations(run, 'error');
    const lines = error.split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line.length).toBeLessThan(600);
    expect(run.commands.filter(({ name }) => name !== 'error' && name !== 'add-mask')).toEqual([]);
    expect(run.summary).not.toMatch(/<(?:img|script|b|i)[\s>]/);
  }
});
