import { afterEach, expect, jest, test } from '@jest/globals';
import { type DeployPlan, readDeployPlan } from '../../src/deploy/plan/deploy-plan.ts';
import { StepFailure } from '../../src/runner/step-failure.ts';
import { formatDuration, parseDuration } from '../../src/time/duration.ts';

const KEY = 'nodion-project-key-5f1c';
const ID = '92955d4f-2e44-4e48-8cb6-9c6c434afebb';
const UUIDS =
  'expected one or more UUIDs, such as 0ce705eb-fb11-485a-b380-82cdb8b97036, separated by line breaks, commas or spaces';
const DURATION = 'expected a duration such as 90s, 15m, 1h, 1m30s or a bare number of seconds';
const TIMEOUT = `${DURATION}; more than 0, at most 24h`;
const INTERVAL = `${DURATION}; at least 0.1s, at most 24h`;
const ADDRESS =
  'expected an https:// address, or http:// on loopback, without credentials, query or fragment';
const SHORT_SHA = `expected a commit: 7 to 64 hex digits, such as \`\${{ github.sha }}\``;
const TAG =
  'expected an image tag: up to 128 letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`';

const HEALTH_URL =
  'expected http:// or https:// addresses without credentials, one per line for each application, or one path such as /up for all of them';

const REGISTRY = 'expected a host such as ghcr.io or registry.example.com:5000';

const REFUSED: readonly (readonly [string, string, string])[] = [
  ['application_id', 'my-app', UUIDS],
  ['application_id', `${ID}, ${ID.toUpperCase()}`, 'it lists an application twice'],
  ['application_id', '../applications', UUIDS],
  ['project_id', '12', 'expected a UUID, such as 0ce705eb-fb11-485a-b380-82cdb8b97036'],
  ['image_tag', '-v1', TAG],
  ['image_tag', 'feature/prices', TAG],
  ['wait', 'perhaps', 'expected true or false'],
  ['timeout', 'soon', TIMEOUT],
  ['timeout', '0', TIMEOUT],
  ['timeout', '-5', TIMEOUT],
  ['timeout', '25h', TIMEOUT],
  ['timeout', '10 fortnights', TIMEOUT],
  ['timeout', '15 months', TIMEOUT],
  ['timeout', '1h30', TIMEOUT],
  ['poll_interval', '2d', INTERVAL],
  ['poll_interval', '0.001', INTERVAL],
  ['expected_sha', 'abc', SHORT_SHA],
  ['expected_sha', 'g'.repeat(40), SHORT_SHA],
  ['expected_sha', 'a'.repeat(65), SHORT_SHA],
  ['log_lines', '2501', 'expected a whole number from 0 to 2500'],
  ['log_lines', '-1', 'expected a whole number from 0 to 2500'],
  ['log_lines', '1.5', 'expected a whole number from 0 to 2500'],
  ['health_url', 'up', HEALTH_URL],
  ['health_url', '//evil.example/up', HEALTH_URL],
  ['health_url', '/\\evil.example/up', HEALTH_URL],
  ['health_url', '/up\n/health', HEALTH_URL],
  ['health_url', '/up\nhttps://shop.example/up', HEALTH_URL],
  ['health_url', 'ftp://shop.example/up', HEALTH_URL],
  ['health_url', 'https://ada:pw@shop.example/up', HEALTH_URL],
  ['health_url', 'https:///up', HEALTH_URL],
  ['health_url', 'http://.../up', HEALTH_URL],
  ['health_url', 'https://a..b/', HEALTH_URL],
  ['health_successes', '0', 'expected a whole number from 1 to 100'],
  ['health_successes', '101', 'expected a whole number from 1 to 100'],
  ['health_timeout', '0', TIMEOUT],
  ['stable_for', 'soon', `${DURATION}; at least 0s, at most 24h`],
  ['rollback', 'always', 'expected true or false'],
  ['verify_image', 'always', 'expected true or false'],
  ['image_timeout', '-1', `${DURATION}; at least 0s, at most 24h`],
  ...['https://ghcr.io', 'ghcr.io/acme', 'shop', 'ghcr.io:99999', 'gh cr.io'].map(
    (value): [string, string, string] => ['registry', value, REGISTRY],
  ),
  ['api_url', 'http://api.nodion.com/v1', ADDRESS],
  ['api_url', 'ftp://127.0.0.1/', ADDRESS],
  ['api_url', 'api.nodion.com', ADDRESS],
  ['api_url', 'https://api.nodion.com/v1?', ADDRESS],
  ['api_url', 'https://api.nodion.com/v1#', ADDRESS],
  ['api_url', 'https://127.0.0.1.evil.example@evil.example/', ADDRESS],
  ['api_url', 'http://127.0.0.1.evil.example/', ADDRESS],
];

/** The plan by these inputs of the deploy action. */
async function planOf(inputs: Readonly<Record<string, string>>): Promise<DeployPlan> {
  for (const [name, value] of Object.entries({ api_key: KEY, ...inputs })) {
    process.env[`INPUT_${name.toUpperCase()}`] = value;
  }
  // The key is masked.
  const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    return await readDeployPlan();
  } finally {
    write.mockRestore();
  }
}

/** The problems of these inputs of the deploy action, a sentence each. */
async function problemsOf(inputs: Readonly<Record<string, string>>): Promise<string[]> {
  try {
    await planOf(inputs);
    return [];
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    return error.lines.map(String);
  }
}

afterEach(() => {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('INPUT_')) delete process.env[name];
  }
});

test.each(REFUSED)(
  'A bad `%s` is told with what is expected: %j',
  async (name, value, expected) => {
    const isOfHealth = /^(?:health_|stable_for|rollback)/.test(name);
    const needed = {
      application_id: ID,
      ...(isOfHealth && { health_url: '/up' }),
      ...(name !== 'verify_image' && { verify_image: 'true' }),
    };
    const shown = JSON.stringify(value).replace(/\/\/[^/]*@/, '//***@');
    expect(await problemsOf({ ...needed, [name]: value })).toEqual([
      `\`${name}\`: ${shown} is invalid; ${expected}.`,
    ]);
  },
);

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const NO_DIGEST =
  'A digest is no tag: write the tag that the image was pushed under, such as `outputs.version` of docker/metadata-action.';
const QUOTE =
  'Quote a literal tag in the workflow: YAML takes one that looks like a number for one, and may write it another way.';
const ONE_TAG = 'Write one tag alone, such as `outputs.version` of docker/metadata-action.';

test.each([
  ['wait', 'yes', 'Write `true`.'],
  ['wait', 'On', 'Write `true`.'],
  ['reuse_existing', '1', 'Write `true`.'],
  ['dry_run', 'no', 'Write `false`.'],
  ['wait', 'tRUE', 'Write `true`.'],
  ['timeout', '15 min', 'Write `15m`.'],
  ['timeout', '10 minutes', 'Write `10m`.'],
  ['timeout', '1 hour and 30 minutes', 'Write `1h30m`.'],
  ['timeout', '1h 5m 10sec', 'Write `1h5m10s`.'],
  ['timeout', 'PT15M', 'Write `15m`.'],
  ['timeout', '1 hr 5 mins', 'Write `1h5m`.'],
  ['timeout', '1 day', 'Write `24h`.'],
  ['poll_interval', '500ms', 'Write `0.5s`.'],
  ['image_tag', 'ghcr.io/acme/shop:1.27', 'Write the tag alone: `1.27`.'],
  ['image_tag', 'registry.example.com:5000/shop:v2', 'Write the tag alone: `v2`.'],
  ['image_tag', `nginx:1.25@${DIGEST}`, 'Write the tag alone: `1.25`.'],
  ['image_tag', 'refs/tags/v2', 'Write the tag alone: `v2`.'],
  ['image_tag', 'ghcr.io/acme/shop:1.27\nghcr.io/acme/shop:latest', ONE_TAG],
  ['image_tag', DIGEST, NO_DIGEST],
  ['image_tag', `v1@${DIGEST}`, NO_DIGEST],
  ['image_tag', `ghcr.io/acme/shop@${DIGEST}`, NO_DIGEST],
  ['image_tag', '1E+30', QUOTE],
  ['image_tag', '-1', QUOTE],
])('`%s` says what to write in the place of %j', async (name, value, advice) => {
  const [problem = '', ...more] = await problemsOf({ application_id: ID, [name]: value });
  expect(more).toEqual([]);
  const shown = `\`${name}\`: ${JSON.stringify(value)} is invalid; expected `;
  expect(problem.slice(0, shown.length)).toBe(shown);
  expect(problem.slice(-advice.length - 2)).toBe(`. ${advice}`);
});

test('Only addresses are shown without what stands before an @', async () => {
  expect(
    await problemsOf({
      application_id: ID,
      image_tag: 'https://ada:pw@ghcr.io/shop',
      expected_sha: 'main@{yesterday}',
      health_url: 'ada:pw@shop.example/up',
      environment_url: 'ada:p/w@shop.example',
      environment: 'web',
      api_url: 'pw@api.nodion.com',
    }).then((problems) => problems.map((problem) => problem.replace(/ is invalid; .*/, ''))),
  ).toEqual([
    '`image_tag`: "https://***@ghcr.io/shop"',
    '`expected_sha`: "main@{yesterday}"',
    '`health_url`: "***@shop.example/up"',
    '`environment_url`: "***@shop.example"',
    '`api_url`: "***@api.nodion.com"',
  ]);
});

const OTHER = '0ce705eb-fb11-485a-b380-82cdb8b97036';

test.each([
  ['application_id', `["${ID}","${OTHER}"]`, [ID, OTHER]],
  ['application_id', `[\n  "${ID}",\n  "${OTHER}"\n]`, [ID, OTHER]],
  ['application_id', `${ID} ${OTHER}`, [ID, OTHER]],
  ['application_id', `${ID},\n${OTHER},`, [ID, OTHER]],
  ['application_name', '["shop, the new one", "web"]', ['shop, the new one', 'web']],
  ['application_name', '[web]', ['[web]']],
  ['application_name', 'shop one\nweb', ['shop one', 'web']],
])('`%s` is a list, as lines or JSON: %j', async (name, value, all) => {
  expect(await planOf({ [name]: value })).toMatchObject({
    applications: name === 'application_id' ? { by: 'id', ids: all } : { by: 'name', names: all },
  });
});

test.each([
  ['application_id', '[]', UUIDS],
  ['application_id', `[["${ID}"]]`, UUIDS],
  ['application_name', '[]', 'expected one or more names, separated by line breaks or commas'],
  ['application_name', '["a\\u0007b"]', 'expected one line of text'],
])('`%s` is refused with no list of names or IDs: %j', async (name, value, expected) => {
  expect(await problemsOf({ [name]: value })).toEqual([
    expect.stringMatching(`^\`${name}\`: .* is invalid; ${expected}\\.$`),
  ]);
});

test('The password of a registry is never shown', async () => {
  const problems = await problemsOf({
    application_id: ID,
    verify_image: 'true',
    registry_username: 'ada',
    registry_password: 'two\nlines',
  });
  expect(problems).toEqual([
    '`registry_password`: the value is invalid; expected one line of text.',
  ]);
});

const CONTRADICTORY: [string, Record<string, string>, string][] = [
  [
    'no application',
    {},
    '`application_id` or `application_name` is required: the application to deploy.',
  ],
  [
    'two ways to name it',
    { application_id: ID, application_name: 'shop' },
    'Use `application_id` or `application_name`, not both.',
  ],
  [
    'reuse of anything',
    { application_id: ID, reuse_existing: 'true' },
    '`reuse_existing: true` needs `expected_sha` or `image_tag`, to tell which deployment to follow.',
  ],
  [
    'a rollout that is not waited for',
    { application_id: ID, verify_rollout: 'true', wait: 'false' },
    '`verify_rollout: true` needs `wait: true`.',
  ],
  [
    'the address of no environment',
    { application_id: ID, environment_url: 'https://example.com' },
    '`environment_url` needs `environment`.',
  ],
  [
    'a health check that is not waited for',
    { application_id: ID, health_url: '/up', wait: 'false' },
    '`health_url` needs `wait: true`.',
  ],
  [
    'fewer addresses than applications',
    { application_name: 'web\nshop', health_url: 'https://web.example/up' },
    '`health_url` has 1 address for 2 applications: give one for each, in their order, or a path such as /up.',
  ],
  [
    'more addresses than applications',
    { application_id: ID, health_url: 'https://web.example/up\nhttps://shop.example/up' },
    '`health_url` has 2 addresses for 1 application: give one for each, in their order, or a path such as /up.',
  ],
  [
    'the key in an address that is not Nodion’s',
    { application_id: ID, health_url: `https://web.example/up?key=${KEY}` },
    '`health_url` must not contain `api_key`: the key is for Nodion alone.',
  ],
  [
    'a text that nobody is asked for',
    { application_id: ID, health_text: 'v2' },
    '`health_text` needs `health_url`.',
  ],
  [
    'a number of answers that nobody is asked for',
    { application_id: ID, health_successes: '4' },
    '`health_successes` needs `health_url`.',
  ],
  [
    'a time for answers that nobody is asked for',
    { application_id: ID, health_timeout: '1m' },
    '`health_timeout` needs `health_url`.',
  ],
  [
    'nothing that would be stable',
    { application_id: ID, stable_for: '1m' },
    '`stable_for` needs `health_url` or `verify_rollout: true`.',
  ],
  [
    'polls as far apart as the step may take',
    { application_id: ID, poll_interval: '15m' },
    '`poll_interval` (15 min) must be shorter than `timeout` (15 min).',
  ],
  [
    'milliseconds for seconds',
    { application_id: ID, poll_interval: '5000' },
    '`poll_interval` (1 h 23 min) must be shorter than `timeout` (15 min).',
  ],
  [
    'more good answers than there is time for',
    { application_id: ID, health_url: '/up', health_successes: '50' },
    '`health_timeout` (2 min) is too short for `health_successes` (50) answers, one every `poll_interval` (3 s).',
  ],
  [
    'good answers too far apart',
    { application_id: ID, health_url: '/up', poll_interval: '1m' },
    '`health_timeout` (2 min) is too short for `health_successes` (3) answers, one every `poll_interval` (1 min).',
  ],
  [
    'less time than three answers take',
    { application_id: ID, health_url: '/up', health_timeout: '4s' },
    '`health_timeout` (4 s) is too short for `health_successes` (3) answers, one every `poll_interval` (3 s).',
  ],
  [
    'longer stable than the step may take',
    { application_id: ID, health_url: '/up', stable_for: '90s', timeout: '1m' },
    '`stable_for` must not be longer than `timeout`.',
  ],
  [
    'a registry that nobody asks',
    { application_id: ID, registry: 'ghcr.io' },
    '`registry` needs `verify_image: true`.',
  ],
  [
    'a time for an image that nobody looks for',
    { application_id: ID, image_timeout: '1m' },
    '`image_timeout` needs `verify_image: true`.',
  ],
  [
    'half of a pair of credentials',
    { application_id: ID, verify_image: 'true', registry_username: 'ada' },
    '`registry_username` and `registry_password` need each other.',
  ],
  [
    'a rollback for no reason',
    { application_id: ID, rollback: 'true' },
    '`rollback: true` needs `health_url` or `verify_rollout: true`.',
  ],
];

test.each(CONTRADICTORY)("Inputs that don't fit are told: %s", async (_, inputs, message) => {
  expect(await problemsOf(inputs)).toEqual([message]);
});

test.each([
  { application_id: ID, wait: 'false', poll_interval: '1h' },
  { application_id: ID, timeout: '2s' },
  { application_id: ID, health_url: '/up', health_successes: '1', health_timeout: '1s' },
  { application_id: ID, health_url: '/up', health_successes: '40' },
])('Times that can be kept are accepted: %j', async (inputs) => {
  expect(await problemsOf(inputs)).toEqual([]);
});

const MISSPELT: [string, string, string][] = [
  ['health-url', 'https://shop.example/up', 'health_url'],
  ['expected-sha', 'ffac537', 'expected_sha'],
  ['verify-rollout', 'true', 'verify_rollout'],
  ['image-tag', 'v2', 'image_tag'],
  ['imagetag', 'v2', 'image_tag'],
  ['image_tags', 'v2', 'image_tag'],
  ['heath_urls', '/up', 'health_url'],
  ['await', 'false', 'wait'],
  ['wiat', 'false', 'wait'],
  ['timeouts', '1m', 'timeout'],
];

test.each(MISSPELT)('`%s` is not ignored', async (name, value, meant) => {
  expect(await problemsOf({ application_id: ID, [name]: value })).toEqual([
    `\`${name}\` is not an input of this action: did you mean \`${meant}\`?`,
  ]);
});

test.each([
  ['like none', { deployment: 'web', tag: 'v2', weight: '1', constructor: '1' }],
  ['empty', { 'image-tag': '', verify_rollouts: ' ' }],
  ['a composite action’s, which hands it on', { 'image-tag': 'v2', image_tag: 'v2' }],
  ['a composite action’s, of another value', { 'image-tag': 'v1', image_tag: 'v2', wait_: 'true' }],
])('An undeclared input is left to the runner where it is %s', async (_, inputs) => {
  expect(await problemsOf({ application_id: ID, wait: 'true', ...inputs })).toEqual([]);
});

test('All inputs of a health check that don’t fit are told at once', async () => {
  const problems = await problemsOf({
    application_id: ID,
    wait: 'false',
    health_text: 'v2',
    health_timeout: '1m',
    stable_for: '20m',
    rollback: 'true',
  });
  expect(problems.sort()).toEqual([
    '`health_text` needs `health_url`.',
    '`health_timeout` needs `health_url`.',
    '`rollback: true` needs `health_url` or `verify_rollout: true`.',
    '`stable_for` must not be longer than `timeout`.',
    '`stable_for` needs `health_url` or `verify_rollout: true`.',
  ]);
});

test.each([
  ['90s', 90_000, '1 min 30 s'],
  ['15m', 900_000, '15 min'],
  ['1h', 3_600_000, '1 h'],
  ['1m30s', 90_000, '1 min 30 s'],
  ['90', 90_000, '1 min 30 s'],
  ['0.5h', 1_800_000, '30 min'],
  ['90.5', 90_500, '1 min 31 s'],
  ['.5m', 30_000, '30 s'],
  ['1h0m0s', 3_600_000, '1 h'],
  ['1h5m', 3_900_000, '1 h 5 min'],
  ['4.25', 4_250, '4.3 s'],
  ['59.96', 59_960, '1 min'],
])('The duration %s is %i ms, shown as %s', async (text, ms, shown) => {
  expect(parseDuration(text)).toBe(ms);
  expect(formatDuration(ms)).toBe(shown);
  expect(await problemsOf({ application_id: ID, timeout: text })).toEqual([]);
});

test.each(['', '.', 's', '1 m', '1d', '-1', '1m1h', '1e3', '0x10', '１５m'])(
  'The text %j is no duration',
  (text) => {
    expect(parseDuration(text)).toBeNull();
  },
);
