import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { answer } from '../fakes/faults.ts';
import { FakeGitHub } from '../fakes/github.ts';
import type { Endpoint, Fault } from '../fakes/nodion.ts';
import { runStep } from '../fakes/runner.ts';
import { annotations, deploy, withNodion } from '../fakes/scenario.ts';

const LIST: Endpoint = 'GET /applications/:id/deployments';
const APPLICATION: Endpoint = 'GET /applications/:id';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';

test.concurrent.each<[string, Fault]>([
  ['answers 503', answer(503)(false)],
  ['hangs', { kind: 'hang', carriedOut: false }],
])('An API that %s before the trigger ends the step within a minute', (_, fault) =>
  withNodion(async (nodion) => {
    const application = nodion.addApplication();
    nodion.fail({ on: APPLICATION, times: 999, fault });
    const run = await deploy(nodion, application);
    expect(run.exitCode).toBe(1);
    expect(run.durationMs).toBeLessThan(60_000);
    expect(application.deployments).toEqual([]);
    expect(annotations(run, 'error')[0]).toContain('Nothing was triggered.');
  }),
);

describe('Time that is over ends the step within a second, whatever hangs', () => {
  test.concurrent.each<[string, Endpoint, Fault]>([
    ['the first read', APPLICATION, { kind: 'hang', carriedOut: false }],
    ['the trigger', TRIGGER, { kind: 'hang', carriedOut: true }],
    ['a look', LIST, { kind: 'hang', carriedOut: false }],
    ['half a body', LIST, { kind: 'stall', carriedOut: false }],
    ['a Retry-After of an hour', LIST, answer(429, '', { 'retry-after': '3600' })(false)],
  ])('%s', (what, on, fault) =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication({ life: [{ status: 'waiting', afterMs: 0 }] });
      nodion.fail({ on, skip: on === LIST ? 1 : 0, times: 99, fault });
      const run = await deploy(nodion, application, { inputs: { timeout: '6s', log_lines: '0' } });
      expect(run.exitCode).toBe(1);
      expect(run.durationMs).toBeGreaterThan(5_500);
      expect(run.durationMs).toBeLessThan(15_000);
      expect(run.outputs.timed_out).toBe('true');
      if (what === 'the trigger') {
        expect(annotations(run, 'error')[0]).toContain('look for number 1 or above');
      }
    }),
  );

  test.concurrent('but a result that arrives beats it', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication({
        life: [
          { status: 'created', afterMs: 0 },
          { status: 'available', afterMs: 1_500 },
        ],
      });
      const run = await deploy(nodion, application, {
        inputs: { timeout: '6s', poll_interval: '1m' },
      });
      expect(run.exitCode).toBe(0);
      expect(run.outputs).toMatchObject({ status: 'available', timed_out: 'false' });
    }));
});

// Windows has no signals: there, the runner ends the process without a word.
const describeSignals = process.platform === 'win32' ? describe.skip : describe;

describeSignals('A cancelled step ends at once, red, with its outputs', () => {
  test.concurrent.each<NodeJS.Signals>(['SIGINT', 'SIGTERM'])('during the wait, by %s', (signal) =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication({ life: [{ status: 'waiting', afterMs: 0 }] });
      let sentAt = 0;
      const run = await deploy(nodion, application, {
        onLog: (text, child) => {
          if (!text.includes('Triggered deployment')) return;
          sentAt = performance.now();
          child.kill(signal);
        },
      });
      expect(performance.now() - sentAt).toBeLessThan(5_000);
      expect(run.exitCode).toBe(1);
      expect(run.outputs).toMatchObject({ deploy_number: '1', status: 'waiting' });
      expect(annotations(run, 'error')).toEqual([
        'My App: The workflow was cancelled while deployment #1 was "waiting"; it goes on at Nodion, where nothing can cancel it',
      ]);
      expect(run.summary).toContain('was cancelled');
    }),
  );

  test.concurrent('in the middle of the trigger, saying which deployment to look for', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      nodion.addDeployment(application, { status: 'available' });
      nodion.fail({ on: TRIGGER, fault: { kind: 'hang', carriedOut: true } });
      const run = await deploy(nodion, application, {
        onLog: (text, child) => {
          if (text.includes('Deploying')) setTimeout(() => child.kill('SIGINT'), 500);
        },
      });
      expect(run.exitCode).toBe(1);
      expect(run.durationMs).toBeLessThan(15_000);
      expect(annotations(run, 'error')).toEqual([
        "My App: The workflow was cancelled while the trigger was unanswered; a deployment may have been made and be under way: look for number 2 or above in Nodion's dashboard before you trigger again",
      ]);
    }));

  test.concurrent('before the trigger, which then never happens', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      nodion.fail({ on: APPLICATION, fault: { kind: 'hang', carriedOut: false } });
      const run = await deploy(nodion, application, {
        env: { RUNNER_DEBUG: '1' },
        onLog: (text, child) => {
          if (text.includes('deployments: 200')) child.kill('SIGTERM');
        },
      });
      expect(run.exitCode).toBe(1);
      expect(nodion.requestsTo(TRIGGER)).toEqual([]);
      expect(annotations(run, 'error')).toEqual([
        'The workflow was cancelled before anything was triggered',
      ]);
    }));

  test.concurrent('also when the connection itself hangs', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    let sentAt = 0;
    const run = await runStep({
      inputs: {
        api_key: 'key-of-nobody',
        api_url: `https://127.0.0.1:${port}/v1`,
        application_id: '92955d4f-2e44-4e48-8cb6-9c6c434afebb',
      },
      onLog: (_, child) => {
        if (sentAt > 0) return;
        sentAt = performance.now();
        setTimeout(() => child.kill('SIGINT'), 1_000);
      },
    });
    silent.close();
    expect(run.exitCode).toBe(1);
    expect(performance.now() - sentAt).toBeLessThan(6_000);
  });

  test.concurrent('also when it is live already, but not yet reported', async () => {
    const gitHub = await FakeGitHub.start();
    gitHub.refuseWith = 0;
    await withNodion(async (nodion) => {
      const run = await deploy(nodion, nodion.addApplication(), {
        inputs: { environment: 'production' },
        env: { GITHUB_API_URL: gitHub.url },
        onLog: (text, child) => {
          if (text.includes('#1 available')) setTimeout(() => child.kill('SIGINT'), 500);
        },
      });
      expect(run.exitCode).toBe(1);
      expect(run.outputs.status).toBe('available');
      expect(annotations(run, 'error')[0]).toMatch(
        /^The workflow was cancelled after the deployment: My App #1 is live/,
      );
    });
    gitHub.close();
  });
});

test.concurrent('No trigger is sent after the time-out, however many wait for their turn', () =>
  withNodion(async (nodion) => {
    const applications = Array.from({ length: 20 }, () => nodion.addApplication());
    nodion.fail({ on: TRIGGER, times: 99, fault: { kind: 'hang', carriedOut: false } });
    const run = await deploy(nodion, null, {
      inputs: { application_id: applications.map(({ id }) => id).join(), timeout: '6s' },
    });
    expect(run.exitCode).toBe(1);
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(8);
    const [error = ''] = annotations(run, 'error');
    expect(error.match(/may have been made/g)).toHaveLength(8);
    expect(error.match(/before anything was triggered/g)).toHaveLength(12);
  }));
