import { expect } from '@jest/globals';
import type { FakeApplication } from '../../fakes/nodion.ts';
import { annotations, type Stage } from '../../fakes/stage.ts';
import { life, scenario, signalScenario } from './scenario.ts';

const SHA = 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e';
const WORKFLOW_SHA = 'ffac537e6cbbf934b08745a378932722df287a53';
const inputs = { environment: 'production', environment_url: 'https://shop.example.com' };
const log_url = 'https://github.com/octo-org/octo-repo/actions/runs/1658821493/attempts/1';
const states = ({ gitHub }: Stage) => gitHub.statuses.map(({ state }) => state);

scenario('A GitHub deployment is recorded, and ends in success', async (stage) => {
  const { nodion, gitHub, deploy } = stage;
  const run = await deploy(nodion.addApplication(), { inputs });
  expect(run.exitCode).toBe(0);
  expect(run.stderr).toBe('');
  expect(annotations(run, 'warning')).toEqual([]);
  expect(gitHub.deployments).toEqual([
    {
      ref: WORKFLOW_SHA,
      environment: 'production',
      description: 'Nodion: My App',
      auto_merge: false,
      required_contexts: [],
      production_environment: true,
      transient_environment: false,
    },
  ]);
  expect(gitHub.statuses).toEqual([
    { state: 'in_progress', description: 'Nodion: My App', log_url },
    {
      state: 'success',
      description: 'My App: live',
      log_url,
      environment_url: 'https://shop.example.com',
    },
  ]);
});

scenario('The GitHub deployment of a pull request is of its head, transient', async (stage) => {
  const { nodion, gitHub, deploy } = stage;
  await deploy(nodion.addApplication(), {
    inputs: { environment: 'review-7' },
    event: { pull_request: { number: 7, head: { sha: SHA } } },
  });
  expect(gitHub.deployments[0]).toMatchObject({
    ref: SHA,
    production_environment: false,
    transient_environment: true,
  });
});

const ENDS: [string, string, Partial<FakeApplication>, Record<string, string>][] = [
  ['failure', 'fails', life(['created', 0], ['failed', 600]), {}],
  ['error', 'times out', life(['waiting', 0]), { timeout: '25s' }],
];

for (const [state, what, application, more] of ENDS) {
  scenario(`The GitHub deployment of one that ${what} ends in ${state}`, async (stage) => {
    const { nodion, gitHub, deploy } = stage;
    const run = await deploy(nodion.addApplication(application), {
      inputs: { ...inputs, ...more },
    });
    expect(run.exitCode).toBe(1);
    expect(states(stage)).toEqual(['in_progress', state]);
    expect(gitHub.statuses[1]).not.toHaveProperty('environment_url');
  });
}

signalScenario('The GitHub deployment of a cancelled workflow ends in error', async (stage) => {
  const { nodion, gitHub, deploy, clock } = stage;
  const run = await deploy(nodion.addApplication(life(['waiting', 0])), {
    inputs,
    onLog: async (text, child) => {
      if (!text.includes('Triggered')) return;
      while (gitHub.statuses.length === 0) await clock.sleep(100);
      child.kill('SIGINT');
    },
  });
  expect(run.exitCode).toBe(1);
  expect(states(stage)).toEqual(['in_progress', 'error']);
});

scenario('A GitHub deployment stays in progress without a wait', async (stage) => {
  const { nodion, deploy } = stage;
  await deploy(nodion.addApplication(), { inputs: { ...inputs, wait: 'false' } });
  expect(states(stage)).toEqual(['in_progress']);
});

for (const [status, message] of [
  [
    403,
    'GitHub answered 403: the job needs `permissions: deployments: write`, and `github_token` must be for this repository',
  ],
  [401, 'GitHub answered 401: `github_token` is not valid'],
  [500, 'GitHub answered 500: Resource not accessible by integration'],
  [0, 'GitHub did not answer in time'],
] as const) {
  const what = status === 0 ? 'leaves unanswered' : `answers ${status}`;
  scenario(`A GitHub deployment that GitHub ${what} is a warning`, async (stage) => {
    const { nodion, gitHub, deploy } = stage;
    gitHub.refuseWith = status;
    const run = await deploy(nodion.addApplication(), { inputs });
    expect(run.exitCode).toBe(0);
    expect(annotations(run, 'warning')).toEqual([message]);
  });
}

scenario('A GitHub deployment without a token is a warning', async ({ nodion, deploy }) => {
  const run = await deploy(nodion.addApplication(), { inputs, token: '' });
  expect(run.exitCode).toBe(0);
  expect(annotations(run, 'warning')).toEqual(['`github_token` is empty']);
});
