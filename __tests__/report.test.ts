import { describe, expect, test } from '@jest/globals';
import { answer } from '../fakes/faults.ts';
import { FakeGitHub } from '../fakes/github.ts';
import type { FakeNodion, Fault } from '../fakes/nodion.ts';
import { annotations, deploy, withNodion } from '../fakes/scenario.ts';
import { checkDiagram, renderSummary } from '../fakes/summary.ts';

const SHA = 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e';
const WORKFLOW_SHA = 'ffac537e6cbbf934b08745a378932722df287a53';
const LOGS = 'GET /applications/:id/logs';
const failing = {
  life: [
    { status: 'created', afterMs: 0 },
    { status: 'failed', afterMs: 600 },
  ],
};

function logLines(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    ts: new Date(Date.now() + 600_000 + index).toISOString(),
    msg: `line ${index + 1} of ${count}`,
    instance_id: 'i',
  }));
}

describe('The log tail', () => {
  test.concurrent('of a failure is the last lines since the trigger, folded, and in the summary', () =>
    withNodion(async (nodion) => {
      const old = { ts: '2020-01-01T00:00:00.000Z', msg: 'from before', instance_id: 'i' };
      const application = nodion.addApplication({ ...failing, logs: [old, ...logLines(30)] });
      const run = await deploy(nodion, application, { inputs: { log_lines: '20' } });
      expect(run.exitCode).toBe(1);
      expect(annotations(run, 'warning')).toEqual([]);
      expect(run.commands.filter(({ name }) => name === 'group')).toMatchObject([
        { data: 'Log of My App since the trigger, last 20 lines' },
      ]);
      expect(run.log).toContain('line 11 of 30');
      expect(run.log).toContain('line 30 of 30');
      expect(run.log).not.toContain('line 10 of 30');
      expect(run.log).not.toContain('from before');
      expect(run.summary).toContain('line 30 of 30');
    }));

  test.concurrent('is not asked for with `log_lines: 0`, nor after a success', () =>
    withNodion(async (nodion) => {
      const failed = nodion.addApplication(failing);
      await deploy(nodion, failed, { inputs: { log_lines: '0' } });
      await deploy(nodion, nodion.addApplication());
      expect(nodion.requestsTo(LOGS)).toEqual([]);
    }));

  test.concurrent.each<[string, Fault]>([
    ['an endpoint that is missing', answer(404)(false)],
    ['a key that may not', answer(403)(false)],
    ['an endpoint that is down', answer(503)(false)],
    ['an endpoint that hangs', { kind: 'hang', carriedOut: false }],
    ['an answer of another shape', answer(200, { lines: [] })(false)],
    ['a connection that is reset', { kind: 'reset', carriedOut: false }],
  ])("that can't be had, because of %s, is a warning", (_, fault) =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication(failing);
      nodion.fail({ on: LOGS, times: 99, fault });
      const run = await deploy(nodion, application);
      expect(run.exitCode).toBe(1);
      expect(annotations(run, 'warning')).toHaveLength(1);
      expect(annotations(run, 'error')[0]).toMatch(/^My App: Deployment #1 failed/);
      expect(run.durationMs).toBeLessThan(20_000);
    }),
  );
});

describe('`verify_rollout`', () => {
  const inputs = { verify_rollout: 'true' };

  test.concurrent('waits until every instance runs the deployment', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication({ instance_amount: 3, instanceChangeMs: 700 });
      nodion.addDeployment(application, { status: 'available' });
      const run = await deploy(nodion, application, { inputs });
      expect(run.exitCode).toBe(0);
      expect(run.log).toMatch(
        /^Rollout after .*: 2 of 3 instances run #2; instance web-3 runs #1$/m,
      );
      expect(run.log).toMatch(/^Rollout after .*: 3 of 3 instances run #2$/m);
    }));

  test.concurrent('names what does not run it when time is over', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication({
        status: 'deploying',
        instance_amount: 2,
        instanceChangeMs: 900_000,
        workers: [
          {
            id: 'w',
            status: 'starting',
            state: 'default',
            name: 'mailer',
            instance_amount: 1,
            instance_type_id: 't',
          },
        ],
      });
      nodion.addDeployment(application, { status: 'available' }).triggeredAt -= 3_600_000;
      const run = await deploy(nodion, application, { inputs: { ...inputs, timeout: '6s' } });
      expect(run.exitCode).toBe(1);
      expect(run.outputs).toMatchObject({ status: 'available', timed_out: 'true' });
      expect(annotations(run, 'error')).toEqual([
        'My App: Deployment #2 is available, but its rollout was not complete when the timeout of 6 s was over: the application is deploying; worker mailer is starting; instance web-2 runs #1',
      ]);
    }));

  test.concurrent('ends when a newer deployment runs already', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication({ instance_amount: 2, instanceChangeMs: 2_000 });
      const run = await deploy(nodion, application, {
        inputs,
        onLog: (text) => {
          if (text.includes('#1 available'))
            nodion.addDeployment(application, { life: [{ status: 'available', afterMs: 0 }] });
        },
      });
      expect(run.exitCode).toBe(1);
      expect(annotations(run, 'error')[0]).toContain(
        'was superseded by #2 before its rollout was complete',
      );
    }));

  test.concurrent('checks the rest, with a warning, where there are no instances to see', () =>
    withNodion(async (nodion) => {
      nodion.missing.add('GET /applications/:id/instances');
      const run = await deploy(nodion, nodion.addApplication(), { inputs });
      expect(run.exitCode).toBe(0);
      expect(annotations(run, 'warning')).toEqual([
        expect.stringContaining(
          "the instances can't be had, so only the application's and its workers' status are checked",
        ),
      ]);
    }));

  test.concurrent('goes on though the instances can’t be read at times', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication({ instance_amount: 2, instanceChangeMs: 1_000 });
      nodion.addDeployment(application, { status: 'available' }).triggeredAt -= 3_600_000;
      nodion.fail({
        on: 'GET /applications/:id/instances',
        skip: 1,
        times: 7,
        fault: answer(503)(false),
      });
      const run = await deploy(nodion, application, { inputs });
      expect(run.exitCode).toBe(0);
      expect(annotations(run, 'warning')).toEqual([]);
      expect(run.log).toMatch(/^7 hiccups survived/m);
    }));

  test.concurrent('is not shaken by instances that hang, once time is over', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      const fault = { kind: 'hang', carriedOut: false } as const;
      nodion.fail({ on: 'GET /applications/:id/instances', times: 99, fault });
      const run = await deploy(nodion, application, { inputs: { ...inputs, timeout: '6s' } });
      expect(run.exitCode).toBe(0);
      expect(annotations(run, 'warning')).toHaveLength(1);
    }));
});

describe('`reuse_existing`', () => {
  const inputs = { reuse_existing: 'true', expected_sha: SHA };

  test.concurrent('takes the live deployment of the commit, at once', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      const live = nodion.addDeployment(application, { status: 'available' });
      const run = await deploy(nodion, application, { inputs });
      expect(run.exitCode).toBe(0);
      expect(run.outputs).toMatchObject({ id: live.id, triggered: 'false', status: 'available' });
      expect(nodion.requests).toHaveLength(2);
    }));

  test.concurrent('follows one that is under way to its end', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      nodion.addDeployment(application, { status: 'available', git_sha: WORKFLOW_SHA });
      const underWay = nodion.addDeployment(application, {
        life: [
          { status: 'waiting', afterMs: 0 },
          { status: 'available', afterMs: 3_000 },
        ],
      });
      const run = await deploy(nodion, application, { inputs });
      expect(run.exitCode).toBe(0);
      expect(run.outputs).toMatchObject({ id: underWay.id, triggered: 'false' });
      expect(run.log).toContain('Reusing deployment #2 in place of triggering another');
    }));

  test.concurrent.each<
    [string, (nodion: FakeNodion, application: ReturnType<FakeNodion['addApplication']>) => void]
  >([
    ['failed', (nodion, application) => nodion.addDeployment(application, { status: 'failed' })],
    [
      'is no longer live',
      (nodion, application) => {
        nodion.addDeployment(application, { status: 'available' });
        nodion.addDeployment(application, { status: 'available', git_sha: WORKFLOW_SHA });
      },
    ],
    [
      'is of another commit',
      (nodion, application) =>
        nodion.addDeployment(application, { status: 'available', git_sha: WORKFLOW_SHA }),
    ],
  ])('triggers another when the existing one %s', (_, prepare) =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      prepare(nodion, application);
      const before = application.deployments.length;
      const run = await deploy(nodion, application, { inputs });
      expect(run.exitCode).toBe(0);
      expect(run.outputs.triggered).toBe('true');
      expect(application.deployments).toHaveLength(before + 1);
    }),
  );

  test.concurrent.each([
    ['v2', 'false'],
    ['v3', 'true'],
  ])('goes by the tag %s: triggered %s', (image_tag, triggered) =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication({ deployment_strategy: 'prebuilt_image' });
      nodion.addDeployment(application, { status: 'available', image_tag: 'v2' });
      const run = await deploy(nodion, application, {
        inputs: { reuse_existing: 'true', image_tag },
      });
      expect(run.exitCode).toBe(0);
      expect(run.outputs.triggered).toBe(triggered);
    }),
  );
});

describe('`environment`', () => {
  async function withGitHub<T>(play: (gitHub: FakeGitHub, nodion: FakeNodion) => Promise<T>) {
    const gitHub = await FakeGitHub.start();
    try {
      return await withNodion((nodion) => play(gitHub, nodion));
    } finally {
      gitHub.close();
    }
  }
  const inputs = { environment: 'production', environment_url: 'https://shop.example.com' };
  const log_url = 'https://github.com/octo-org/octo-repo/actions/runs/1658821493/attempts/1';
  const states = (gitHub: FakeGitHub) => gitHub.statuses.map(({ state }) => state);

  test.concurrent('records a GitHub deployment that ends in success', () =>
    withGitHub(async (gitHub, nodion) => {
      const run = await deploy(nodion, nodion.addApplication(), {
        inputs,
        env: { GITHUB_API_URL: gitHub.url },
      });
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
    }));

  test.concurrent('of a pull request is for its head, and transient', () =>
    withGitHub(async (gitHub, nodion) => {
      await deploy(nodion, nodion.addApplication(), {
        inputs: { environment: 'review-7' },
        env: { GITHUB_API_URL: gitHub.url },
        event: { pull_request: { number: 7, head: { sha: SHA } } },
      });
      expect(gitHub.deployments[0]).toMatchObject({
        ref: SHA,
        production_environment: false,
        transient_environment: true,
      });
    }));

  test.concurrent.each([
    ['failure', failing, {}],
    ['error', { life: [{ status: 'waiting', afterMs: 0 }] }, { timeout: '5s' }],
  ])('ends in %s', (state, application, more) =>
    withGitHub(async (gitHub, nodion) => {
      const run = await deploy(nodion, nodion.addApplication(application), {
        inputs: { ...inputs, ...more },
        env: { GITHUB_API_URL: gitHub.url },
      });
      expect(run.exitCode).toBe(1);
      expect(states(gitHub)).toEqual(['in_progress', state]);
      expect(gitHub.statuses[1]).not.toHaveProperty('environment_url');
    }),
  );

  const testSignals = process.platform === 'win32' ? test.skip : test.concurrent;

  testSignals('ends in error when the workflow is cancelled', () =>
    withGitHub(async (gitHub, nodion) => {
      const application = nodion.addApplication({ life: [{ status: 'waiting', afterMs: 0 }] });
      const run = await deploy(nodion, application, {
        inputs,
        env: { GITHUB_API_URL: gitHub.url },
        onLog: (text, child) => {
          if (text.includes('Triggered')) setTimeout(() => child.kill('SIGINT'), 1_000);
        },
      });
      expect(run.exitCode).toBe(1);
      expect(states(gitHub)).toEqual(['in_progress', 'error']);
    }),
  );

  test.concurrent('stays in progress without a wait', () =>
    withGitHub(async (gitHub, nodion) => {
      await deploy(nodion, nodion.addApplication(), {
        inputs: { ...inputs, wait: 'false' },
        env: { GITHUB_API_URL: gitHub.url },
      });
      expect(states(gitHub)).toEqual(['in_progress']);
    }));

  test.concurrent.each([
    [
      403,
      'GitHub answered 403: the job needs `permissions: deployments: write`, and `github_token` must be for this repository',
    ],
    [401, 'GitHub answered 401: `github_token` is not valid'],
    [500, 'GitHub answered 500: Resource not accessible by integration'],
    [0, 'GitHub did not answer in time'],
  ])('that GitHub refuses with %d is a warning', (status, message) =>
    withGitHub(async (gitHub, nodion) => {
      gitHub.refuseWith = status;
      const run = await deploy(nodion, nodion.addApplication(), {
        inputs,
        env: { GITHUB_API_URL: gitHub.url },
      });
      expect(run.exitCode).toBe(0);
      expect(annotations(run, 'warning')).toEqual([message]);
      expect(run.durationMs).toBeLessThan(20_000);
    }),
  );

  test.concurrent('without a token is a warning', () =>
    withNodion(async (nodion) => {
      const run = await deploy(nodion, nodion.addApplication(), { inputs, token: '' });
      expect(run.exitCode).toBe(0);
      expect(annotations(run, 'warning')).toEqual(['`github_token` is empty']);
    }));
});

describe('The job summary', () => {
  test.concurrent('links the commit when it is the workflow’s own, and draws the time', () =>
    withNodion(async (nodion) => {
      const head = {
        git_sha: WORKFLOW_SHA,
        commit_message: 'Fix #1\n\nMore',
        committer_name: 'Ada',
      };
      const life = [
        { status: 'created', afterMs: 0 },
        { status: 'waiting', afterMs: 600 },
        { status: 'available', afterMs: 2_000 },
      ];
      const run = await deploy(nodion, nodion.addApplication({ head, life }));
      const { elements, text, diagrams } = renderSummary(run.summary);
      expect(elements.find(({ name }) => name === 'a')?.attributes).toEqual({
        href: `https://github.com/octo-org/octo-repo/commit/${WORKFLOW_SHA}`,
      });
      expect(text).toContain('ffac537 Fix #1 by Ada');
      expect(text).not.toContain('More');
      expect(diagrams).toHaveLength(1);
      await checkDiagram(diagrams[0] ?? '');
    }));

  test.concurrent('stays below 1 MiB', () =>
    withNodion(async (nodion) => {
      const application_id = Array.from({ length: 40 }, (_, index) =>
        nodion.addApplication({
          ...failing,
          name: `${index}${'&'.repeat(5_000)}`,
          head: {
            git_sha: null,
            commit_message: '<'.repeat(5_000),
            committer_name: '>'.repeat(5_000),
          },
          logs: logLines(2_000).map((line) => ({ ...line, msg: '"'.repeat(2_000) })),
        }),
      )
        .map(({ id }) => id)
        .join('\n');
      const run = await deploy(nodion, null, { inputs: { application_id, log_lines: '100' } });
      expect(run.exitCode).toBe(1);
      expect(Buffer.byteLength(run.summary)).toBeLessThan(1_048_576);
      expect(run.summary).toContain('0 of 40 applications deployed');
    }));

  test.concurrent('that can’t be written is a warning', () =>
    withNodion(async (nodion) => {
      const run = await deploy(nodion, nodion.addApplication(), {
        env: { GITHUB_STEP_SUMMARY: '/nonexistent/summary' },
      });
      expect(run.exitCode).toBe(0);
      expect(annotations(run, 'warning')).toHaveLength(1);
    }));
});

test.concurrent('A heartbeat is in the log every 30 s', () =>
  withNodion(async (nodion) => {
    const application = nodion.addApplication({
      life: [
        { status: 'waiting', afterMs: 0 },
        { status: 'available', afterMs: 35_000 },
      ],
    });
    const run = await deploy(nodion, application, { inputs: { poll_interval: '2s' } });
    expect(run.exitCode).toBe(0);
    expect(run.log).toMatch(
      /^Still waiting: #1 waiting for 3\d(?:\.\d)? s; at most 14 min \d+ s left$/m,
    );
  }));
