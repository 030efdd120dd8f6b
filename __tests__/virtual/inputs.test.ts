import { expect } from '@jest/globals';
import { PROJECT_KEY } from '../../fakes/nodion/state.ts';
import { annotations } from '../../fakes/stage.ts';
import { scenario } from '../scenario.ts';

const ID = '92955d4f-2e44-4e48-8cb6-9c6c434afebb';

scenario('Bad inputs and those that don’t fit are told before any request', async (stage) => {
  const { nodion, deploy } = stage;
  const run = await deploy(null, {
    inputs: { application_id: ID, image_tag: '-v1', log_lines: '2501', rollback: 'true' },
  });
  expect(run.exitCode).toBe(1);
  expect(nodion.requests).toEqual([]);
  expect(annotations(run, 'error').join().split('\n')).toEqual([
    '`image_tag`: "-v1" is invalid; expected an image tag: up to 128 letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`.',
    '`log_lines`: "2501" is invalid; expected a whole number from 0 to 2500.',
    '`rollback: true` needs `health_url` or `verify_rollout: true`.',
  ]);
});

scenario('All bad inputs are in one message, the key never shown', async ({ run: runAction }) => {
  const run = await runAction({
    inputs: { api_key: 'two words', application_id: 'x', timeout: 'soon', wait: 'maybe' },
  });
  const [error = '', ...more] = annotations(run, 'error');
  expect(more).toEqual([]);
  expect(error.split('\n')).toEqual([
    '`api_key`: the value is invalid; expected the key alone, without spaces, line breaks or other characters outside printable ASCII.',
    '`application_id`: "x" is invalid; expected one or more UUIDs, such as 0ce705eb-fb11-485a-b380-82cdb8b97036, separated by line breaks, commas or spaces.',
    '`wait`: "maybe" is invalid; expected true or false.',
    '`timeout`: "soon" is invalid; expected a duration such as 90s, 15m, 1h, 1m30s or a bare number of seconds; more than 0, at most 24h.',
  ]);
  expect(run.log.replace('::add-mask::two words', '')).not.toContain('two words');
});

const MISSPELT = [
  ['.', { application_id: ID, wait: 'false' }, 'INPUT_HEALTH-URL', '/up', 'health_url'],
  ['list-applications', {}, 'INPUT_NAMES', 'service-*', 'name'],
  ['create-application', {}, 'INPUT_REGION-ID', 'fra', 'region_id'],
] as const;

for (const [action, inputs, variable, value, meant] of MISSPELT) {
  scenario(`${variable} is told as misspelt by ${action}`, async ({ nodion, run: runAction }) => {
    const run = await runAction({ action, inputs, env: { [variable]: value } });
    expect(run.exitCode).toBe(1);
    expect(nodion.requests).toEqual([]);
    const name = variable.slice(6).toLowerCase();
    expect(annotations(run, 'error')[0]?.split('\n')[0]).toBe(
      `\`${name}\` is not an input of this action: did you mean \`${meant}\`?`,
    );
  });
}

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
    '`api_key` is required. Is the secret behind it set? A secret is empty in workflows triggered from forks and by Dependabot, and one of an environment is empty in a job without that `environment:`.',
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
