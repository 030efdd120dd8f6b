import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { FakeApplication } from '../../fakes/nodion/state.ts';
import { type FakeRegistry, READER, STRANGER } from '../../fakes/registry.ts';
import type { StepRun } from '../../fakes/runner.ts';
import { annotations, type Stage } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';

const TRIGGER = 'POST /applications/:id/deployments';
const REGISTRY = 'GET /container_registries/:id';
const REGISTRY_ID = '9d1f3a52-6c1e-4b7a-9a57-0f6f2f1d2c3b';
const HOUR_MS = 3_600_000;

interface Scene {
  readonly application: FakeApplication;
  readonly registry: FakeRegistry;
  /** Deploys v2 of the image, once it is there. */
  readonly deploy: (
    inputs?: Readonly<Record<string, string>>,
    options?: Parameters<Stage['deploy']>[1],
  ) => Promise<StepRun>;
}

/** Another application, of the image acme/docs in the same registry. */
function addDocs({ nodion }: Stage) {
  return nodion.addApplication({
    name: 'docs',
    deployment_strategy: 'prebuilt_image',
    image_name: 'acme/docs',
  });
}

/** An application of images in a registry, of which v1 is there and live. */
async function addScene(stage: Stage, given: Partial<FakeApplication> = {}): Promise<Scene> {
  const registry = await stage.serveRegistry();
  registry.push('acme/shop', 'v1');
  const application = stage.nodion.addApplication({
    name: 'shop',
    deployment_strategy: 'prebuilt_image',
    image_name: 'acme/shop',
    ...life(['created', 0], ['available', 500]),
    ...given,
  });
  const old = { status: 'available', image_tag: 'v1' };
  stage.nodion.addDeployment(application, old).triggeredAt -= HOUR_MS;
  const deploy: Scene['deploy'] = (inputs = {}, options = {}) =>
    stage.deploy(application, {
      ...options,
      inputs: { image_tag: 'v2', verify_image: 'true', registry: registry.host, ...inputs },
    });
  return { application, registry, deploy };
}

/** The lines of a run's one error, with the registry's host as REGISTRY. */
function errorLines(run: StepRun, { host }: FakeRegistry): string[] {
  const [error = '', ...more] = annotations(run, 'error');
  expect(more).toEqual([]);
  return error.replaceAll(host, 'REGISTRY').split('\n');
}

function expectNothingTriggered(stage: Stage, run: StepRun, reason: string): void {
  expect(run.exitCode).toBe(1);
  expect(run.outputs.reason).toBe(reason);
  expect(stage.nodion.requestsTo(TRIGGER)).toEqual([]);
  expect(run.outputs.triggered).toBe('false');
  expect(run.outputs.image_digest ?? '').toBe('');
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([{ image_digest: null }]);
}

scenario('A tag that appears after 20 s is waited for, then deployed once', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  const digest = registry.push('acme/shop', 'v2', { afterMs: 20_000 });
  const run = await deploy();
  expect(run.exitCode).toBe(0);
  expect(annotations(run, 'error')).toEqual([]);
  expect(run.outputs).toMatchObject({ image_digest: digest, triggered: 'true' });
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([{ image_digest: digest }]);
  const log = run.log.replaceAll(registry.host, 'REGISTRY');
  expect(log).toContain(
    'Waiting for REGISTRY/acme/shop:v2, which is not in its registry yet (2 min at most)\n',
  );
  expect(log).toContain(`REGISTRY/acme/shop:v2 is in its registry (${digest})\n`);
  const [trigger, ...more] = stage.nodion.requestsTo(TRIGGER);
  expect(more).toEqual([]);
  expect(registry.requests.every(({ at }) => at <= (trigger?.at ?? 0))).toBe(true);
  // What was read before the wait is read again before the trigger.
  const lists = stage.nodion.requestsTo('GET /applications/:id/deployments');
  expect(lists.some(({ at }) => (trigger?.at ?? 0) - at < 1_000)).toBe(true);
  const looks = registry.requests.filter(({ method }) => method === 'HEAD').map(({ at }) => at);
  for (const [index, at] of looks.slice(1).entries()) {
    expect(at - (looks[index] ?? 0)).toBeGreaterThanOrEqual(4_999);
    expect(at - (looks[index] ?? 0)).toBeLessThan(15_100);
  }
});

scenario('A tag that is missing to the end is red, and nothing is triggered', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  const run = await deploy();
  expectNothingTriggered(stage, run, 'image_not_found');
  expect(run.durationMs).toBeGreaterThan(119_000);
  expect(run.durationMs).toBeLessThan(123_000);
  const [first, ...rest] = errorLines(run, registry);
  const looks = registry.requests.filter(({ method }) => method === 'HEAD').length;
  expect(first).toBe(`REGISTRY/acme/shop has no tag "v2" (404, checked ${looks} times in 2 min).`);
  expect(rest).toEqual([
    'Was the image pushed, and under that tag?',
    '#1 (v1) is live.',
    'Nothing was triggered.',
  ]);
  // The first look and the last one ask by GET as well.
  expect(registry.requests.map(({ method }) => method).join()).toMatch(
    /^HEAD,GET,(?:HEAD,)+HEAD,GET$/,
  );
  expect(run.log.match(/Waiting for /g)?.length).toBeGreaterThan(2);
});

scenario('With `image_timeout: 0s` there is one look', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  const run = await deploy({ image_timeout: '0s' });
  expectNothingTriggered(stage, run, 'image_not_found');
  expect(errorLines(run, registry)).toEqual([
    'REGISTRY/acme/shop has no tag "v2" (404).',
    'Was the image pushed, and under that tag?',
    '#1 (v1) is live.',
    'Nothing was triggered.',
  ]);
  expect(registry.requests).toHaveLength(2);
});

scenario('What is missing when `timeout` comes is told as that', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  const run = await deploy({ timeout: '30s' });
  expectNothingTriggered(stage, run, 'image_not_found');
  expect(run.durationMs).toBeLessThan(30_000);
  expect(errorLines(run, registry)[0]).toMatch(/has no tag "v2" \(404, checked \d times in 29 s\)/);
  expect(errorLines(run, registry).at(-1)).toBe('Nothing was triggered.');
  expect(run.outputs).toMatchObject({ conclusion: 'timed_out', timed_out: 'true' });
});

scenario('A tag that looks like a number may be another one without its quotes', async (stage) => {
  const { nodion } = stage;
  const { registry, application, deploy } = await addScene(stage);
  const missing = await deploy({ image_tag: '1.1', image_timeout: '0s' });
  application.life = life(['created', 0], ['failed', 1_000]).life;
  const failed = await stage.deploy(application, { inputs: { image_tag: '1.1' } });
  for (const run of [missing, failed]) {
    expect(errorLines(run, registry).join('\n')).toContain('Quote a literal tag in the workflow: ');
  }
  expect(nodion.triggered).toHaveLength(1);
});

scenario('With `image_timeout: 0s` a 503 is not tried again', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  registry.replace = () => ({ status: 503 });
  const run = await deploy({ image_timeout: '0s' });
  expectNothingTriggered(stage, run, 'image_not_checked');
  expect(registry.requests).toHaveLength(1);
});

for (const [what, reply] of [
  ['hangs', 'hang'],
  ['answers 503', { status: 503 }],
  ['asks for an hour', { status: 429, headers: { 'retry-after': '3600' } }],
] as const) {
  scenario(`A registry that ${what} ends with \`image_timeout\``, async (stage) => {
    const { registry, deploy } = await addScene(stage);
    registry.replace = () => reply;
    const run = await deploy({ image_timeout: '5s' });
    expectNothingTriggered(stage, run, 'image_not_checked');
    expect(run.durationMs).toBeLessThan(7_000);
  });
}

scenario('A registry that recovers while nobody asks is seen in the last look', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  registry.push('acme/shop', 'v2');
  registry.replace = ({ at }) => {
    const startedAt = registry.requests[0]?.at ?? at;
    return at - startedAt < 24_500 ? { status: 503 } : null;
  };
  const run = await deploy({ image_timeout: '25s' });
  expect(run.exitCode).toBe(0);
  // No retry is announced that can't follow.
  for (const [, seconds] of run.log.matchAll(/Retrying in ([\d.]+) s/g)) {
    expect(Number(seconds)).toBeLessThan(25);
  }
});

scenario('A success that is no 200 opens no gate', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  registry.replace = () => ({ status: 204 });
  expectNothingTriggered(stage, await deploy(), 'image_not_checked');
});

scenario('A token of one digit is no token, and blots nothing out', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  registry.challenge = { schemes: ['Bearer'], isForAll: true };
  registry.replace = ({ url }) =>
    url.startsWith('/token') ? { status: 200, body: '{"token":"1"}' } : null;
  const run = await deploy({ image_timeout: '0s' });
  expectNothingTriggered(stage, run, 'image_not_checked');
  expect(run.outputs.live_deploy_number).toBe('1');
});

scenario('What is refused ends the step, though another image is awaited', async (stage) => {
  const { application, registry, deploy } = await addScene(stage);
  const docs = addDocs(stage);
  registry.replace = ({ url }) => (url.includes('/docs/') ? { status: 403 } : null);
  const run = await deploy({ application_id: `${application.id},${docs.id}` });
  expect(run.exitCode).toBe(1);
  expect(stage.nodion.triggered).toEqual([]);
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
    { reason: 'image_not_found' },
    { reason: 'image_not_checked' },
  ]);
  expect(run.durationMs).toBeLessThan(3_000);
});

for (const [which, inputs] of [
  ['its default tag', {}],
  ['a tag', { image_tag: 'v2' }],
] as const) {
  scenario(`Of an application that may not be read ${which} is not looked up`, async (stage) => {
    const { registry, application } = await addScene(stage);
    registry.push('acme/shop', 'latest');
    const everything = {
      on: 'GET /applications/:id',
      times: 99,
      fault: answer(403)(false),
    } as const;
    stage.nodion.fail(everything);
    if ('image_tag' in inputs)
      stage.nodion.fail({ ...everything, on: 'GET /applications/:id/deployments' });
    const run = await stage.deploy(application, {
      inputs: { ...inputs, verify_image: 'true', registry: registry.host, wait: 'false' },
    });
    expect(run.exitCode).toBe(1);
    expect(stage.nodion.triggered).toEqual([]);
    expect(registry.requests).toEqual([]);
    expect(run.outputs.reason).toBe('image_not_checked');
    expect(annotations(run, 'error')[0]).toContain('could not be read');
  });
}

scenario('A dry run looks once', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  const missing = await deploy({ dry_run: 'true' });
  expectNothingTriggered(stage, missing, 'image_not_found');
  expect(missing.durationMs).toBeLessThan(1_000);
  expect(registry.requests).toHaveLength(2);
  const digest = registry.push('acme/shop', 'v2');
  const there = await deploy({ dry_run: 'true' });
  expect(there.exitCode).toBe(0);
  expect(there.outputs.image_digest).toBe(digest);
});

scenario(
  'Without `image_tag` the default tag is looked up, also with `wait: false`',
  async (stage) => {
    const { registry, deploy } = await addScene(stage, { image_tag: 'stable' });
    const digest = registry.push('acme/shop', 'stable');
    const run = await deploy({ image_tag: '', wait: 'false' });
    expect(run.exitCode).toBe(0);
    expect(run.outputs.image_digest).toBe(digest);
    const missing = await deploy({ wait: 'false', image_timeout: '5s' });
    expect(missing.exitCode).toBe(1);
    expect(stage.nodion.triggered).toHaveLength(1);
  },
);

const REFUSALS: [string, Record<string, string>, RegExp][] = [
  [
    'hidden from everybody',
    {},
    /^REGISTRY does not show acme\/shop without credentials \(401\): it is private, or does not exist\.\nGive `registry_username` and `registry_password`, or check the image's name\.\n#1/,
  ],
  [
    'of wrong credentials',
    { registry_username: 'ada', registry_password: 'registry-password-none' },
    /^REGISTRY refused the credentials \(401\)\.\nCheck `registry_username` and `registry_password`: they may be wrong or expired, or may not read acme\/shop\.\n#1/,
  ],
];

for (const [what, inputs, message] of REFUSALS) {
  scenario(`An image is red at once where it is ${what}`, async (stage) => {
    const { registry, deploy } = await addScene(stage);
    registry.challenge = { schemes: ['Bearer'], isForAll: true };
    registry.private.add('acme/shop');
    const run = await deploy(inputs);
    expectNothingTriggered(stage, run, 'image_not_checked');
    expect(run.durationMs).toBeLessThan(1_000);
    expect(errorLines(run, registry).join('\n')).toMatch(message);
  });
}

scenario(
  'What is hidden from accepted credentials is waited for: a push may show it',
  async (stage) => {
    const { registry, deploy } = await addScene(stage);
    registry.challenge = { schemes: ['Bearer'], isForAll: true };
    registry.private.add('acme/shop');
    const credentials = {
      registry_username: STRANGER.username,
      registry_password: STRANGER.password,
    };
    const refused = await deploy({ ...credentials, image_timeout: '20s' });
    expectNothingTriggered(stage, refused, 'image_not_checked');
    expect(errorLines(refused, registry)[0]).toMatch(
      /^REGISTRY does not show acme\/shop to these credentials \(401, checked \d times in 20 s\): they may not read it, or it does not exist\.$/,
    );
    registry.push('acme/shop', 'v2');
    const publishing = stage.clock.sleep(8_000).then(() => registry.private.clear());
    const run = await deploy(credentials);
    await publishing;
    expect(run.exitCode).toBe(0);
    expect(run.log).toContain('which its registry does not show to these credentials (401)');
  },
);

scenario('A realm of another host gets nothing, and is named', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  const other = await stage.serveRegistry();
  registry.challenge = { schemes: ['Bearer'], isForAll: true };
  registry.realm = `http://${other.host}/token`;
  const run = await deploy({
    registry_username: READER.username,
    registry_password: READER.password,
  });
  expectNothingTriggered(stage, run, 'image_not_checked');
  expect(other.requests).toEqual([]);
  expect(registry.requests).toHaveLength(1);
  expect(errorLines(run, registry)[0]).toBe(
    `Whether REGISTRY/acme/shop:v2 is in its registry is not known: REGISTRY sends for a token to http://${other.host}: nothing was sent there.`,
  );
});

scenario('A redirect is not followed, and is red in the end', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  const other = await stage.serveRegistry();
  const location = `http://${other.host}/v2/acme/shop/manifests/v2`;
  registry.replace = () => ({ status: 307, headers: { location } });
  const run = await deploy({ image_timeout: '30s' });
  expectNothingTriggered(stage, run, 'image_not_checked');
  expect(other.requests).toEqual([]);
  expect(errorLines(run, registry)[0]).toBe(
    `Whether REGISTRY/acme/shop:v2 is in its registry is not known: REGISTRY answered 307, a redirect to http://${other.host}, which is not followed.`,
  );
});

scenario('A registry that hangs is red in the end, and delays it by no more', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  registry.replace = () => 'hang';
  const run = await deploy({ image_timeout: '45s' });
  expectNothingTriggered(stage, run, 'image_not_checked');
  expect(run.durationMs).toBeLessThan(46_000);
  expect(errorLines(run, registry)[0]).toBe(
    'Whether REGISTRY/acme/shop:v2 is in its registry is not known: The request to REGISTRY failed: no answer within 10 s.',
  );
  expect(run.log).toContain(
    `The request to ${registry.host} failed: no answer within 10 s. Retrying`,
  );
});

scenario('A 429 holds for as long as it asks, and a hiccup is no failure', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  registry.push('acme/shop', 'v2');
  const replies = [{ status: 503 }, { status: 429, headers: { 'retry-after': '20' } }];
  registry.replace = () => replies.shift() ?? null;
  const run = await deploy();
  expect(run.exitCode).toBe(0);
  const [, limited, next] = registry.requests.map(({ at }) => at);
  expect((next ?? 0) - (limited ?? 0)).toBeGreaterThanOrEqual(20_000);
  expect(run.log).toContain('Recovered from 2 transient errors');
});

scenario('A 429 to one look holds those at other images of the same registry', async (stage) => {
  const { application, registry, deploy } = await addScene(stage);
  const docs = addDocs(stage);
  registry.push('acme/shop', 'v2');
  registry.push('acme/docs', 'v2', { afterMs: 1_000 });
  const replies = [{ status: 429, headers: { 'retry-after': '40' } }];
  registry.replace = ({ url }) => (url.includes('shop') ? (replies.shift() ?? null) : null);
  const run = await deploy({ application_id: `${application.id},${docs.id}`, wait: 'false' });
  expect(run.exitCode).toBe(0);
  const [first, ...others] = registry.requests.map(({ at }) => at);
  const later = others.filter((at) => at - (first ?? 0) > 100);
  expect(later.length).toBeGreaterThan(1);
  for (const at of later) expect(at - (first ?? 0)).toBeGreaterThanOrEqual(40_000);
});

scenario('A 429 that asks for longer than there is time is red in time', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  registry.replace = () => ({ status: 429, headers: { 'retry-after': '3600' } });
  const run = await deploy();
  expectNothingTriggered(stage, run, 'image_not_checked');
  expect(registry.requests).toHaveLength(1);
  expect(run.durationMs).toBeLessThan(121_000);
  expect(errorLines(run, registry)[0]).toContain('REGISTRY answered 429.');
});

scenario('An answer without end ends', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  registry.replace = ({ url }) => (url.startsWith('/token') ? 'endless' : null);
  registry.challenge = { schemes: ['Bearer'], isForAll: true };
  const run = await deploy({ image_timeout: '0s' });
  expectNothingTriggered(stage, run, 'image_not_checked');
  expect(run.durationMs).toBeLessThan(35_000);
  expect(errorLines(run, registry)[0]).toContain('the answer is larger than 0.0625 MiB.');
});

for (const [scheme, RUNNER_DEBUG] of [
  ['Bearer', '1'],
  ['Basic', '1'],
  ['Bearer', '0'],
] as const) {
  scenario(
    `Credentials and tokens are nowhere, by ${scheme}, RUNNER_DEBUG=${RUNNER_DEBUG}`,
    async (stage) => {
      const { application, registry, deploy } = await addScene(stage);
      const { username, password } = READER;
      const basic = btoa(`${username}:${password}`);
      registry.challenge = { schemes: [scheme], isForAll: true };
      registry.private.add('acme/shop');
      registry.push('acme/shop', 'v2');
      // Whoever is told them tells everybody.
      application.name = `shop ${password} ${basic}`;
      const run = await deploy(
        { registry_username: username, registry_password: password },
        { env: { RUNNER_DEBUG } },
      );
      expect(run.exitCode).toBe(0);
      registry.replace = ({ url }) =>
        url.startsWith('/token')
          ? null
          : {
              status: 302,
              headers: {
                location: `https://${password}.example/${basic}`,
                'www-authenticate': `Basic realm="${password}"`,
              },
              body: `${password} ${basic}`,
            };
      const red = await deploy(
        { registry_username: username, registry_password: password, image_timeout: '0s' },
        { env: { RUNNER_DEBUG } },
      );
      expect(red.exitCode).toBe(1);
      const secrets = [password, btoa(password), basic, ...registry.tokens];
      for (const { log, summary, outputs, stderr } of [run, red]) {
        const shown = log.replaceAll(/^::add-mask::.*$/gm, '');
        for (const text of [shown, stderr, summary, ...Object.values(outputs)]) {
          for (const secret of secrets) expect(text).not.toContain(secret);
        }
      }
      const masked = [run, red].flatMap(({ commands }) =>
        commands.filter(({ name }) => name === 'add-mask').map(({ data }) => data),
      );
      for (const secret of [password, basic, ...registry.tokens]) expect(masked).toContain(secret);
      expect(masked).not.toContain(username);
      if (RUNNER_DEBUG === '1') {
        expect(run.log).toContain(`::debug::HEAD ${registry.host}/v2/acme/shop/manifests/v2: 200`);
      }
      const asked = JSON.stringify(registry.requests);
      expect(asked).not.toContain('nodion-project-key');
      expect(JSON.stringify(stage.nodion.requests)).not.toContain(password);
    },
  );
}

scenario('20 applications of one image have one look at a time', async (stage) => {
  const { registry, deploy, application } = await addScene(stage);
  const others = Array.from({ length: 19 }, (_, index) =>
    stage.nodion.addApplication({
      name: `shop-${index}`,
      deployment_strategy: 'prebuilt_image',
      image_name: 'acme/shop',
      ...life(['available', 500]),
    }),
  );
  const digest = registry.push('acme/shop', 'v2', { afterMs: 12_000 });
  const ids = [application, ...others].map(({ id }) => id).join();
  const run = await deploy({ application_id: ids });
  expect(run.exitCode).toBe(0);
  expect(registry.mostRequestsAtOnce).toBe(1);
  expect(registry.requests.length).toBeLessThan(6);
  expect(stage.nodion.triggered).toHaveLength(20);
  const shown: { image_digest: string }[] = JSON.parse(run.outputs.deployments ?? '');
  expect(new Set(shown.map(({ image_digest }) => image_digest))).toEqual(new Set([digest]));
  const first = Math.min(...stage.nodion.requestsTo(TRIGGER).map(({ at }) => at));
  expect(registry.requests.every(({ at }) => at <= first)).toBe(true);
  expect(stage.nodion.requestsTo(REGISTRY)).toHaveLength(1);
});

scenario('Of several applications none is deployed where one image is missing', async (stage) => {
  const { registry, deploy, application } = await addScene(stage);
  const docs = addDocs(stage);
  registry.push('acme/shop', 'v2');
  const run = await deploy({ application_id: `${application.id},${docs.id}`, image_timeout: '0s' });
  expect(run.exitCode).toBe(1);
  expect(stage.nodion.triggered).toEqual([]);
  expect(errorLines(run, registry)).toEqual([
    'REGISTRY/acme/docs has no tag "v2" (404).',
    'Was the image pushed, and under that tag?',
    'docs: No deployment of the application is live.',
    'Nothing was triggered.',
  ]);
});

for (const [when, isDue] of [
  ['a look', (registry: FakeRegistry) => registry.requests.length === 1],
  ['the pause after it', (registry: FakeRegistry) => registry.requests.length === 2],
] as const) {
  scenario(`A cancellation in ${when} ends the step, and nothing is triggered`, async (stage) => {
    const { registry, deploy } = await addScene(stage);
    if (when === 'a look') registry.replace = () => 'hang';
    const cancelledAt = stage.cancelWhen(() => isDue(registry));
    const run = await deploy({}, cancelledAt);
    expectNothingTriggered(stage, run, 'cancelled');
    expect(run.durationMs).toBeLessThan(5_000);
    expect(annotations(run, 'error')[0]).toMatch(
      /^The step was cancelled before anything was triggered\./,
    );
  });
}

scenario('A cancellation while a token is asked for ends the step', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  registry.challenge = { schemes: ['Bearer'], isForAll: true };
  registry.replace = ({ url }) => (url.startsWith('/token') ? 'hang' : null);
  const run = await deploy(
    {},
    stage.cancelWhen(() => registry.requests.length === 2),
  );
  expectNothingTriggered(stage, run, 'cancelled');
  expect(run.durationMs).toBeLessThan(5_000);
});

scenario('Where there is a deployment to follow, no image is looked up', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  const run = await deploy({ image_tag: 'v1', reuse_existing: 'true' });
  expect(run.exitCode).toBe(0);
  expect(run.outputs).toMatchObject({ triggered: 'false', image_digest: '' });
  expect(registry.requests).toEqual([]);
  expect(stage.nodion.requestsTo(REGISTRY)).toEqual([]);
});

scenario('Without `verify_image` there is no request more', async (stage) => {
  const { application, registry } = await addScene(stage);
  const run = await stage.deploy(application, { inputs: { image_tag: 'v2', wait: 'false' } });
  expect(run.exitCode).toBe(0);
  expect(run.outputs.image_digest).toBe('');
  expect(registry.requests).toEqual([]);
  expect(stage.nodion.requests).toHaveLength(3);
});

scenario('A Git-based application has no image to look up', async (stage) => {
  const application = stage.nodion.addApplication({ name: 'web' });
  const run = await stage.deploy(application, { inputs: { verify_image: 'true' } });
  expect(annotations(run, 'error')).toEqual([
    '`verify_image: true` is not for web, a Git-based application (dockerfile).\nNodion builds its image itself: leave `verify_image` out.\nNo deployment of the application is live.\nNothing was triggered.',
  ]);
  expect(stage.nodion.triggered).toEqual([]);
});

scenario('Nodion says where the registry is', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  stage.nodion.catalogue.addContainerRegistry(REGISTRY_ID, `https://${registry.host}/`);
  registry.push('acme/shop', 'v2');
  const run = await deploy({ registry: '' });
  expect(run.exitCode).toBe(0);
  const differs = await deploy({ registry: 'ghcr.io' });
  expect(differs.exitCode).toBe(1);
  expect(errorLines(differs, registry)).toEqual([
    '`registry`: "ghcr.io" is not where Nodion pulls the image of shop from, which is REGISTRY.',
    "Nodion goes by its own setting: correct `registry`, or the application's registry in the dashboard.",
    '#2 (v2) is live.',
    'Nothing was triggered.',
  ]);
});

scenario('That Nodion does not say it is a debug line, and takes 10 s at most', async (stage) => {
  const { application, registry, deploy } = await addScene(stage);
  const [old] = application.deployments;
  if (old) old.image_reference = `${registry.host}/acme/shop:v1`;
  registry.push('acme/shop', 'v2');
  const unknown = await deploy({ registry: '' }, { env: { RUNNER_DEBUG: '1' } });
  expect(unknown.exitCode).toBe(0);
  expect(unknown.log).toContain(`::debug::GET /container_registries/${REGISTRY_ID}: 404`);
  expect(unknown.log).not.toContain('::warning');
  stage.nodion.fail({ on: REGISTRY, fault: answer(503)(false), times: 99 });
  const [now] = application.deployments;
  if (now) now.image_reference = `${registry.host}/acme/shop:v2`;
  const down = await deploy({ registry: '' });
  expect(down.exitCode).toBe(0);
  expect(down.durationMs).toBeLessThan(13_000);
  expect(down.log).not.toContain('container_registries');
});

scenario('An image of which nobody says where it is asks for `registry`', async (stage) => {
  const { application, registry, deploy } = await addScene(stage);
  application.deployments.length = 0;
  const run = await deploy({ registry: '' });
  expect(errorLines(run, registry)).toEqual([
    "It is not known in which registry the image of shop is: its registry at Nodion can't be read, and no earlier deployment says it.",
    'Give its host in `registry`, or run the job again.',
    'No deployment of the application is live.',
    'Nothing was triggered.',
  ]);
  application.container_registry_id = null;
  expect(errorLines(await deploy({ registry: '' }), registry).slice(0, 2)).toEqual([
    'It is not known in which registry the image of shop is: Nodion names none, and no earlier deployment says it.',
    'Give its host in `registry`.',
  ]);
  application.image_name = 'Acme/Shop';
  const odd = await deploy();
  expect(errorLines(odd, registry)[0]).toBe(
    '"REGISTRY/Acme/Shop:v2", which is to be deployed to shop, is no image with a tag: it can\'t be looked up.',
  );
  expect(registry.requests).toEqual([]);
});

scenario('One pair of credentials is for one registry', async (stage) => {
  const { application, registry, deploy } = await addScene(stage);
  const other = await stage.serveRegistry();
  const docs = stage.nodion.addApplication({
    name: 'docs',
    deployment_strategy: 'prebuilt_image',
    image_name: 'acme/docs',
    container_registry_id: '11111111-6c1e-4b7a-9a57-0f6f2f1d2c3b',
  });
  stage.nodion.catalogue.addContainerRegistry(REGISTRY_ID, registry.host);
  stage.nodion.catalogue.addContainerRegistry('11111111-6c1e-4b7a-9a57-0f6f2f1d2c3b', other.host);
  registry.push('acme/shop', 'v2');
  other.push('acme/docs', 'v2');
  const inputs = { application_id: `${application.id},${docs.id}`, registry: '' };
  const run = await deploy({
    ...inputs,
    registry_username: READER.username,
    registry_password: READER.password,
  });
  expect(run.exitCode).toBe(1);
  expect(errorLines(run, registry)).toEqual([
    `\`registry_username\` and \`registry_password\` are for one registry, but the images are in REGISTRY and ${other.host}.`,
    'Deploy the applications of each registry in a step of its own.',
    'shop: #1 (v1) is live.',
    'docs: No deployment of the application is live.',
    'Nothing was triggered.',
  ]);
  expect([...registry.requests, ...other.requests]).toEqual([]);
  expect((await deploy(inputs)).exitCode).toBe(0);
});

/** The action without all that it loads late, as after a clean-up of the disk. */
const action = mkdtempSync(join(tmpdir(), 'action-'));
for (const file of ['action.yml', 'dist/index.js', 'dist/actions/index.js']) {
  cpSync(file, join(action, file));
}
afterAll(() => rmSync(action, { recursive: true }));

scenario('What looks images up is loaded only where that is asked for', async (stage) => {
  const { application, registry, deploy } = await addScene(stage);
  registry.push('acme/shop', 'v2');
  const asked = await deploy({}, { action });
  expect(asked.exitCode).toBe(1);
  expect(stage.nodion.requestsTo(TRIGGER)).toEqual([]);
  expect(asked.outputs.triggered).toBe('false');
  expect(annotations(asked, 'error')).toEqual([
    expect.stringContaining("unless a part of it is gone from the runner's disk: "),
  ]);
  const inputs = { image_tag: 'v2' };
  expect((await stage.deploy(application, { action, inputs })).exitCode).toBe(0);
});

for (const [what, reply] of [
  ['503', { status: 503 }],
  ['nothing', 'hang'],
] as const) {
  scenario(`What the last look is answered counts, not a 404 before it: ${what}`, async (stage) => {
    const { registry, deploy } = await addScene(stage);
    registry.replace = ({ at }) => (at - (registry.requests[0]?.at ?? at) > 1_000 ? reply : null);
    const run = await deploy({ image_timeout: '25s' });
    expectNothingTriggered(stage, run, 'image_not_checked');
    expect(errorLines(run, registry)[0]).toMatch(
      /^Whether REGISTRY\/acme\/shop:v2 is in its registry is not known: /,
    );
  });
}

scenario('Only looks that were answered are counted', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  registry.replace = ({ at }) =>
    at - (registry.requests[0]?.at ?? at) < 19_000 ? { status: 503 } : null;
  const run = await deploy({ image_timeout: '20s' });
  expectNothingTriggered(stage, run, 'image_not_found');
  const { length } = registry.requests.filter(
    ({ method, at }) => method === 'HEAD' && at - (registry.requests[0]?.at ?? at) >= 19_000,
  );
  const often = length > 1 ? `, checked ${length} times in 20 s` : '';
  expect(errorLines(run, registry)[0]).toBe(`REGISTRY/acme/shop has no tag "v2" (404${often}).`);
});

scenario('A look that `timeout` ends is timed out, also the only one', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  registry.replace = () => 'hang';
  const run = await deploy({ image_timeout: '0s', timeout: '4s' });
  expectNothingTriggered(stage, run, 'image_not_checked');
  expect(run.outputs).toMatchObject({ conclusion: 'timed_out', timed_out: 'true' });
  expect(errorLines(run, registry).join()).toContain('until the 4 s timeout was about to expire');
});

scenario('The default tag that was looked up is deployed, though it has changed', async (stage) => {
  const { application, registry, deploy } = await addScene(stage, { image_tag: 'v2' });
  registry.push('acme/shop', 'v2', { afterMs: 20_000 });
  void stage.clock.sleep(10_000).then(() => {
    application.image_tag = 'v3';
  });
  const run = await deploy({ image_tag: '' });
  expect(run.exitCode).toBe(0);
  expect(run.log).toContain('its default tag "v2", since `image_tag` is empty');
  expect(run.outputs.image_reference).toBe('docker.io/acme/shop:v2');
});

scenario('Where `timeout` left no time for all of `image_timeout` it says so', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  const run = await deploy({ timeout: '10s' });
  expect(errorLines(run, registry)).toContain(
    'It was looked for until the 10 s timeout was about to expire: with a longer one, it is looked for as long as `image_timeout` says.',
  );
  const long = await deploy({ image_timeout: '8s' });
  expect(long.log).not.toContain('about to expire');
});

for (const inputs of [{ image_timeout: '2s' }, { image_timeout: '0s', timeout: '6s' }]) {
  const limits = Object.entries(inputs).join(' ');
  scenario(`A dry run is not longer than its limits: ${limits}`, async (stage) => {
    const { registry, deploy } = await addScene(stage);
    registry.replace = () => 'hang';
    const run = await deploy({ dry_run: 'true', ...inputs });
    expectNothingTriggered(stage, run, 'image_not_checked');
    expect(run.durationMs).toBeLessThan('timeout' in inputs ? 6_000 : 3_000);
    expect(run.outputs).toMatchObject({ live_deploy_number: '1', timed_out: 'false' });
  });
}

scenario('A cancellation of the wait for an image keeps what was read', async (stage) => {
  const { registry, application } = await addScene(stage);
  const run = await stage.deploy(application, {
    inputs: { image_tag: 'v2', verify_image: 'true', registry: registry.host },
    ...stage.cancelWhen(() => registry.requests.length > 2),
  });
  expect(run.exitCode).toBe(1);
  expect(stage.nodion.triggered).toEqual([]);
  expect(run.outputs).toMatchObject({
    ...{ conclusion: 'cancelled', reason: 'cancelled', timed_out: 'false' },
    application_name: application.name,
  });
  expect(errorLines(run, registry)).toEqual([
    'The step was cancelled before anything was triggered.',
    'When it was last seen, #1 (v1) was live; it is not known what is live now.',
  ]);
  expect(run.log).toContain('::error title=Step cancelled::');
  expect(run.summary).toContain('🚫');
});

scenario('A dry run, which looks once, is not told to have more time', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  registry.replace = () => ({ status: 503 });
  const run = await deploy({ dry_run: 'true', timeout: '6s' });
  expectNothingTriggered(stage, run, 'image_not_checked');
  expect(run.log).not.toContain('about to expire');
});

scenario('Only looks of the last answer’s kind are counted', async (stage) => {
  const { registry, deploy } = await addScene(stage);
  const firstAt = () => registry.requests[0]?.at ?? 0;
  registry.challenge = { schemes: ['Bearer'], isForAll: true };
  void stage.clock.sleep(9_000).then(() => registry.private.add('acme/shop'));
  const run = await deploy({
    ...{ registry_username: STRANGER.username, registry_password: STRANGER.password },
    image_timeout: '20s',
  });
  expectNothingTriggered(stage, run, 'image_not_checked');
  // A look at what is hidden takes a new token.
  const late = registry.requests.filter(
    ({ url, at }) => url.startsWith('/token') && at - firstAt() > 8_500,
  );
  const often = late.length > 1 ? `, checked ${late.length} times in 20 s` : '';
  expect(errorLines(run, registry)[0]).toContain(` to these credentials (401${often}): `);
});

scenario('What was found before a cancellation is kept', async (stage) => {
  const { application, registry, deploy } = await addScene(stage);
  const docs = addDocs(stage);
  const digest = registry.push('acme/shop', 'v2');
  const cancelled = stage.cancelWhen(() => registry.requests.length > 4);
  const run = await deploy({ application_id: `${application.id},${docs.id}` }, cancelled);
  expect(stage.nodion.triggered).toEqual([]);
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
    { reason: 'cancelled', image_digest: digest },
    { reason: 'cancelled', image_digest: null },
  ]);
});
