import { expect } from '@jest/globals';
import type { Reply } from '../../fakes/application-server.ts';
import { answer } from '../../fakes/faults.ts';
import type { Fault } from '../../fakes/nodion/faults.ts';
import { type Endpoint, type FakeApplication, PROJECT_KEY } from '../../fakes/nodion/state.ts';
import { NO_HOST_NAMES } from '../../fakes/payloads.ts';
import { annotations, type Stage } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';
import { addShop, badAnswers, EXPECTED, errorLines, expected } from '../shop.ts';

const TRIGGER: Endpoint = 'POST /applications/:id/deployments';
const LIST: Endpoint = 'GET /applications/:id/deployments';
const DOMAINS: Endpoint = 'GET /applications/:id/domains';
const titles = { error: 'Live, but not healthy', notice: 'Live and healthy' };
const titleOf = (run: { commands: readonly { name: string; properties: object }[] }) =>
  run.commands.find(({ name }) => name in titles)?.properties;

scenario('503s and then 200s are healthy, at the third good answer in a row', async (stage) => {
  const { deploy } = stage;
  const shop = await addShop(stage, (_, { count }) => (count <= 3 ? 503 : 200));
  const run = await deploy(shop.application, {
    inputs: { ...shop.inputs, health_timeout: '30s' },
    token: 'ghs_secret',
  });
  expect(run.exitCode).toBe(0);
  expect(run.stderr).toBe('');
  expect(run.outputs).toMatchObject({ healthy: 'true', status: 'available', timed_out: 'false' });
  expect(annotations(run, 'notice')).toEqual([
    expect.stringMatching(
      /^Application shop: Deployment #2 is live and healthy after [\d.]+ s\.\nIt is of image docker\.io\/shop:v2\.$/,
    ),
  ]);
  expect(titleOf(run)).toEqual({ title: titles.notice });
  expect(annotations(run, 'error')).toEqual([]);

  const { checks } = shop.server;
  expect(checks).toHaveLength(6);
  for (const { method, url, headers, headerNames } of checks) {
    expect([method, url]).toEqual(['GET', '/up']);
    expect(headers).toEqual({
      accept: '*/*',
      'cache-control': 'no-cache',
      'user-agent': 'nodion-deploy',
      host: shop.server.address,
      connection: 'close',
    });
    expect(headerNames).toHaveLength(5);
  }
  expect(checks.map(({ connection }) => connection)).toEqual([1, 2, 3, 4, 5, 6]);
  for (const [index, { at }] of checks.slice(1).entries()) {
    expect(at - (checks[index]?.at ?? 0)).toBeGreaterThan(950);
  }
  expect(JSON.stringify(checks)).not.toMatch(new RegExp(`${PROJECT_KEY}|ghs_secret`));
});

scenario('An application that flaps, never good three times in a row, is red', async (stage) => {
  const { deploy } = stage;
  const isBad = (count: number) => count % 3 === 0;
  const shop = await addShop(stage, (_, { count }) => (isBad(count) ? 503 : 200));
  const run = await deploy(shop.application, {
    inputs: { ...shop.inputs, health_timeout: '12s' },
  });
  expect(run.exitCode).toBe(1);
  expect(run.outputs.healthy).toBe('false');
  const { length } = shop.server.checks;
  expect(length).toBeGreaterThan(4);
  // The end may cut the last one off.
  const possible = [length, length - 1].map((count) => {
    const last = isBad(count) ? 'last one' : 'last bad one';
    return `${Math.floor(count / 3)} of ${count} answers were bad, the ${last} 503 from ${shop.url}.`;
  });
  const [first = '', ...others] = errorLines(run);
  const begin = 'Application shop: Deployment #2 is live but not healthy: ';
  expect(possible.map((end) => begin + end)).toContain(first);
  expect(others).toEqual([
    "3 consecutive good answers were needed within 12 s (`health_timeout`): look at the application's log.",
    '#2 (v2) is live.',
  ]);
});

const TEXT = { health_text: 'version v2' };
const LOG = "look at the application's log";
const FINAL = 'give the final address in `health_url`';
const LOGIN = 'let this path need no login, or give another one in `health_url`';
const CHECK_TEXT = 'check what the application answers there, and `health_text`';

const BAD: [
  what: string,
  reply: Reply,
  phrase: string,
  advice: string,
  inputs?: Record<string, string>,
][] = [
  ['always answers 503', 503, '503 from URL', LOG],
  ['answers 404', 404, '404 from URL', 'check the path in `health_url`'],
  ['answers 401', 401, '401 from URL', LOGIN],
  ['answers 403', 403, '403 from URL', LOGIN],
  [
    'answers as the old version',
    { status: 200, body: 'version v1' },
    '200 from URL without "version v2"',
    CHECK_TEXT,
    TEXT,
  ],
  ['answers the text, but 500', { status: 500, body: 'version v2' }, '500 from URL', LOG, TEXT],
  [
    'sends a body without end and without the text',
    'endless',
    '200 from URL without "version v2" in its first MiB',
    CHECK_TEXT,
    TEXT,
  ],
  [
    'redirects elsewhere',
    { status: 302, headers: { location: 'https://user:pw@login.example/in?next=up#x' } },
    '302 from URL, a redirect to https://login.example/in',
    FINAL,
  ],
  [
    'redirects to a path',
    { status: 307, headers: { location: '../login?next=up' } },
    '307 from URL, a redirect to ORIGIN/login',
    FINAL,
  ],
  [
    'redirects to a script',
    { status: 302, headers: { location: 'javascript:alert(1)' } },
    '302 from URL, a redirect to javascript:',
    FINAL,
  ],
  ['answers 304, which is no redirect', 304, '304 from URL', LOG],
  ['redirects to nowhere', 301, '301 from URL, a redirect to nowhere', FINAL],
  [
    'redirects to what is no address',
    { status: 308, headers: { location: 'http://[' } },
    '308 from URL, a redirect to nowhere',
    FINAL,
  ],
  [
    'answers out of a cache, as before the deployment',
    { status: 200, headers: { age: '3607' } },
    '200 from URL, which a cache has had for 3607 s: it may be from before the deployment went live',
    'give an address in `health_url` that no cache keeps',
  ],
  [
    'cuts its answers off before the text',
    'cut-off',
    'no whole answer from URL: the answer was cut off',
    LOG,
    TEXT,
  ],
  ['resets connections', 'reset', 'no answer from URL (ECONNRESET)', LOG],
  ['hangs', 'hang', 'no answer from URL within 10 s', LOG, { health_timeout: '25s' }],
  [
    'sends a byte a second and never the text',
    'drip',
    'no whole answer from URL within 10 s',
    LOG,
    { ...TEXT, health_timeout: '25s' },
  ],
];

for (const [what, reply, phrase, advice, more = {}] of BAD) {
  scenario(`An application that ${what} is red`, async (stage) => {
    const { deploy, gitHub } = stage;
    const shop = await addShop(stage, () => reply);
    const inputs = { ...shop.inputs, environment: 'production', ...more };
    const run = await deploy(shop.application, { inputs });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toBe('');
    const named = phrase.replace('URL', shop.url).replace('ORIGIN', shop.server.url);
    expect(errorLines(run)).toEqual([
      `Application shop: Deployment #2 is live but not healthy: N of N answers were bad, the last one ${named}.`,
      expected(advice)
        .replace('8 s', more.health_timeout ?? '8s')
        .replace(/(?<=within \d+)s/, ' s'),
      '#2 (v2) is live.',
    ]);
    expect(titleOf(run)).toEqual({ title: titles.error });
    expect(run.outputs).toMatchObject({
      healthy: 'false',
      status: 'available',
      timed_out: 'false',
      rolled_back: '',
      rollback_deploy_number: '',
    });
    expect(gitHub.statuses.map(({ state }) => state)).toEqual(['in_progress', 'failure']);
    const { length } = shop.server.checks;
    // The end may cut the last one off.
    expect([length, length - 1]).toContain(badAnswers(run));
    expect(length).toBeGreaterThan(1);
    expect(gitHub.requests.join()).not.toContain('login');
  });
}

scenario('The new version is told from the old one by the text in its answers', async (stage) => {
  const { deploy, gitHub } = stage;
  const states: number[] = [];
  const shop = await addShop(stage, (_, { count }) => {
    states.push(gitHub.statuses.length);
    return { status: 200, body: `ok, version ${count <= 2 ? 'v1' : 'v2'}\n` };
  });
  const run = await deploy(shop.application, {
    inputs: {
      ...shop.inputs,
      health_text: 'version v2',
      health_timeout: '30s',
      environment: 'production',
    },
  });
  expect(run.exitCode).toBe(0);
  expect(run.outputs.healthy).toBe('true');
  expect(shop.server.checks).toHaveLength(5);
  // GitHub's deployment is no success before that.
  expect(Math.max(...states)).toBeLessThanOrEqual(1);
  expect(gitHub.statuses.map(({ state }) => state)).toEqual(['in_progress', 'success']);
});

for (const reply of [
  'endless',
  'drip',
  'cut-off',
  { status: 200, body: 'ok', headers: { 'content-encoding': 'zstd' } },
] as const) {
  const what = typeof reply === 'string' ? reply : 'badly packed';
  scenario(`Without a text the body can't make an answer bad: ${what}`, async (stage) => {
    const shop = await addShop(stage, () => reply);
    const run = await stage.deploy(shop.application, { inputs: shop.inputs });
    expect(run.exitCode).toBe(0);
    expect(run.outputs.healthy).toBe('true');
    expect(shop.server.checks).toHaveLength(3);
  });
}

scenario('An answer that a cache has had since the deployment went live is good', async (stage) => {
  let firstAt = 0;
  const shop = await addShop(stage, (_, { at }) => {
    firstAt ||= at;
    return { status: 200, headers: { age: String(Math.floor((at - firstAt) / 2_000)) } };
  });
  const run = await stage.deploy(shop.application, {
    inputs: { ...shop.inputs, poll_interval: '3s', health_timeout: '30s' },
  });
  expect(run.exitCode).toBe(0);
  expect(shop.server.checks).toHaveLength(3);
});

scenario('Of a body without end the first MiB is enough', async (stage) => {
  const shop = await addShop(stage, () => 'endless');
  const run = await stage.deploy(shop.application, {
    inputs: { ...shop.inputs, health_text: 'x'.repeat(1_000) },
  });
  expect(run.exitCode).toBe(0);
  expect(shop.server.checks).toHaveLength(3);
});

scenario('An application that never answers at all is red', async (stage) => {
  const shop = await addShop(stage, () => 'hang');
  const run = await stage.deploy(shop.application, { inputs: shop.inputs });
  expect(run.exitCode).toBe(1);
  expect(run.outputs).toMatchObject({ healthy: 'false', timed_out: 'false' });
  expect(shop.server.checks).toHaveLength(1);
  expect(errorLines(run)).toEqual([
    `Application shop: Deployment #2 is live but not healthy: not one whole answer came from ${shop.url}.`,
    EXPECTED,
    '#2 (v2) is live.',
  ]);
});

scenario('Good answers that are too few are red', async (stage) => {
  const shop = await addShop(stage, () => ({ status: 204, afterMs: 5_000 }));
  const run = await stage.deploy(shop.application, {
    inputs: { ...shop.inputs, health_timeout: '15s', poll_interval: '3s', health_successes: '4' },
  });
  expect(run.exitCode).toBe(1);
  expect(run.outputs.healthy).toBe('false');
  expect(shop.server.checks).toHaveLength(2);
  expect(errorLines(run)).toEqual([
    'Application shop: Deployment #2 is live but not yet healthy: got 2 good answers, needed 4.',
    '4 consecutive good answers were needed within 15 s (`health_timeout`): no answer was bad. Raise `health_timeout`, or lower `poll_interval` (3 s).',
    '#2 (v2) is live.',
  ]);
});

scenario('One good answer is enough where one is asked for', async (stage) => {
  const shop = await addShop(stage, () => 204);
  const run = await stage.deploy(shop.application, {
    inputs: { ...shop.inputs, health_successes: '1' },
  });
  expect(run.exitCode).toBe(0);
  expect(shop.server.checks).toHaveLength(1);
});

scenario('One bad answer of one is told like more of them', async (stage) => {
  const shop = await addShop(stage, () => 503);
  const run = await stage.deploy(shop.application, {
    inputs: { ...shop.inputs, health_successes: '1', poll_interval: '10s' },
  });
  expect(run.exitCode).toBe(1);
  expect(annotations(run, 'error')[0]?.split('\n')).toEqual([
    `Application shop: Deployment #2 is live but not healthy: 1 of 1 answers were bad, the last one 503 from ${shop.url}.`,
    "1 good answer was needed within 8 s (`health_timeout`): look at the application's log.",
    '#2 (v2) is live.',
  ]);
});

scenario('A health check that the timeout ends is red, and says so', async (stage) => {
  const { deploy, gitHub } = stage;
  const shop = await addShop(stage, () => 503);
  const run = await deploy(shop.application, {
    inputs: { ...shop.inputs, health_timeout: '2m', timeout: '6s', environment: 'production' },
  });
  expect(run.exitCode).toBe(1);
  expect(run.outputs).toMatchObject({ healthy: 'false', status: 'available', timed_out: 'true' });
  expect(errorLines(run)).toEqual([
    `Application shop: Deployment #2 is live but not healthy: N of N answers were bad, the last one 503 from ${shop.url}.`,
    "3 consecutive good answers were needed before the 6 s timeout expired: look at the application's log.",
    '#2 (v2) is live.',
  ]);
  expect(gitHub.statuses.at(-1)?.state).toBe('error');
});

// A last look has less than a second: at the speed of reality, for machines that are busy.
scenario('The health of what is seen live only at the timeout is not known', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, () => 503);
  const pause = answer(503, '', { 'retry-after': '3600' })(false);
  nodion.fail({ on: LIST, afterTrigger: true, fault: pause });
  const run = await deploy(shop.application, { inputs: { ...shop.inputs, timeout: '4s' } });
  expect(run.exitCode).toBe(1);
  expect(run.outputs).toMatchObject({ healthy: '', status: 'available', timed_out: 'true' });
  expect(errorLines(run)).toEqual([
    'Application shop: Deployment #2 went live, but the 4 s timeout expired before its health was known.',
    'Raise `timeout`, if it often takes longer.',
    '#2 (v2) is live.',
  ]);
  expect(titleOf(run)).toEqual({ title: 'Health not known' });
  expect(shop.server.checks).toEqual([]);
});

scenario('Three applications are asked at their own addresses, in their order', async (stage) => {
  const { nodion, deploy } = stage;
  const web = await addShop(stage, () => 200, { name: 'web' });
  const api = await addShop(stage, () => 503, { name: 'api' });
  const mail = await addShop(stage, () => 200, { name: 'mail' });
  const shops = [web, api, mail];
  const run = await deploy(null, {
    inputs: {
      ...web.inputs,
      application_id: shops.map(({ application }) => application.id).join(),
      health_url: shops.map(({ url }) => url).join('\n'),
    },
  });
  expect(run.exitCode).toBe(1);
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(3);
  expect(errorLines(run)).toEqual([
    '1 of 3 applications failed.',
    `Application api: Deployment #2 is live but not healthy: N of N answers were bad, the last one 503 from ${api.url}. ${EXPECTED} #2 (v2) is live.`,
  ]);
  expect(web.server.checks).toHaveLength(3);
  expect(mail.server.checks).toHaveLength(3);
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
    { application_name: 'web', healthy: true },
    { application_name: 'api', healthy: false },
    { application_name: 'mail', healthy: true },
  ]);
  expect(run.outputs.healthy).toBe('true');
  expect(titleOf(run)).toEqual({ title: 'Not all succeeded' });
  expect(run.summary).toContain('<h3>❌ 1 of 3 applications failed</h3>');
});

scenario('The query of an address is sent, and shown nowhere', async (stage) => {
  const shop = await addShop(stage, () => 503);
  const run = await stage.deploy(shop.application, {
    inputs: { ...shop.inputs, health_url: `${shop.url}?token=geheim#top` },
    env: { RUNNER_DEBUG: '1' },
  });
  expect(shop.server.checks[0]?.url).toBe('/up?token=geheim');
  for (const text of [run.log, run.summary, run.outputs.deployments]) {
    expect(text).not.toContain('geheim');
  }
});

scenario('The health is asked only once the rollout is complete', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, () => 200, { instance_amount: 2, instanceChangeMs: 6_000 });
  const run = await deploy(shop.application, {
    inputs: { ...shop.inputs, verify_rollout: 'true' },
  });
  expect(run.exitCode).toBe(0);
  const changedAt = (nodion.triggered[0]?.triggeredAt ?? 0) + 500 + 6_000;
  expect(shop.server.checks[0]?.at).toBeGreaterThan(changedAt);
  expect(annotations(run, 'notice')[0]).toMatch(
    /^Application shop: Deployment #2 is live on 2 of 2 online instances and healthy after [\d.]+ s\.$/m,
  );
});

scenario('The health of what did not go live is not asked', async (stage) => {
  const shop = await addShop(stage, () => 200, life(['created', 0], ['failed', 500]));
  const run = await stage.deploy(shop.application, { inputs: shop.inputs });
  expect(run.exitCode).toBe(1);
  expect(run.outputs.healthy).toBe('');
  expect(shop.server.checks).toEqual([]);
});

scenario('A step cancelled during the health check is red at once', async (stage) => {
  let cancel = () => {};
  const shop = await addShop(stage, (_, { count }) => {
    if (count === 2) cancel();
    return 503;
  });
  const run = await stage.deploy(shop.application, {
    inputs: { ...shop.inputs, health_timeout: '1m', poll_interval: '0.3s' },
    onLog: (_, child) => {
      cancel = () => child.kill('SIGINT');
    },
  });
  expect(run.exitCode).toBe(1);
  expect(shop.server.checks.length).toBeLessThanOrEqual(3);
  expect(errorLines(run)).toEqual([
    'Application shop: The step was cancelled after deployment #2 went live, before everything was checked.',
    'Check it yourself.',
    '#2 (v2) is live.',
  ]);
});

const NO_DOMAIN: [
  why: string,
  prepare: (stage: Stage, application: FakeApplication) => void,
  problem?: string,
][] = [
  ['there is none', () => {}],
  [
    'it is pending',
    ({ nodion }, one) => nodion.addDomain(one, 'nodion.test', { status: 'pending' }),
  ],
  [
    'none is a plain name',
    ({ nodion }, one) => {
      for (const name of NO_HOST_NAMES) nodion.addDomain(one, name);
    },
  ],
  [
    'the key may not read it',
    ({ nodion }, of) => nodion.fail({ on: DOMAINS, of, times: 99, fault: answer(403)(false) }),
    "which can't be read: Nodion answered 403 to GET /applications/:id/domains.",
  ],
];

for (const [
  why,
  prepare,
  problem = 'which has no usable domain: one that is `available` and a plain host name.',
] of NO_DOMAIN) {
  scenario(`A path for an application without a domain triggers nothing: ${why}`, async (stage) => {
    const { nodion, deploy } = stage;
    const other = nodion.addApplication({ name: 'other' });
    nodion.addDomain(other, 'other.test');
    const application = nodion.addApplication({ name: 'shop' });
    prepare(stage, application);
    const run = await deploy(null, {
      inputs: { application_id: `${other.id}\n${application.id}`, health_url: '/up' },
    });
    expect(run.exitCode).toBe(1);
    expect(nodion.requestsTo(TRIGGER)).toEqual([]);
    const [first, ...others] = errorLines(run);
    expect(first).toContain('shop');
    expect(first).toContain(`: "/up" needs the`);
    expect(first).toContain(problem);
    expect(others).toEqual([
      'Give the whole address in `health_url`.',
      'shop: No deployment of the application is live.',
      'Nothing was triggered.',
    ]);
  });
}

scenario('An http address is asked through the proxy for http', async (stage) => {
  const { proxy, deploy } = stage;
  const shop = await addShop(stage, () => 200);
  proxy.hosts.set('shop.test:80', shop.server.address);
  const run = await deploy(shop.application, {
    inputs: { ...shop.inputs, health_url: 'http://shop.test/up' },
    env: { HTTP_PROXY: proxy.address },
  });
  expect(run.exitCode).toBe(0);
  expect(proxy.forwarded).toEqual(Array(3).fill('http://shop.test/up'));
  expect(shop.server.checks).toHaveLength(3);
});

scenario(
  'The address that the domains tell is shown by GitHub where none is given',
  async (stage) => {
    const { nodion, gitHub, deploy } = stage;
    const application = nodion.addApplication();
    nodion.addDomain(application, 'shop.nodion.app', { domain_type: 'main' });
    const run = await deploy(application, { inputs: { environment: 'production' } });
    expect(run.exitCode).toBe(0);
    expect(run.outputs.url).toBe('https://shop.nodion.app');
    expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
      { url: 'https://shop.nodion.app' },
    ]);
    expect(gitHub.statuses.at(-1)).toMatchObject({
      state: 'success',
      environment_url: 'https://shop.nodion.app',
    });
  },
);

const DOMAIN_FAULTS: [string, Fault][] = [
  ['answered 403', answer(403)(false)],
  ['answered 404', answer(404)(false)],
  ['answered 503 and Retry-After 3600', answer(503, '', { 'retry-after': '3600' })(false)],
  ['answered 429 and Retry-After 3600', answer(429, '', { 'retry-after': '3600' })(false)],
  ['answered with HTML', answer(200, '<html>', { 'content-type': 'text/html' })(false)],
  ['never answered', { kind: 'hang', carriedOut: false }],
];

for (const [what, fault] of DOMAIN_FAULTS) {
  scenario(`Domains that are ${what} do not matter where none is needed`, async (stage) => {
    const { nodion, deploy } = stage;
    nodion.fail({ on: DOMAINS, times: 99, fault });
    const shop = await addShop(stage, () => 200);
    const run = await deploy(shop.application, { inputs: shop.inputs });
    expect(run.exitCode).toBe(0);
    expect(run.outputs).toMatchObject({ url: '', healthy: 'true' });
    expect(run.durationMs).toBeLessThan(25_000);
    expect(nodion.requestsTo(DOMAINS)).toHaveLength(1);
    expect([...annotations(run, 'warning'), ...annotations(run, 'error')]).toEqual([]);
  });
}

scenario('Domains that are never answered hold up none of 25 applications', async (stage) => {
  const { nodion, deploy } = stage;
  const applications = Array.from({ length: 25 }, (_, index) =>
    nodion.addApplication({ name: `service-${index}` }),
  );
  nodion.fail({ on: DOMAINS, times: 99, fault: { kind: 'hang', carriedOut: false } });
  const run = await deploy(null, {
    inputs: { application_id: applications.map(({ id }) => id).join(), poll_interval: '5s' },
  });
  expect(run.exitCode).toBe(0);
  expect(run.durationMs).toBeLessThan(45_000);
  expect(nodion.mostRequestsAtOnce).toBeLessThanOrEqual(8);
  expect(nodion.requestsTo(DOMAINS).length).toBeLessThanOrEqual(25);
});

scenario('`wait: false` is three requests, none of them for domains', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication();
  nodion.addDomain(application, 'nodion.test');
  const run = await deploy(application, { inputs: { wait: 'false' } });
  expect(run.exitCode).toBe(0);
  expect(nodion.requests.map(({ endpoint }) => endpoint).sort()).toEqual([
    'GET /applications/:id',
    'GET /applications/:id/deployments',
    TRIGGER,
  ]);
  expect(run.outputs).toMatchObject({ url: '', healthy: '' });
});

for (const [reply, verdict] of [
  [200, 'good'],
  [503, 'bad'],
] as const) {
  scenario(`A dry run asks once, and is green also with ${reply}`, async (stage) => {
    const { nodion, deploy } = stage;
    const shop = await addShop(stage, () => reply);
    const run = await deploy(shop.application, {
      inputs: { ...shop.inputs, health_text: 'version v2', dry_run: 'true' },
    });
    expect(run.exitCode).toBe(0);
    expect(shop.server.checks).toHaveLength(1);
    expect(nodion.requestsTo(TRIGGER)).toEqual([]);
    expect(annotations(run, 'notice')).toEqual([
      [
        'The key can read shop, and the inputs fit.',
        `The health check of shop is ${verdict} now (\`health_text\` is not looked for): ${reply} from ${shop.url}.`,
        "Nothing was triggered. Whether the key may deploy can't be known without deploying.",
      ].join('\n'),
    ]);
  });
}

scenario('A dry run is green though its health check hangs up to the timeout', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, () => 'hang');
  const run = await deploy(shop.application, {
    inputs: { ...shop.inputs, dry_run: 'true', timeout: '3s' },
  });
  expect(run.exitCode).toBe(0);
  expect(nodion.requestsTo(TRIGGER)).toEqual([]);
  expect(annotations(run, 'notice')[0]?.split('\n')[1]).toBe(
    'The health check of shop is bad now (`health_text` is not looked for): no answer before the timeout.',
  );
});

scenario('An application that refuses connections is red', async (stage) => {
  const shop = await addShop(stage, () => 200);
  // A port that no server is given.
  const url = 'http://127.0.0.1:1/up';
  const run = await stage.deploy(shop.application, { inputs: { ...shop.inputs, health_url: url } });
  expect(run.exitCode).toBe(1);
  expect(errorLines(run)).toEqual([
    `Application shop: Deployment #2 is live but not healthy: N of N answers were bad, the last one no answer from ${url}: the connection was refused (ECONNREFUSED).`,
    EXPECTED,
    '#2 (v2) is live.',
  ]);
});

for (const [variable, problem] of [
  [
    'socks5://127.0.0.1:1080',
    "The proxy in the environment (HTTPS_PROXY, HTTP_PROXY or ALL_PROXY) can't be used: socks5:// is not supported; allowed are http:// and https://. NO_PROXY exempts hosts",
  ],
  [
    'http://PROXY',
    'the request through the proxy http://PROXY (from HTTPS_PROXY, HTTP_PROXY or ALL_PROXY) failed: the proxy answered 407: it wants a user name and a password, as in http://user:password@host:port',
  ],
] as const) {
  scenario(`A proxy that can't be used is named: ${variable}`, async (stage) => {
    const { proxy, deploy } = stage;
    proxy.credentials = 'ada:s3cret';
    const shop = await addShop(stage, () => 200);
    const run = await deploy(shop.application, {
      inputs: { ...shop.inputs, health_url: 'http://shop.test/up', health_timeout: '3s' },
      env: { HTTP_PROXY: variable.replace('PROXY', proxy.address) },
    });
    expect(run.exitCode).toBe(1);
    expect(errorLines(run)).toEqual([
      `Application shop: Deployment #2 went live, but its health is not known: no probe got an answer from the application within 3 s (\`health_timeout\`), the last one: no answer from http://shop.test/up: ${problem.replace('http://PROXY', `http://${proxy.address}`)}.`,
      "Check the runner's proxy, or exempt the host in NO_PROXY.",
      '#2 (v2) is live.',
    ]);
    expect(titleOf(run)).toEqual({ title: 'Health not known' });
    expect(run.outputs).toMatchObject({ healthy: '', timed_out: 'false' });
    expect(run.log).toContain(': unknown, no answer from http://shop.test/up: ');
  });
}
