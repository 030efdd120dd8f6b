import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import { DEPLOY_ONLY_KEY } from '../../fakes/nodion/state.ts';
import { life, scenario } from '../scenario.ts';
import { type Situation, type Told, tells } from '../told.ts';

const SHA = 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e';
const TRIGGER = 'POST /applications/:id/deployments';
const LIST = 'GET /applications/:id/deployments';
const image = { deployment_strategy: 'prebuilt_image', image_name: 'shop' };
function situation(name: string, play: Situation, told: Told): void {
  tells(`Users are told the truth when ${name}`, play, () => told);
}

const LOG = "Its deployment log is in Nodion's dashboard.";
const FOLLOW =
  'With `expected_sha` and `reuse_existing: true`, the step follows a deployment of the same commit instead.';
const USUALLY = 'Usually the tag does not exist, or Nodion may not pull from the registry.';
const GOES_ON =
  'The deployment goes on at Nodion, where nothing can cancel it: follow it in the dashboard.';
const OF_TEST = 'It is of commit d77ead8 "test" by John Doe.';

situation(
  'a deployment is live already, and not waited for',
  ({ nodion }) => {
    const application = nodion.addApplication({ name: 'shop' });
    nodion.addDeployment(application, { status: 'available' });
    return {
      application,
      options: { inputs: { reuse_existing: 'true', expected_sha: SHA, wait: 'false' } },
    };
  },
  {
    title: 'notice: Already live',
    annotation: [
      `Application shop: Deployment #1 was live already, so nothing was triggered.`,
      OF_TEST,
    ],
    heading: '✅ shop was live already',
    outputs: { triggered: 'false', status: 'available', duration_seconds: '' },
    gitHub: ['success', 'shop: already live'],
  },
);

situation(
  'a deployment is in progress already, and not waited for',
  ({ nodion }) => {
    const application = nodion.addApplication({ name: 'shop' });
    nodion.addDeployment(application, { status: 'waiting' });
    return {
      application,
      options: { inputs: { reuse_existing: 'true', expected_sha: SHA, wait: 'false' } },
    };
  },
  {
    title: 'notice: Already in progress',
    annotation: [
      `Application shop: Deployment #1 was in progress already, so nothing was triggered.`,
      OF_TEST,
    ],
    heading: '🔄 shop: deployment #1 was in progress already',
    outputs: { triggered: 'false', status: 'waiting' },
    gitHub: ['in_progress', 'Nodion: shop'],
  },
);

situation(
  'a deployment is triggered, and not waited for',
  ({ nodion }) => ({
    application: nodion.addApplication({ name: 'shop' }),
    options: { inputs: { wait: 'false' } },
  }),
  {
    title: 'notice: Triggered',
    annotation: ['Application shop: Deployment #1 was triggered, and is not waited for.', OF_TEST],
    heading: '🔄 shop: deployment #1 is triggered, and not waited for',
    outputs: { triggered: 'true', status: 'created', duration_seconds: '' },
    gitHub: ['in_progress', 'Nodion: shop'],
  },
);

situation(
  'it failed, and the version before is still live',
  ({ nodion }) => {
    const application = nodion.addApplication({
      ...image,
      name: 'shop',
      ...life(['created', 0], ['failed', 3_000]),
    });
    nodion.addDeployment(application, { status: 'available', image_tag: 'v1' });
    return { application, options: { inputs: { image_tag: 'v2' } } };
  },
  {
    title: 'error: Deployment failed',
    annotation: [
      'Application shop: Deployment #2 failed after ….',
      LOG,
      USUALLY,
      '#1 (v1) is still live.',
    ],
    heading: '❌ shop: deployment #2 failed',
    outputs: { status: 'failed', timed_out: 'false' },
    gitHub: ['failure', `shop: Deployment #2 failed after …. ${LOG} ${USUALLY.slice(0, 54)}…`],
  },
);

situation(
  'the workflow is cancelled while it is in progress',
  ({ nodion, cancelWhen }) => ({
    application: nodion.addApplication({ name: 'shop', ...life(['waiting', 0]) }),
    options: cancelWhen(() => nodion.triggered.length > 0),
  }),
  {
    title: 'error: Step cancelled',
    annotation: [
      'Application shop: The step was cancelled while deployment #1 was "waiting".',
      GOES_ON,
      'No deployment of the application is live.',
    ],
    heading: '🚫 shop: step cancelled while following deployment #1',
    outputs: {
      status: 'waiting',
      triggered: 'true',
      duration_seconds: expect.stringMatching(/\d/) as never,
    },
    gitHub: [
      'error',
      'shop: The step was cancelled while deployment #1 was "waiting". The deployment goes on at Nodion, where nothing can cancel it: follow it in…',
    ],
  },
);

situation(
  'another commit is live',
  ({ nodion }) => ({
    application: nodion.addApplication({ name: 'shop' }),
    options: { inputs: { expected_sha: 'ffac537' } },
  }),
  {
    title: 'error: Another commit went live',
    annotation: [
      'Application shop: Deployment #1 went live, but is of commit d77ead8, not of `expected_sha` ffac537.',
      `It deployed ${SHA}; ffac537 was expected.`,
      'Nodion deploys the latest commit of the connected branch: check that the workflow runs on that branch, and that nothing was pushed meanwhile.',
      '#1 (commit d77ead8) is live.',
    ],
    heading: '❌ shop: #1 went live, but is of another commit',
    outputs: { status: 'available', triggered: 'true' },
    gitHub: [
      'failure',
      expect.stringContaining('shop: Deployment #1 went live, but is of commit d77ead8') as never,
    ],
  },
);

situation(
  'Nodion deployed another tag than it was asked for',
  ({ nodion }) => {
    const application = nodion.addApplication({ ...image, name: 'shop' });
    const other = nodion.addDeployment(application, { status: 'created', image_tag: 'v1' });
    const deployment = { ...other, status: 'created', deploy_number: 2 };
    application.deployments = [];
    nodion.fail({ on: TRIGGER, fault: answer(200, { deployment })(false) });
    return { application, options: { inputs: { image_tag: 'v2', wait: 'false' } } };
  },
  {
    title: 'error: Another image tag',
    annotation: [
      'Application shop: Deployment #2 has tag "v1", not "v2" (`image_tag`).',
      'Nodion was asked for that tag and took another: check the application in its dashboard.',
      'The deployment goes on at Nodion, where nothing can cancel it: follow it in the dashboard.',
      'No deployment of the application is live.',
    ],
    heading: '❌ shop: #2 is of another image tag',
    outputs: { triggered: 'true' },
    gitHub: ['failure', expect.stringContaining('has tag "v1"') as never],
  },
);

situation(
  'the key is refused in the middle of the wait',
  ({ nodion }) => {
    nodion.fail({ on: LIST, skip: 2, times: 99, fault: answer(401)(false) });
    return {
      application: nodion.addApplication({ name: 'shop', ...life(['waiting', 0]) }),
      options: { inputs: { log_lines: '0' } },
    };
  },
  {
    title: 'error: Lost sight of the deployment',
    annotation: [
      'Application shop: Deployment #1 was "waiting" when it could no longer be read.',
      'Nodion refused the API key (401 Unauthorized).',
      'Create a new key and update the secret behind `api_key`.',
      GOES_ON,
      'When it was last seen, nothing was live; it is not known what is live now.',
    ],
    heading: '❌ shop: lost sight of deployment #1',
    outputs: { status: 'waiting', triggered: 'true' },
    gitHub: [
      'failure',
      expect.stringContaining('was "waiting" when it could no longer be read.') as never,
    ],
  },
);

for (const status of [400, 403, 422]) {
  situation(
    `the trigger is refused with ${status}`,
    ({ nodion }) => {
      nodion.fail({ on: TRIGGER, fault: answer(status, { errors: ['Branch is gone'] })(false) });
      return { application: nodion.addApplication({ name: 'shop' }) };
    },
    {
      title: 'error: Trigger refused',
      annotation: [
        `Application shop: Nodion refused the trigger (${status}): Branch is gone.`,
        'Nothing was triggered for it.',
        ...{
          400: ["Check the inputs and, in Nodion's dashboard, the application."],
          403: [
            'Check the key behind `api_key`: its scopes must cover this request, and it must belong to the project (for a user API key, see `project_id`).',
          ],
          422: [],
        }[status as 400],
        'No deployment of the application is live.',
      ],
      heading: '❌ shop: trigger refused',
      outputs: { triggered: 'false', id: '' },
      gitHub: ['failure', expect.stringContaining('Nodion refused the trigger') as never],
    },
  );
}

situation(
  'ours expired while a newer one is only in progress',
  ({ nodion }) => {
    const application = nodion.addApplication({
      name: 'shop',
      ...life(['created', 0], ['waiting', 2_000], ['expired', 8_000]),
    });
    return {
      application,
      options: {
        onLog: (text) => {
          if (text.includes('#1 is "waiting"'))
            nodion.addDeployment(application, { status: 'waiting' });
        },
      },
    };
  },
  {
    title: 'error: Deployment expired',
    annotation: [
      'Application shop: Deployment #1 expired after …: it never went live.',
      'A newer deployment of the same commit, #2, is "waiting".',
      FOLLOW,
      'No deployment of the application is live.',
    ],
    heading: '❌ shop: deployment #1 expired',
    outputs: { status: 'expired' },
    gitHub: ['failure', expect.stringContaining('it never went live') as never],
  },
);

situation(
  'ours expired because a newer one went live',
  ({ nodion }) => {
    const application = nodion.addApplication({
      name: 'shop',
      ...life(['created', 0], ['waiting', 2_000], ['expired', 8_000]),
    });
    return {
      application,
      options: {
        onLog: (text) => {
          if (text.includes('#1 is "waiting"'))
            nodion.addDeployment(application, { status: 'available' });
        },
      },
    };
  },
  {
    title: 'error: Deployment superseded',
    annotation: [
      'Application shop: Deployment #1 was superseded by #2, which went live.',
      'It is of the same commit, so what was to be deployed went live.',
      FOLLOW,
      '#2 (commit d77ead8) is live.',
    ],
    heading: '❌ shop: deployment #1 was superseded',
    outputs: { status: 'expired' },
    gitHub: ['failure', expect.stringContaining('was superseded by #2') as never],
  },
);

situation(
  'ours is live, and a newer one too',
  ({ nodion }) => {
    const application = nodion.addApplication({
      name: 'shop',
      ...life(['created', 0], ['waiting', 2_000], ['available', 8_000]),
    });
    return {
      application,
      options: {
        onLog: (text) => {
          if (text.includes('#1 is "waiting"'))
            nodion.addDeployment(application, { status: 'available' });
        },
      },
    };
  },
  {
    title: 'notice: Went live',
    annotation: [
      'Application shop: Deployment #1 went live; now #2, which is newer, is live.',
      OF_TEST.replace('It', '#1'),
    ],
    heading: '✅ shop: deployment #1 went live; now #2, which is newer, is live',
    outputs: { status: 'available' },
    gitHub: ['success', 'shop: went live; now #2, which is newer, is live'],
  },
);

situation(
  'ours is live, a newer one too, and one more is in progress',
  ({ nodion }) => {
    const application = nodion.addApplication({
      name: 'shop',
      ...life(['created', 0], ['waiting', 2_000], ['available', 8_000]),
    });
    return {
      application,
      options: {
        onLog: (text) => {
          if (!text.includes('#1 is "waiting"')) return;
          nodion.addDeployment(application, { status: 'available' });
          nodion.addDeployment(application, { status: 'waiting' });
        },
      },
    };
  },
  {
    title: 'notice: Went live',
    annotation: [
      'Application shop: Deployment #1 went live; now #2, which is newer, is live.',
      OF_TEST.replace('It', '#1'),
    ],
    heading: '✅ shop: deployment #1 went live; now #2, which is newer, is live',
    outputs: { status: 'available' },
    gitHub: ['success', 'shop: went live; now #2, which is newer, is live'],
  },
);

situation(
  'ours expired, and one of the same commit is followed in its place',
  ({ nodion }) => {
    const application = nodion.addApplication({
      name: 'shop',
      ...life(['created', 0], ['waiting', 2_000], ['expired', 8_000]),
    });
    return {
      application,
      options: {
        inputs: { reuse_existing: 'true', expected_sha: SHA },
        onLog: (text) => {
          if (text.includes('#1 is "waiting"'))
            nodion.addDeployment(application, life(['waiting', 0], ['available', 20_000]));
        },
      },
    };
  },
  {
    title: 'notice: Live',
    annotation: ['Application shop: Deployment #2 is live after ….', OF_TEST],
    heading: '✅ shop is live',
    outputs: { status: 'available', deploy_number: '2', triggered: 'true' },
    gitHub: ['success', 'shop: live'],
  },
);

situation(
  'it stops at a status that nobody knows',
  ({ nodion }) => ({
    application: nodion.addApplication({
      name: 'shop',
      ...life(['created', 0], ['cancelled', 2_000]),
    }),
    options: { inputs: { timeout: '40s', log_lines: '0' } },
  }),
  {
    title: 'error: Timed out',
    annotation: [
      'Application shop: Deployment #1 was still "cancelled" when the … timeout expired.',
      '"cancelled" is a status unknown to this action: look at the deployment in Nodion\'s dashboard.',
      'No deployment of the application is live.',
    ],
    heading: '⌛ shop: timed out waiting for deployment #1',
    outputs: { status: 'cancelled', timed_out: 'true' },
    gitHub: ['error', expect.stringContaining('was still "cancelled"') as never],
  },
);

situation(
  'it is a dry run',
  ({ nodion }) => ({
    application: nodion.addApplication({ name: 'shop' }),
    options: { inputs: { dry_run: 'true' } },
  }),
  {
    title: 'notice: Dry run',
    annotation: [
      'The key can read shop, and the inputs fit.',
      "Nothing was triggered. Whether the key may deploy can't be known without deploying.",
    ],
    heading: 'ℹ️ Dry run',
    outputs: { triggered: 'false' },
    gitHub: null,
  },
);

situation(
  'the application is unknown',
  () => ({
    application: null,
    options: { inputs: { application_id: '92955d4f-2e44-4e48-8cb6-9c6c434afebb' } },
  }),
  {
    title: 'error: Not deployed',
    annotation: [
      expect.stringMatching(
        /^Nodion answered 404 to GET \/applications\/:id(?:\/deployments)?: Not found\.$/,
      ) as never,
      'Check the ID ID, that it is in the project of the key behind `api_key` (for a user API key, set `project_id`), and `api_url` if it is set.',
      'Nothing was triggered.',
    ],
    heading: '❌ Not deployed',
    outputs: { triggered: 'false', id: '' },
    gitHub: null,
  },
);

situation(
  '`api_url` leads to a web page',
  ({ nodion }) => {
    const page = answer(200, '<!doctype html><title>Log in</title>')(false);
    nodion.fail(
      { on: 'GET /applications/:id', times: 99, fault: page },
      { on: LIST, times: 99, fault: page },
    );
    return { application: nodion.addApplication({ name: 'shop' }) };
  },
  {
    title: 'error: Not deployed',
    annotation: [
      expect.stringMatching(
        /^HOST answered 200 to GET \/applications\/:id(?:\/deployments)?, but not as documented: HTML\.$/,
      ) as never,
      'That is a web page, not the API: check `api_url`, and whether a proxy or a login page answers in its place.',
      'Nothing was triggered.',
    ],
    heading: '❌ Not deployed',
    outputs: { triggered: 'false' },
    gitHub: null,
  },
);

situation(
  'the key may deploy and not read',
  ({ nodion }) => ({
    application: nodion.addApplication({ name: 'shop' }),
    options: { inputs: { api_key: DEPLOY_ONLY_KEY, wait: 'false' } },
  }),
  {
    title: 'notice: Triggered',
    annotation: [
      expect.stringMatching(
        /^Application [\da-f-]{36}: Deployment #1 was triggered, and is not waited for\.$/,
      ) as never,
      OF_TEST,
    ],
    heading: expect.stringMatching(
      /^🔄 [\da-f-]{36}: deployment #1 is triggered, and not waited for$/,
    ) as never,
    outputs: { triggered: 'true' },
    gitHub: ['in_progress', expect.stringMatching(/^Nodion: /) as never],
  },
);

scenario(
  'Outputs that can’t be written fail the step at its end, naming the file',
  async (stage) => {
    const application = stage.nodion.addApplication({ name: 'shop' });
    const run = await stage.deploy(application, {
      env: { GITHUB_OUTPUT: '/nonexistent/output' },
      inputs: { environment: 'production' },
    });
    expect(run.exitCode).toBe(1);
    expect(run.log).toMatch(/^#1 is "available" after/m);
    expect(run.log).toContain('::notice title=Live::Application shop');
    const [error] = run.commands.filter(({ name }) => name === 'error');
    expect(error?.properties.title).toBe('Outputs not written');
    expect(error?.data).toMatch(
      /^The outputs `triggered`, .* could not be written to \/nonexistent\/output: /,
    );
    expect(stage.gitHub.statuses.at(-1)?.state).toBe('success');
  },
);

scenario(
  'Thirty failures of forty are each a line in the log, and as many as fit an annotation',
  async (stage) => {
    const { nodion } = stage;
    const ids = Array.from({ length: 40 }, (_, index) => {
      const end = index < 30 ? 'failed' : 'available';
      return nodion.addApplication({
        name: `service-${index + 1} with a rather long name`,
        ...life(['created', 0], [end, 1_000]),
      }).id;
    });
    const run = await stage.deploy(null, {
      inputs: { application_id: ids.join(), log_lines: '0' },
    });
    const [error] = run.commands.filter(({ name }) => name === 'error');
    const lines = error?.data.split('\n') ?? [];
    expect(error?.data.length).toBeLessThanOrEqual(4_096);
    expect(lines[0]).toBe('30 of 40 applications failed.');
    const shown = lines.length - 2;
    expect(lines.at(-1)).toBe(`… and ${30 - shown} more: see the log and the job summary.`);
    expect(
      run.log.match(/^Application service-\d+ .*: Deployment #1 failed after /gm),
    ).toHaveLength(30);
    expect(run.summary.match(/Deployment &#35;&#8203;1 failed/g)).toHaveLength(30);
  },
);

scenario('What was not recovered from is not said to be', async ({ nodion, deploy }) => {
  const application = nodion.addApplication(life(['waiting', 0]));
  nodion.fail({ on: LIST, skip: 2, times: 99, fault: answer(503)(false) });
  const run = await deploy(application, { inputs: { timeout: '30s', log_lines: '0' } });
  expect(run.exitCode).toBe(1);
  expect(run.log).not.toContain('Recovered from');
  expect(run.commands.find(({ name }) => name === 'error')?.data).toMatch(
    /was "waiting" when it was last seen, .* before the end of the 30 s timeout\./,
  );
});

scenario('A verified rollout is told, drawn and timed', async ({ nodion, deploy }) => {
  const application = nodion.addApplication({
    name: 'shop',
    instance_amount: 2,
    instanceChangeMs: 6_000,
  });
  nodion.addDeployment(application, { status: 'available' }).triggeredAt -= 3_600_000;
  const run = await deploy(application, { inputs: { verify_rollout: 'true' } });
  expect(run.exitCode).toBe(0);
  expect(run.commands.at(-1)?.data).toMatch(
    /^Application shop: Deployment #2 is live on 2 of 2 online instances after /,
  );
  expect(run.summary).toContain('on 2 of 2 online instances');
  expect(run.summary).toMatch(/^rollout [\d.]+ s :/m);
  expect(Number(run.outputs.duration_seconds)).toBeGreaterThan(6);
});
