import { describe, expect, test } from '@jest/globals';
import { answer, FAULTS } from '../fakes/faults.ts';
import { type Endpoint, type FakeNodion, PROJECT_KEY } from '../fakes/nodion.ts';
import { runStep } from '../fakes/runner.ts';
import { annotations, deploy, withNodion } from '../fakes/scenario.ts';

const LIST: Endpoint = 'GET /applications/:id/deployments';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';
const CREATE: Endpoint = 'POST /applications';
const phases = (...life: [string, number][]) => ({
  life: life.map(([status, afterMs]) => ({ status, afterMs })),
});

describe('`application_name`', () => {
  test.concurrent('is looked up, in as many requests as by id', () =>
    withNodion(async (nodion) => {
      nodion.addApplication({ name: 'other' });
      const application = nodion.addApplication({ name: 'My App, v2' });
      const run = await deploy(nodion, null, {
        inputs: { application_name: 'My App, v2', wait: 'false' },
      });
      expect(run.exitCode).toBe(0);
      expect(run.outputs.application_id).toBe(application.id);
      expect(nodion.requests).toHaveLength(3);
    }));

  test.concurrent.each(['web\n  api', 'web, api'])('may be several: %j', (application_name) =>
    withNodion(async (nodion) => {
      nodion.addApplication({ name: 'api' });
      nodion.addApplication({ name: 'web' });
      const run = await deploy(nodion, null, { inputs: { application_name } });
      expect(run.exitCode).toBe(0);
      const names = JSON.parse(run.outputs.deployments ?? '').map(
        (one: { application_name: string }) => one.application_name,
      );
      expect(names).toEqual(['web', 'api']);
    }),
  );

  test.concurrent.each([
    [
      'web',
      (ids: string[]) =>
        `2 applications are called "web": give \`application_id\` instead, one of ${ids.join(', ')}`,
    ],
    [
      'Web-Shop',
      () =>
        'no application is called "Web-Shop"; the nearest names are "webshop", "web", "web", "mailer"'.replace(
          '"web", "web"',
          '"web"',
        ),
    ],
    [
      'mailer\nmailer',
      () =>
        '`application_name`: "mailer\\nmailer" is not allowed; allowed is each application only once',
    ],
    ['mailer, mailer', () => '"mailer" is given twice'],
    [' , ,', () => 'allowed is one or more names, separated by line breaks or commas'],
  ])('%j is refused before anything is triggered', (application_name, message) =>
    withNodion(async (nodion) => {
      nodion.addApplication({ name: 'mailer' });
      const ids = [
        nodion.addApplication({ name: 'web' }).id,
        nodion.addApplication({ name: 'web' }).id,
      ];
      nodion.addApplication({ name: 'webshop' });
      const run = await deploy(nodion, null, { inputs: { application_name } });
      expect(run.exitCode).toBe(1);
      expect(annotations(run, 'error')[0]).toContain(message(ids));
      expect(nodion.requestsTo(TRIGGER)).toEqual([]);
    }),
  );

  test.concurrent('that can’t be looked up, because of a wrong key, triggers nothing', () =>
    withNodion(async (nodion) => {
      const run = await deploy(nodion, null, {
        inputs: { application_name: 'web', api_key: 'wrong-key-77' },
      });
      expect(run.exitCode).toBe(1);
      expect(annotations(run, 'error')[0]).toMatch(
        /^GET \/applications: Nodion answered 401, .*\nNothing was triggered\.$/,
      );
    }));
});

describe('Several applications in one step', () => {
  const idsOf = (...applications: { id: string }[]) => applications.map(({ id }) => id).join(', ');

  test.concurrent('are followed to their ends, whatever becomes of the others', () =>
    withNodion(async (nodion) => {
      const web = nodion.addApplication({
        name: 'web',
        ...phases(['created', 0], ['failed', 500]),
      });
      const api = nodion.addApplication({
        name: 'api',
        ...phases(['created', 0], ['available', 2_500]),
      });
      const mail = nodion.addApplication({ name: 'mail' });
      nodion.fail({ on: LIST, skip: 3, times: 2, fault: answer(500)(false) });
      const run = await deploy(nodion, null, { inputs: { application_id: idsOf(web, api, mail) } });
      expect(run.exitCode).toBe(1);
      expect(annotations(run, 'error')).toEqual([
        expect.stringMatching(/^1 of 3 applications failed\nweb: Deployment #1 failed after /),
      ]);
      expect(run.outputs).toMatchObject({ application_name: 'web', status: 'failed' });
      const deployments = JSON.parse(run.outputs.deployments ?? '');
      expect(deployments).toMatchObject([
        { application_name: 'web', status: 'failed', error: expect.stringMatching(/failed/) },
        { application_name: 'api', status: 'available' },
        { application_name: 'mail', status: 'available' },
      ]);
      expect(deployments[1]).not.toHaveProperty('error');
      expect(run.log).toMatch(/^\[api\] #1 available after/m);
      expect(run.summary).toContain('2 of 3 applications deployed');
    }));

  test.concurrent('are all checked before any is triggered', () =>
    withNodion(async (nodion) => {
      const image = nodion.addApplication({ deployment_strategy: 'prebuilt_image' });
      const git = nodion.addApplication({ name: 'site' });
      const unknown = '92955d4f-2e44-4e48-8cb6-9c6c434afebb';
      const run = await deploy(nodion, null, {
        inputs: { application_id: `${image.id}\n${git.id}\n${unknown}`, image_tag: 'v2' },
      });
      expect(run.exitCode).toBe(1);
      expect(nodion.requestsTo(TRIGGER)).toEqual([]);
      const [error = ''] = annotations(run, 'error');
      expect(error.split('\n')).toEqual([
        expect.stringContaining('is not allowed for site, a Git-based application'),
        expect.stringContaining(`${unknown}: Nodion answered 404`),
        'Nothing was triggered.',
      ]);
      expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
        { application_id: image.id, error: 'Not triggered, because of another application' },
        { application_id: git.id, error: expect.stringContaining('is not allowed for site') },
        { application_id: unknown, error: expect.stringContaining('Nodion answered 404') },
      ]);
    }));

  test.concurrent('50 at once: 8 requests at a time, each list at its own interval', () =>
    withNodion(async (nodion) => {
      const applications = Array.from({ length: 50 }, (_, index) =>
        nodion.addApplication({
          name: `service-${index}`,
          ...phases(['created', 0], ['available', 3_000 + (index % 10) * 500]),
        }),
      );
      const run = await deploy(nodion, null, {
        inputs: { application_id: idsOf(...applications), poll_interval: '2s' },
      });
      expect(run.exitCode).toBe(0);
      expect(nodion.mostRequestsAtOnce).toBeLessThanOrEqual(8);
      expect(JSON.parse(run.outputs.deployments ?? '')).toHaveLength(50);
      const last = Math.max(...applications.map(({ deployments: [one] }) => one?.triggeredAt ?? 0));
      const ended = nodion.requests.at(-1)?.at ?? 0;
      expect(ended - last).toBeLessThan(7_500 + 2_000 * 1.1 + 3_000);
      for (const { id } of applications) {
        const looks = nodion
          .requestsTo(LIST)
          .filter(({ url }) => url.includes(id))
          .slice(1);
        const gaps = looks.slice(1).map(({ at }, index) => at - (looks[index]?.at ?? 0));
        for (const gap of gaps) expect(gap).toBeGreaterThan(1_700);
      }
    }));
});

describe('list-applications', () => {
  const list = (nodion: FakeNodion, inputs: Record<string, string> = {}) =>
    runStep({
      action: 'list-applications',
      inputs: { api_key: PROJECT_KEY, api_url: nodion.url, ...inputs },
    });

  function populate(nodion: FakeNodion) {
    nodion.addApplication({ name: 'web-eu', status: 'online' });
    nodion.addApplication({ name: 'web-us', region: { id: 'r2', name: 'New York', slug: 'nyc' } });
    nodion.addApplication({ name: 'api.eu', deployment_strategy: 'prebuilt_image' });
    nodion.addApplication({ name: 'old', status: 'offline' });
  }

  test.concurrent.each<[Record<string, string>, string[]]>([
    [{}, ['web-eu', 'web-us', 'api.eu', 'old']],
    [{ name: 'web-*' }, ['web-eu', 'web-us']],
    [{ name: '???' }, ['old']],
    [{ name: 'api.eu\nold' }, ['api.eu', 'old']],
    [{ name: 'api?eu' }, ['api.eu']],
    [{ name: 'web.eu' }, []],
    [{ name: '[a-z]*' }, []],
    [{ name: `${'*a'.repeat(200)}*` }, []],
    [{ name: '**e*?eu*' }, ['web-eu']],
    [{ name: 'WEB-*' }, []],
    [{ region: 'nyc' }, ['web-us']],
    [{ deployment_strategy: 'prebuilt_image' }, ['api.eu']],
    [{ status: 'offline' }, ['old']],
    [
      { name: 'web-*', region: 'fra', status: 'online', deployment_strategy: 'dockerfile' },
      ['web-eu'],
    ],
  ])('with %j finds %j', (inputs, names) =>
    withNodion(async (nodion) => {
      populate(nodion);
      const run = await list(nodion, inputs);
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
      expect(annotations(run, 'warning')).toEqual(
        names.length > 0 ? [] : ['None of 4 applications matches the filters'],
      );
    }),
  );

  test.concurrent.each([
    [{ deployment_strategy: 'docker' }, 'allowed is one of dockerfile, buildpacks, prebuilt_image'],
    [{ project_id: 'mine' }, 'allowed is a UUID'],
    [{ api_key: '' }, '`api_key`: required, but not given'],
  ])('refuses %j before any request', (inputs, message) =>
    withNodion(async (nodion) => {
      const run = await list(nodion, inputs as Record<string, string>);
      expect(run.exitCode).toBe(1);
      expect(nodion.requests).toEqual([]);
      expect(annotations(run, 'error')[0]).toContain(message);
    }),
  );

  test.concurrent('survives hiccups, and ends in time when they don’t end', () =>
    withNodion(async (nodion) => {
      nodion.fail({ on: 'GET /applications', times: 2, fault: answer(502, '<html>')(false) });
      expect((await list(nodion)).exitCode).toBe(0);
      nodion.fail({ on: 'GET /applications', times: 99, fault: answer(503)(false) });
      const run = await list(nodion, { timeout: '4s' });
      expect(run.exitCode).toBe(1);
      expect(annotations(run, 'error')).toEqual([
        "The step's `timeout` was over before it was done; the last failure was: GET /applications: Nodion answered 503",
      ]);
    }));
});

describe('create-application', () => {
  const git = {
    name: 'shop',
    region_id: '428d037e-9ba6-4dab-92bd-8d816c523126',
    instance_type_id: 'ccdcd297-702b-4f51-ad21-7ca481c08920',
    integration_id: 'i-1',
    repository_id: '4711',
    branch_id: 'b-1',
  };
  const { integration_id, repository_id, branch_id, ...common } = git;
  const image = {
    ...common,
    deployment_strategy: 'prebuilt_image',
    container_registry_id: 'r-1',
    image_name: 'nginx',
  };
  const create = (nodion: FakeNodion, inputs: Record<string, string>) =>
    runStep({
      action: 'create-application',
      inputs: { api_key: PROJECT_KEY, api_url: nodion.url, ...inputs },
    });

  test.concurrent.each(['application', 'id', 'empty'] as const)(
    'creates one, and finds it when the answer is: %s',
    (createAnswer) =>
      withNodion(async (nodion) => {
        nodion.createAnswer = createAnswer;
        const run = await create(nodion, { ...git, instance_amount: '2' });
        expect(run.exitCode).toBe(0);
        const [application] = nodion.applications;
        expect(run.outputs).toMatchObject({ id: application?.id, name: 'shop', created: 'true' });
        expect(JSON.parse(run.outputs.application ?? '')).toMatchObject({ instance_amount: 2 });
        expect(JSON.parse(nodion.requestsTo(CREATE)[0]?.body ?? '')).toEqual({
          ...git,
          instance_amount: 2,
          deployment_strategy: 'dockerfile',
        });
      }),
  );

  test.concurrent('creates an image application', () =>
    withNodion(async (nodion) => {
      const run = await create(nodion, { ...image, image_tag: 'v1' });
      expect(run.exitCode).toBe(0);
      expect(nodion.applications[0]).toMatchObject({ image_name: 'nginx', image_tag: 'v1' });
    }));

  test.concurrent('takes one that exists', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication({ name: 'shop' });
      const run = await create(nodion, git);
      expect(run.exitCode).toBe(0);
      expect(run.outputs).toMatchObject({ id: application.id, created: 'false' });
      expect(nodion.requestsTo(CREATE)).toEqual([]);
    }));

  test.concurrent('refuses one that differs, saying how', () =>
    withNodion(async (nodion) => {
      const region = { id: 'elsewhere', name: 'Elsewhere', slug: 'els' };
      const { id } = nodion.addApplication({ name: 'shop', region });
      const run = await create(nodion, image);
      expect(run.exitCode).toBe(1);
      expect(annotations(run, 'error')).toEqual([
        `An application called "shop" exists (${id}), but its \`deployment_strategy\` is dockerfile, not prebuilt_image and its \`region_id\` is elsewhere, not ${git.region_id}`,
      ]);
    }));

  test.concurrent.each<[string, Record<string, string>, string[]]>([
    [
      'nothing given',
      {},
      [
        '`name`: required, but not given',
        '`region_id`: required, but not given',
        '`instance_type_id`: required, but not given',
        '`integration_id`: not given; the deployment strategy dockerfile requires it',
        '`repository_id`: not given; the deployment strategy dockerfile requires it',
        '`branch_id`: not given; the deployment strategy dockerfile requires it',
      ],
    ],
    [
      'an image application without an image',
      { ...common, deployment_strategy: 'prebuilt_image', instance_amount: '0' },
      [
        '`instance_amount`: "0" is not allowed; allowed is a whole number from 1 to 1000',
        '`container_registry_id`: not given; the deployment strategy prebuilt_image requires it',
        '`image_name`: not given; the deployment strategy prebuilt_image requires it',
      ],
    ],
    [
      'an image for a Git-based application',
      { ...git, image_name: 'nginx' },
      ['`image_name`: not allowed with the deployment strategy dockerfile'],
    ],
    [
      'a strategy of its own',
      { ...git, deployment_strategy: 'ftp' },
      [
        '`deployment_strategy`: "ftp" is not allowed; allowed is one of dockerfile, buildpacks, prebuilt_image',
      ],
    ],
  ])('refuses %s, all problems at once', (_, inputs, problems) =>
    withNodion(async (nodion) => {
      const run = await create(nodion, inputs);
      expect(run.exitCode).toBe(1);
      expect(nodion.requests).toEqual([]);
      expect(annotations(run, 'error')).toEqual([problems.join('\n')]);
    }),
  );

  test.concurrent.each(Object.entries(FAULTS))('makes one application, though: %s', (_, fault) =>
    withNodion(async (nodion) => {
      for (const carriedOut of [true, false]) {
        const name = `shop-${carriedOut}`;
        nodion.fail({ on: CREATE, fault: fault(carriedOut) });
        const run = await create(nodion, { ...git, name, timeout: '18s' });
        const made = nodion.applications.filter((application) => application.name === name);
        if (run.exitCode === 0) {
          expect(made).toHaveLength(1);
          expect(run.outputs).toMatchObject({ id: made[0]?.id, created: 'true' });
        } else {
          // A success that nothing came of: it can't be told from one that is listed late.
          expect(carriedOut).toBe(false);
          expect(made).toEqual([]);
          expect(annotations(run, 'error')[0]).toContain(
            'may have been created: Nodion answered with success, but does not list it',
          );
        }
      }
    }),
  );

  test.concurrent('passes on a refusal in Nodion’s own words', () =>
    withNodion(async (nodion) => {
      const body = { errors: ["Name can't be blank"] };
      nodion.fail({ on: CREATE, fault: answer(400, body)(false) });
      const run = await create(nodion, git);
      expect(run.exitCode).toBe(1);
      expect(annotations(run, 'error')).toEqual([
        "POST /applications: Nodion answered 400, saying: Name can't be blank. Check the inputs and, in Nodion's dashboard, the application.",
      ]);
    }));

  test.concurrent.each([
    ['takes one that somebody else created meanwhile', git.region_id.toUpperCase(), 0],
    ['but not one that differs', 'elsewhere', 1],
  ])('%s', (_, regionId, exitCode) =>
    withNodion(async (nodion) => {
      const body = { errors: ['Name has already been taken'] };
      nodion.fail(
        { on: 'GET /applications', fault: answer(200, { applications: [] })(false) },
        { on: CREATE, fault: answer(400, body)(false) },
      );
      const region = { id: regionId, name: 'Frankfurt, DE', slug: 'fra' };
      const { id } = nodion.addApplication({ name: 'shop', region });
      const run = await create(nodion, git);
      expect(run.exitCode).toBe(exitCode);
      if (exitCode === 0) expect(run.outputs).toMatchObject({ id, created: 'false' });
      else expect(annotations(run, 'error')[0]).toContain('its `region_id` is elsewhere');
    }),
  );
});
