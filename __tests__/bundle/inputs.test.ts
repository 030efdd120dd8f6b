import { expect } from '@jest/globals';
import { PROJECT_KEY } from '../../fakes/nodion.ts';
import { annotations } from '../../fakes/stage.ts';
import { scenario } from './scenario.ts';

const ID = '92955d4f-2e44-4e48-8cb6-9c6c434afebb';
const UUIDS =
  'expected one or more UUIDs, such as 0ce705eb-fb11-485a-b380-82cdb8b97036, separated by line breaks or commas';
const DURATION = 'expected a duration such as 90s, 15m, 1h, 1m30s or a bare number of seconds';
const TIMEOUT = `${DURATION}; more than 0, at most 24h`;
const INTERVAL = `${DURATION}; at least 0.1s, at most 24h`;
const ADDRESS =
  'expected an https:// address, or http:// on loopback, without credentials, query or fragment';
const SHORT_SHA = 'expected a commit: 7 to 40 hex digits';
const TAG =
  'expected an image tag: up to 128 letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`';

const HEALTH_URL =
  'expected http:// or https:// addresses without credentials, one per line for each application, or one path such as /up for all of them';

const REFUSED = [
  ['application_id', 'my-app', UUIDS],
  ['application_id', `${ID}, ${ID.toUpperCase()}`, 'it lists an application twice'],
  ['application_id', '../applications', UUIDS],
  ['project_id', '12', 'expected a UUID, such as 0ce705eb-fb11-485a-b380-82cdb8b97036'],
  ['image_tag', '-v1', TAG],
  ['image_tag', 'v1:latest', TAG],
  ['wait', 'yes', 'expected true or false'],
  ['reuse_existing', '1', 'expected true or false'],
  ['dry_run', 'no', 'expected true or false'],
  ['timeout', 'soon', TIMEOUT],
  ['timeout', '0', TIMEOUT],
  ['timeout', '-5', TIMEOUT],
  ['timeout', '25h', TIMEOUT],
  ['timeout', '10 min', TIMEOUT],
  ['poll_interval', '1d', INTERVAL],
  ['poll_interval', '0.001', INTERVAL],
  ['expected_sha', 'abc', SHORT_SHA],
  ['expected_sha', 'g'.repeat(40), SHORT_SHA],
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
  ['rollback', 'yes', 'expected true or false'],
  ['api_url', 'http://api.nodion.com/v1', ADDRESS],
  ['api_url', 'ftp://127.0.0.1/', ADDRESS],
  ['api_url', 'api.nodion.com', ADDRESS],
  ['api_url', 'https://api.nodion.com/v1?', ADDRESS],
  ['api_url', 'https://api.nodion.com/v1#', ADDRESS],
  ['api_url', 'https://127.0.0.1.evil.example@evil.example/', ADDRESS],
  ['api_url', 'http://127.0.0.1.evil.example/', ADDRESS],
] as const;

for (const [name, value, expected] of REFUSED) {
  const given = `${name}: ${JSON.stringify(value)}`;
  scenario(`A bad input is told before any request: ${given}`, async ({ nodion, deploy }) => {
    const isOfHealth = /^(?:health_|stable_for|rollback)/.test(name);
    const needed = { application_id: ID, ...(isOfHealth && { health_url: '/up' }) };
    const run = await deploy(null, { inputs: { ...needed, [name]: value } });
    expect(run.exitCode).toBe(1);
    expect(nodion.requests).toEqual([]);
    const shown = JSON.stringify(value).replace(/\/\/[^/]*@/, '//***@');
    expect(annotations(run, 'error')).toEqual([`\`${name}\`: ${shown} is invalid; ${expected}.`]);
  });
}

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
    { application_id: ID, health_url: `https://web.example/up?key=${PROJECT_KEY}` },
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
    'longer stable than the step may take',
    { application_id: ID, health_url: '/up', stable_for: '90s', timeout: '1m' },
    '`stable_for` must not be longer than `timeout`.',
  ],
  [
    'a rollback for no reason',
    { application_id: ID, rollback: 'true' },
    '`rollback: true` needs `health_url` or `verify_rollout: true`.',
  ],
];

for (const [what, inputs, message] of CONTRADICTORY) {
  scenario(`Inputs that don't fit are told before any request: ${what}`, async (stage) => {
    const { nodion, deploy } = stage;
    const run = await deploy(null, { inputs });
    expect(run.exitCode).toBe(1);
    expect(nodion.requests).toEqual([]);
    expect(annotations(run, 'error')).toEqual([message]);
  });
}

scenario('All bad inputs are in one message, the key never shown', async ({ run: runAction }) => {
  const run = await runAction({
    inputs: { api_key: 'two words', application_id: 'x', timeout: 'soon', wait: 'maybe' },
  });
  const [error = '', ...more] = annotations(run, 'error');
  expect(more).toEqual([]);
  expect(error.split('\n')).toEqual([
    '`api_key`: the value is invalid; expected the key alone, without spaces, line breaks or other characters outside printable ASCII.',
    `\`application_id\`: "x" is invalid; ${UUIDS}.`,
    '`wait`: "maybe" is invalid; expected true or false.',
    `\`timeout\`: "soon" is invalid; ${TIMEOUT}.`,
  ]);
  expect(run.log.replace('::add-mask::two words', '')).not.toContain('two words');
});

scenario('All inputs of a health check that don’t fit are in one message', async (stage) => {
  const { nodion, deploy } = stage;
  const run = await deploy(null, {
    inputs: {
      application_id: ID,
      wait: 'false',
      health_text: 'v2',
      health_timeout: '1m',
      stable_for: '20m',
      rollback: 'true',
    },
  });
  expect(run.exitCode).toBe(1);
  expect(nodion.requests).toEqual([]);
  const [error = ''] = annotations(run, 'error');
  expect(error.split('\n').sort()).toEqual([
    '`health_text` needs `health_url`.',
    '`health_timeout` needs `health_url`.',
    '`rollback: true` needs `health_url` or `verify_rollout: true`.',
    '`stable_for` must not be longer than `timeout`.',
    '`stable_for` needs `health_url` or `verify_rollout: true`.',
  ]);
});

scenario('What a health check has by default may be given without one', async (stage) => {
  const { nodion, deploy } = stage;
  const run = await deploy(nodion.addApplication(), {
    inputs: {
      health_url: ' ',
      health_text: '',
      health_successes: '3',
      health_timeout: '2m',
      stable_for: '0',
      rollback: 'false',
    },
  });
  expect(run.exitCode).toBe(0);
});

scenario('An empty key is told with why it may be empty', async ({ deploy }) => {
  const run = await deploy(null, { inputs: { api_key: '', application_id: ID } });
  expect(annotations(run, 'error')).toEqual([
    '`api_key` is required. Is the secret behind it set? A secret is empty in workflows triggered from forks and by Dependabot.',
  ]);
  expect(run.exitCode).toBe(1);
});

scenario('Inputs may be padded, in capitals, or empty with a default', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication();
  const run = await deploy(application, {
    inputs: {
      api_key: `\n ${PROJECT_KEY}\n`,
      application_id: ` ${application.id} \n`,
      wait: 'TRUE',
      timeout: '',
      dry_run: '',
      log_lines: ' 10 ',
      api_url: `${nodion.url}/`,
    },
  });
  expect(run.exitCode).toBe(0);
});

for (const timeout of ['90s', '15m', '1h', '1m30s', '90', '0.5h', '90.5', '.5m', '1h0m0s']) {
  scenario(`The timeout may be ${timeout}`, async ({ nodion, deploy }) => {
    const run = await deploy(nodion.addApplication(), { inputs: { timeout, dry_run: 'true' } });
    expect(run.exitCode).toBe(0);
  });
}
