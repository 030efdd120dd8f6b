import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { FakeNodion } from '../../fakes/nodion/server.ts';
import { annotations, type Stage } from '../../fakes/stage.ts';
import { scenario } from '../scenario.ts';

const list = ({ run }: Stage, inputs: Record<string, string> = {}) =>
  run({ action: 'list-applications', inputs });

function populate(nodion: FakeNodion): void {
  nodion.addApplication({ name: 'web-eu', status: 'online' });
  nodion.addApplication({ name: 'web-us', region: { id: 'r2', name: 'New York', slug: 'nyc' } });
  nodion.addApplication({ name: 'api.eu', deployment_strategy: 'prebuilt_image' });
  nodion.addApplication({ name: 'old', status: 'offline' });
}

const SELECTIONS: [Record<string, string>, string[]][] = [
  [{}, ['web-eu', 'web-us', 'api.eu', 'old']],
  [{ name: 'web-*' }, ['web-eu', 'web-us']],
  [{ name: '???' }, ['old']],
  [{ name: 'api.eu\nold' }, ['api.eu', 'old']],
  [{ name: 'api?eu' }, ['api.eu']],
  [{ name: 'api.*,old' }, ['api.eu', 'old']],
  [{ name: '["api.eu", "web-u?"]' }, ['web-us', 'api.eu']],
  [{ name: '', allow_empty: 'true' }, ['web-eu', 'web-us', 'api.eu', 'old']],
  [{ name: '**e*?eu*' }, ['web-eu']],
  [{ region: 'nyc' }, ['web-us']],
  [{ deployment_strategy: 'prebuilt_image' }, ['api.eu']],
  [{ status: 'offline' }, ['old']],
  [
    { name: 'web-*', region: 'fra', status: 'online', deployment_strategy: 'dockerfile' },
    ['web-eu'],
  ],
];

for (const [filters, names] of SELECTIONS) {
  const shown = JSON.stringify(filters).slice(0, 100);
  scenario(`The filters ${shown} select ${names.join(', ') || 'nothing'}`, async (stage) => {
    const { nodion } = stage;
    populate(nodion);
    const run = await list(stage, filters);
    expect(run.exitCode).toBe(0);
    const { applications, ids, count, matrix } = run.outputs;
    const found = nodion.applications.filter(({ name }) => names.includes(name));
    expect(JSON.parse(ids ?? '')).toEqual(found.map(({ id }) => id));
    expect(count).toBe(String(names.length));
    expect(JSON.parse(matrix ?? '')).toEqual({
      include: found.map(({ id, name, region, deployment_strategy, status }) => ({
        id,
        name,
        region: region.slug,
        deployment_strategy,
        status,
      })),
    });
    expect(JSON.parse(applications ?? '')).toMatchObject(
      found.map(({ id, instance_type_id, workers }) => ({ id, instance_type_id, workers })),
    );
    expect(annotations(run, 'warning')).toEqual([]);
    expect(Object.keys(run.outputs)).toEqual(['count', 'ids', 'matrix', 'applications']);
  });
}

const NEAREST = 'In the project, with 4 applications, the nearest names are';
const NONE_FOUND: [Record<string, string>, string[]][] = [
  [
    { name: 'web.eu' },
    ['No application matches `name` "web.eu".', `${NEAREST} "web-eu", "web-us", "api.eu", "old".`],
  ],
  [
    { name: 'WEB-*' },
    ['No application matches `name` "WEB-*".', `${NEAREST} "web-eu", "web-us", "api.eu", "old".`],
  ],
  [
    { name: '[a-z]*, ol' },
    [
      'No application matches `name` "[a-z]*" or "ol".',
      `${NEAREST} "api.eu", "web-eu", "web-us", "old".`,
    ],
  ],
  [
    { name: 'web-*', region: 'nyc', status: 'offline' },
    [
      'No application matches `name` "web-*" and `region` "nyc" and `status` "offline".',
      `${NEAREST} "web-eu", "web-us", "api.eu", "old"; \`region\` is "fra" or "nyc"; \`status\` is "online" or "offline".`,
    ],
  ],
];

for (const [filters, lines] of NONE_FOUND) {
  scenario(`None of ${JSON.stringify(filters)} is red`, async (stage) => {
    populate(stage.nodion);
    const run = await list(stage, filters);
    expect(run.exitCode).toBe(1);
    expect(annotations(run, 'error')[0]?.split('\n')).toEqual([
      ...lines,
      'Where that is no mistake, set `allow_empty: true`.',
    ]);
    const allowed = await list(stage, { ...filters, allow_empty: 'true' });
    expect(allowed.exitCode).toBe(0);
    expect(annotations(allowed, 'warning')[0]?.split('\n')).toEqual(lines);
    expect(allowed.outputs).toMatchObject({ count: '0', ids: '[]', matrix: '{"include":[]}' });
  });
}

scenario('A glob of hundreds of stars costs no time', async (stage) => {
  populate(stage.nodion);
  const run = await list(stage, { name: `${'*a'.repeat(200)}*`, allow_empty: 'true' });
  expect(run.exitCode).toBe(0);
});

scenario('An empty project is red, and told as that', async (stage) => {
  const run = await list(stage);
  expect(run.exitCode).toBe(1);
  expect(annotations(run, 'error')[0]).toContain('The project has no applications');
});

scenario('A glob is the same in another normal form', async (stage) => {
  stage.nodion.addApplication({ name: 'caf\u00e9-web' });
  expect((await list(stage, { name: 'cafe\u0301-*' })).outputs.count).toBe('1');
});

scenario('More than a matrix holds are listed with a warning', async (stage) => {
  for (let index = 0; index < 257; index += 1) stage.nodion.addApplication({ name: `s-${index}` });
  const run = await list(stage, { name: 's-*' });
  expect(run.exitCode).toBe(0);
  expect(annotations(run, 'warning')).toEqual([
    '257 applications are more than the 256 jobs that GitHub allows in a matrix: narrow the filters, or split `ids`.',
  ]);
});

for (const [inputs, message] of [
  [
    { deployment_strategy: 'docker' },
    '`deployment_strategy`: "docker" is invalid; expected one of dockerfile, buildpacks, prebuilt_image.',
  ],
  [
    { project_id: 'mine' },
    '`project_id`: "mine" is invalid; expected a UUID, such as 0ce705eb-fb11-485a-b380-82cdb8b97036.',
  ],
  [{ name: '[","]' }, '`name`: "[\\",\\"]" is invalid; expected a name.'],
  [{ name: ' , ,\n,' }, '`name`: ", ,\\n," is invalid; expected a name.'],
  [
    { api_key: '' },
    '`api_key` is required. Is the secret behind it set? A secret is empty in workflows triggered from forks and by Dependabot, and one of an environment is empty in a job without that `environment:`.',
  ],
] as [Record<string, string>, string][]) {
  scenario(`No list is asked for with ${JSON.stringify(inputs)}`, async (stage) => {
    const run = await list(stage, inputs);
    expect(run.exitCode).toBe(1);
    expect(stage.nodion.requests).toEqual([]);
    expect(annotations(run, 'error')).toEqual([message]);
  });
}

scenario('A list of applications survives transient errors', async (stage) => {
  populate(stage.nodion);
  stage.nodion.fail({ on: 'GET /applications', times: 2, fault: answer(502, '<html>')(false) });
  expect((await list(stage)).exitCode).toBe(0);
});

scenario('A list of applications that never comes is red at the timeout', async (stage) => {
  stage.nodion.fail({ on: 'GET /applications', times: 99, fault: answer(503)(false) });
  const run = await list(stage, { timeout: '30s' });
  expect(run.exitCode).toBe(1);
  expect(annotations(run, 'error')).toEqual([
    `The \`timeout\` expired before the step was done.\nThe last failure: ${new URL(stage.nodion.url).host} answered 503 to GET /applications. Nodion, or a gateway before it, is down or busy: run the job again later.`,
  ]);
});
