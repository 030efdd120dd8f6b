import type { IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { expect } from '@jest/globals';
import type { FakeApplication } from '../../fakes/nodion/state.ts';
import type { StepRun } from '../../fakes/runner.ts';
import { annotations, type Stage } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';

const SHA = 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e';
const inputs = { environment: 'production', environment_url: 'https://shop.example.com' };
const log_url = 'https://github.com/octo-org/octo-repo/actions/runs/1658821493/attempts/1';

const AUTHORIZATION = 'token ghs_token_of_the_job';
const NOT_RECORDED = "The step is not recorded in GitHub's deployments: ";
const NOT_KNOWN = "It is not known whether the step is recorded in GitHub's deployments: ";
const warnings = (run: StepRun) =>
  annotations(run, 'warning').map((text) => text.replace(/127\.0\.0\.1:\d+/g, 'HOST'));
const states = ({ gitHub }: Stage) => gitHub.statuses.map(({ state }) => state);

scenario('A GitHub deployment is recorded, and ends in success', async (stage) => {
  const { nodion, gitHub, deploy } = stage;
  const run = await deploy(nodion.addApplication(), { inputs });
  expect(run.exitCode).toBe(0);
  expect(run.stderr).toBe('');
  expect(annotations(run, 'warning')).toEqual([]);
  expect(gitHub.deployments).toEqual([
    {
      ref: SHA,
      environment: 'production',
      description: 'Nodion: My App',
      auto_merge: false,
      required_contexts: [],
      production_environment: true,
      transient_environment: false,
      payload: {
        application_id: expect.any(String),
        application_name: 'My App',
        deploy_number: 1,
        git_sha: SHA,
        image_reference: null,
        key: expect.stringMatching(/^[\da-f-]{36}$/),
      },
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

scenario(
  'The GitHub deployment of a pull request is transient, of its head at least',
  async (stage) => {
    const { nodion, gitHub, deploy } = stage;
    const head = 'abcdef1'.padEnd(40, '0');
    gitHub.commits = [head];
    await deploy(nodion.addApplication(), {
      inputs: { environment: 'review-7' },
      event: { pull_request: { number: 7, head: { sha: head } } },
    });
    expect(gitHub.deployments[0]).toMatchObject({
      ref: head,
      production_environment: false,
      transient_environment: true,
    });
  },
);

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

scenario('The GitHub deployment of a cancelled workflow ends in error', async (stage) => {
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
    `${NOT_RECORDED}HOST answered 403: Resource not accessible by integration. The job may lack \`permissions: deployments: write\`, or \`github_token\` be for another repository.`,
  ],
  [
    401,
    `${NOT_RECORDED}HOST answered 401: Resource not accessible by integration. \`github_token\` is not valid.`,
  ],
  [500, `${NOT_KNOWN}HOST answered 500: Resource not accessible by integration.`],
  [0, `${NOT_KNOWN}HOST did not answer in time.`],
] as const) {
  const what = status === 0 ? 'leaves unanswered' : `answers ${status}`;
  scenario(`A GitHub deployment that GitHub ${what} is a warning`, async (stage) => {
    const { nodion, gitHub, deploy } = stage;
    gitHub.refuseWith = status;
    const run = await deploy(nodion.addApplication(), { inputs });
    expect(run.exitCode).toBe(0);
    expect(warnings(run)).toEqual([message]);
  });
}

scenario('A GitHub deployment without a token is a warning', async ({ nodion, deploy }) => {
  const run = await deploy(nodion.addApplication(), { inputs, token: '' });
  expect(run.exitCode).toBe(0);
  expect(annotations(run, 'warning')).toEqual([`${NOT_RECORDED}\`github_token\` is empty.`]);
});

scenario('A GitHub that refuses connections is a warning', async ({ nodion, deploy }) => {
  // A port that no server is given.
  const env = { GITHUB_API_URL: 'http://127.0.0.1:1' };
  const run = await deploy(nodion.addApplication(), { inputs, env });
  expect(run.exitCode).toBe(0);
  expect(annotations(run, 'warning')).toEqual([
    `${NOT_RECORDED}Can't reach 127.0.0.1:1: the connection was refused (ECONNREFUSED).`,
  ]);
});

scenario('A GitHub success that is no JSON is a warning', async ({ nodion, gitHub, deploy }) => {
  gitHub.listener = (_, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Hello');
  const run = await deploy(nodion.addApplication(), { inputs });
  expect(run.exitCode).toBe(0);
  expect(warnings(run)).toEqual([`${NOT_RECORDED}HOST answered 200, but not with JSON.`]);
});

scenario('A redirect to another host does not take the token there', async (stage) => {
  const { nodion, gitHub, serve, deploy } = stage;
  const other = await serve(() => 200);
  const requests: IncomingMessage[] = [];
  gitHub.listener = (request, response) => {
    requests.push(request);
    response.writeHead(307, { location: `${other.url}${request.url}` }).end();
  };
  const run = await deploy(nodion.addApplication(), { inputs });
  expect(run.exitCode).toBe(0);
  expect(warnings(run)).toEqual([
    `${NOT_RECORDED}HOST answered 307, a redirect that is not followed.`,
  ]);
  expect(requests.map(({ headers }) => headers.authorization)).toEqual([AUTHORIZATION]);
  expect(other.checks).toEqual([]);
});

scenario('A redirect within the host is followed, as of a renamed repository', async (stage) => {
  const { nodion, gitHub, deploy } = stage;
  const recorded: unknown[] = [];
  gitHub.listener = async (request, response) => {
    const { url = '', headers } = request;
    const body = await json(request);
    if (url.startsWith('/repos/octo-org/octo-repo/')) {
      const location = url.replace('/repos/octo-org/octo-repo/', '/repositories/7/');
      response.writeHead(307, { location }).end();
    } else {
      recorded.push({ url, authorization: headers.authorization, body });
      response.writeHead(201).end('{"id": 42}');
    }
  };
  const run = await deploy(nodion.addApplication(), { inputs });
  expect(run.exitCode).toBe(0);
  expect(annotations(run, 'warning')).toEqual([]);
  const statuses = {
    url: '/repositories/7/deployments/42/statuses',
    authorization: AUTHORIZATION,
  };
  expect(recorded).toMatchObject([
    {
      url: '/repositories/7/deployments',
      authorization: AUTHORIZATION,
      body: { ref: SHA, environment: 'production' },
    },
    { ...statuses, body: { state: 'in_progress' } },
    { ...statuses, body: { state: 'success' } },
  ]);
});

scenario('Of the redirects within the host only the first is followed', async (stage) => {
  const { nodion, gitHub, deploy } = stage;
  const urls: (string | undefined)[] = [];
  gitHub.listener = ({ url }, response) => {
    urls.push(url);
    response.writeHead(307, { location: '/around/and/around' }).end();
  };
  const run = await deploy(nodion.addApplication(), { inputs });
  expect(run.exitCode).toBe(0);
  expect(warnings(run)).toEqual([expect.stringContaining(`${NOT_RECORDED}HOST answered 307`)]);
  expect(urls).toEqual(['/repos/octo-org/octo-repo/deployments', '/around/and/around']);
});
