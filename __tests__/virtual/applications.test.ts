import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { Endpoint } from '../../fakes/nodion/state.ts';
import { annotations } from '../../fakes/stage.ts';
import { renderSummary } from '../../fakes/summary.ts';
import { life, scenario } from '../scenario.ts';

const LIST: Endpoint = 'GET /applications/:id/deployments';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';
const idsOf = (...applications: { id: string }[]) => applications.map(({ id }) => id).join(', ');

scenario('An application is found by name in as many requests as by id', async (stage) => {
  const { nodion, deploy } = stage;
  nodion.addApplication({ name: 'other' });
  const application = nodion.addApplication({ name: 'My App, v2' });
  const run = await deploy(null, { inputs: { application_name: 'My App, v2', wait: 'false' } });
  expect(run.exitCode).toBe(0);
  expect(run.outputs.application_id).toBe(application.id);
  expect(nodion.requests).toHaveLength(3);
});

scenario(
  'An application without a name stands in no other’s way',
  async ({ nodion, deploy, run }) => {
    const nameless = nodion.addApplication({ name: '' });
    nodion.addApplication({ name: 'web' });
    const web = await deploy(null, { inputs: { application_name: 'web' } });
    expect(web.exitCode).toBe(0);
    const itself = await deploy(nameless);
    expect(annotations(itself, 'notice')[0]).toContain(`Application ${nameless.id}: Deployment #1`);
    expect((await run({ action: 'list-applications' })).outputs.count).toBe('2');
  },
);

for (const application_name of ['web\n  api', 'web, api']) {
  const shown = JSON.stringify(application_name);
  scenario(`Several applications may be given by name: ${shown}`, async ({ nodion, deploy }) => {
    nodion.addApplication({ name: 'api' });
    nodion.addApplication({ name: 'web' });
    const run = await deploy(null, { inputs: { application_name } });
    expect(run.exitCode).toBe(0);
    expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
      { application_name: 'web' },
      { application_name: 'api' },
    ]);
  });
}

for (const [application_name, message] of [
  [
    'web',
    '2 applications are called "web": use `application_id` instead, one of IDS.\nNothing was triggered.',
  ],
  [
    'Web-Shop',
    'No application is called "Web-Shop"; the nearest names are "web", "webshop", "mailer".\nNothing was triggered.',
  ],
  [
    'mailer\nmailer',
    '`application_name`: "mailer\\nmailer" is invalid; it lists an application twice.',
  ],
  ['mailer, mailer', '`application_name` lists "mailer" twice.\nNothing was triggered.'],
  [
    ' , ,',
    '`application_name`: ", ," is invalid; expected one or more names, separated by line breaks or commas.',
  ],
] as const) {
  const shown = JSON.stringify(application_name);
  scenario(`The application name ${shown} is refused, and nothing triggered`, async (stage) => {
    const { nodion, deploy } = stage;
    nodion.addApplication({ name: 'mailer' });
    const twins = [nodion.addApplication({ name: 'web' }), nodion.addApplication({ name: 'web' })];
    nodion.addApplication({ name: 'webshop' });
    const run = await deploy(null, { inputs: { application_name } });
    expect(run.exitCode).toBe(1);
    expect(annotations(run, 'error')).toEqual([message.replace('IDS', idsOf(...twins))]);
    expect(nodion.requestsTo(TRIGGER)).toEqual([]);
    if (nodion.requests.length > 0) {
      expect(JSON.parse(run.outputs.deployments ?? '')).not.toEqual([]);
    }
  });
}

scenario('A name that a wrong key can’t look up triggers nothing', async ({ deploy }) => {
  const run = await deploy(null, {
    inputs: { application_name: 'web', api_key: 'wrong-key-77' },
  });
  expect(run.exitCode).toBe(1);
  expect(annotations(run, 'error')).toEqual([
    'Nodion refused the API key (401 Unauthorized).\nCreate a new key and update the secret behind `api_key`.\nNothing was triggered.',
  ]);
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
    {
      application_id: null,
      application_name: 'web',
      triggered: false,
      error: expect.stringContaining('401'),
    },
  ]);
});

scenario('All applications are followed to their ends, also when one fails', async (stage) => {
  const { nodion, deploy } = stage;
  const web = nodion.addApplication({ name: 'web', ...life(['created', 0], ['failed', 500]) });
  const api = nodion.addApplication({
    name: 'api',
    ...life(['created', 0], ['available', 20_000]),
  });
  const mail = nodion.addApplication({ name: 'mail' });
  nodion.fail({ on: LIST, afterTrigger: true, times: 2, fault: answer(500)(false) });
  const run = await deploy(null, { inputs: { application_id: idsOf(web, api, mail) } });
  expect(run.exitCode).toBe(1);
  expect(annotations(run, 'error')).toEqual([
    expect.stringMatching(
      /^1 of 3 applications failed\.\nApplication web: Deployment #1 failed after \d+\.?\d? s\. Its deployment log is in Nodion's dashboard\. No deployment of the application is live\.$/,
    ),
  ]);
  expect(run.outputs).toMatchObject({ application_name: 'web', status: 'failed' });
  const deployments = JSON.parse(run.outputs.deployments ?? '');
  expect(deployments).toMatchObject([
    {
      application_name: 'web',
      status: 'failed',
      error: expect.stringMatching(
        /^Deployment #1 failed after \d+\.?\d? s\. Its deployment log is in Nodion's dashboard\. No deployment of the application is live\.$/,
      ),
    },
    { application_name: 'api', status: 'available' },
    { application_name: 'mail', status: 'available' },
  ]);
  expect(deployments[1]).not.toHaveProperty('error');
  expect(run.log).toMatch(/^\[api\] #1 is "available" after/m);
  expect(run.summary).toContain('<h3>❌ 1 of 3 applications failed</h3>');
});

scenario('Several applications are all checked before any is triggered', async (stage) => {
  const { nodion, deploy } = stage;
  const image = nodion.addApplication({ deployment_strategy: 'prebuilt_image' });
  const git = nodion.addApplication({ name: 'site' });
  const unknown = '92955d4f-2e44-4e48-8cb6-9c6c434afebb';
  const run = await deploy(null, {
    inputs: { application_id: `${image.id}\n${git.id}\n${unknown}`, image_tag: 'v2' },
  });
  expect(run.exitCode).toBe(1);
  expect(nodion.requestsTo(TRIGGER)).toEqual([]);
  const [error = ''] = annotations(run, 'error');
  expect(error.split('\n')).toEqual([
    '`image_tag`: "v2" is not for site, a Git-based application (dockerfile).',
    'Nodion deploys the latest commit of its branch: leave `image_tag` out, or see `expected_sha`.',
    'site: No deployment of the application is live.',
    // Which of the two reads fails first is open.
    expect.stringMatching(
      new RegExp(
        `^Application ${unknown}: Nodion answered 404 to GET /applications/:id(?:/deployments)?: Not found\\.$`,
      ),
    ),
    `Check the ID ${unknown}, that it is in the project of the key behind \`api_key\` (for a user API key, set \`project_id\`), and \`api_url\` if it is set.`,
    'Nothing was triggered.',
  ]);
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
    { application_id: image.id, error: 'Not triggered, because of another application.' },
    {
      application_id: git.id,
      error:
        '`image_tag`: "v2" is not for site, a Git-based application (dockerfile). Nodion deploys the latest commit of its branch: leave `image_tag` out, or see `expected_sha`. No deployment of the application is live.',
    },
    {
      application_id: unknown,
      error: expect.stringMatching(
        /^Nodion answered 404 to GET \/applications\/:id(?:\/deployments)?: Not found\. Check the ID [\da-f-]{36}, that /,
      ),
    },
  ]);
});

scenario('25 applications share 8 requests, each polled at its interval', async (stage) => {
  const { nodion, deploy } = stage;
  const applications = Array.from({ length: 25 }, (_, index) =>
    nodion.addApplication({
      name: `service-${index}`,
      ...life(['created', 0], ['available', 10_000 + (index % 10) * 2_000]),
    }),
  );
  nodion.fail({ on: 'GET /applications/:id', times: 25, fault: { kind: 'delay', ms: 1_000 } });
  const run = await deploy(null, {
    inputs: { application_id: idsOf(...applications), poll_interval: '8s' },
  });
  expect(run.exitCode).toBe(0);
  expect(nodion.mostRequestsAtOnce).toBeLessThanOrEqual(8);
  expect(nodion.requestsTo('GET /applications')).toHaveLength(1);
  expect(nodion.requestsTo('GET /applications/:id')).toEqual([]);
  expect(JSON.parse(run.outputs.deployments ?? '')).toHaveLength(25);
  for (const { id, deployments } of applications) {
    const polls = nodion
      .requestsTo(LIST)
      .filter(({ url }) => url.includes(id))
      .slice(1);
    // A second, then 8 s each, with jitter, until 10 to 28 s are over.
    expect(polls.length).toBeGreaterThan(0);
    expect(polls.length).toBeLessThanOrEqual(6);
    expect(deployments).toHaveLength(1);
  }
});

scenario('Applications of which some are only triggered are not called deployed', async (stage) => {
  const { nodion, deploy } = stage;
  const [web, api] = [
    nodion.addApplication({ name: 'web' }),
    nodion.addApplication({ name: 'api' }),
  ];
  nodion.addDeployment(web, { status: 'available' });
  const run = await deploy(null, {
    inputs: {
      application_id: [web.id, api.id].join(),
      expected_sha: 'd77ead8',
      reuse_existing: 'true',
      wait: 'false',
    },
  });
  expect(run.exitCode).toBe(0);
  const [notice] = run.commands.filter(({ name }) => name === 'notice');
  expect(notice?.properties.title).toBe('Already live, triggered');
  expect(run.summary).toContain('<h3>✅ 2 applications: 1 already live, 1 triggered</h3>');
});

scenario('Applications of one name are told apart by their IDs', async ({ nodion, deploy }) => {
  const all = [
    nodion.addApplication({ name: 'shop', ...life(['failed', 500]) }),
    nodion.addApplication({ name: 'shop' }),
    nodion.addApplication({ name: 'docs' }),
  ];
  const run = await deploy(null, {
    inputs: { application_id: all.map(({ id }) => id).join(), log_lines: '0' },
  });
  const [first, second] = all.map(({ id }) => `shop (${id.slice(0, 8)})`);
  expect(annotations(run, 'error')[0]).toContain(`Application ${first}: Deployment #1 failed`);
  for (const name of [first, second, 'docs']) {
    expect(run.log).toContain(`[${name}] Triggered`);
    expect(renderSummary(run.summary).text).toContain(name);
  }
  const named = JSON.parse(run.outputs.deployments ?? '') as { application_name: string }[];
  expect(named.map((one) => one.application_name)).toEqual(['shop', 'shop', 'docs']);
});

scenario('A red before the trigger waits for no list of the others', async (stage) => {
  const { nodion, clock, deploy } = stage;
  const all = Array.from({ length: 30 }, (_, index) =>
    nodion.addApplication({
      name: `app-${index}`,
      ...(index > 0 && { deployment_strategy: 'prebuilt_image' }),
    }),
  );
  // The first lists are old by the time that the last ones are there.
  for (const of of all) {
    nodion.fail(
      { on: LIST, of, fault: { kind: 'delay', ms: 2_000 } },
      { on: LIST, of, times: 99, fault: { kind: 'hang', carriedOut: false } },
    );
  }
  const startedAt = clock.now();
  const run = await deploy(null, {
    inputs: { application_id: all.map(({ id }) => id).join(), image_tag: 'v1' },
  });
  expect(clock.now() - startedAt).toBeLessThan(12_000);
  const ends = JSON.parse(run.outputs.deployments ?? '') as { reason: string }[];
  expect(new Set(ends.map(({ reason }) => reason))).toEqual(
    new Set(['inputs_do_not_fit', 'skipped']),
  );
});
