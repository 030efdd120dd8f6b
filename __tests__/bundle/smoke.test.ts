import { expect } from '@jest/globals';
import { annotations } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';

/** An idle machine needs none of it, a busy one may. */
const SLACK_MS = 9_000;

scenario(
  'In real time, a deployment is followed until it is live',
  { clock: 'real' },
  async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication(
      life(['created', 0], ['waiting', 2_000], ['available', 4_000]),
    );
    const run = await deploy(application);
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toBe('');
    expect(run.durationMs).toBeGreaterThan(4_000);
    expect(Number(run.outputs.duration_seconds)).toBeGreaterThanOrEqual(3.9);
  },
);

scenario(
  'In real time, a step ends soon after its timeout',
  { clock: 'real' },
  async ({ nodion, deploy }) => {
    const run = await deploy(nodion.addApplication(life(['waiting', 0])), {
      inputs: { timeout: '5s' },
    });
    expect(run.exitCode).toBe(1);
    expect(run.outputs.timed_out).toBe('true');
    expect(run.durationMs).toBeGreaterThan(4_900);
    expect(run.durationMs).toBeLessThan(6_000 + SLACK_MS);
  },
);

scenario(
  'In real time, many applications at the timeout leave no warning of Node’s',
  { clock: 'real' },
  async ({ nodion, deploy }) => {
    const all = Array.from({ length: 12 }, () => nodion.addApplication(life(['waiting', 0])));
    const run = await deploy(null, {
      inputs: { application_id: all.map(({ id }) => id).join(), timeout: '3s' },
    });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toBe('');
  },
);

scenario(
  'In real time, a timeout that is over at the start is no more than that',
  { clock: 'real' },
  async ({ nodion, deploy }) => {
    const run = await deploy(nodion.addApplication(), {
      inputs: { timeout: '0.001', poll_interval: '' },
    });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toBe('');
    expect(run.outputs.timed_out).toBe('true');
    expect(nodion.triggered).toEqual([]);
  },
);

scenario(
  'In real time, a report that hangs takes 5 s',
  { clock: 'real' },
  async ({ nodion, gitHub, deploy }) => {
    gitHub.refuseWith = 0;
    nodion.fail({
      on: 'GET /applications/:id/logs',
      fault: { kind: 'hang', carriedOut: false },
    });
    const run = await deploy(nodion.addApplication(life(['failed', 0])), {
      inputs: { environment: 'production' },
    });
    expect(run.exitCode).toBe(1);
    expect(annotations(run, 'warning')).toHaveLength(2);
    expect(run.durationMs).toBeLessThan(5_000 + SLACK_MS);
  },
);

// Windows has no signals.
if (process.platform !== 'win32') {
  scenario(
    'In real time, a cancelled step ends before it is killed',
    { clock: 'real' },
    async (stage) => {
      const { nodion, gitHub, deploy } = stage;
      gitHub.refuseWith = 0;
      let cancelledAt = 0;
      const run = await deploy(nodion.addApplication(life(['waiting', 0])), {
        inputs: { environment: 'production' },
        onLog: (text, child) => {
          if (!text.includes('Triggered deployment')) return;
          cancelledAt = performance.now();
          child.kill('SIGINT');
        },
      });
      // GitHub's runner kills it after 10 s; it takes 3 s.
      expect(performance.now() - cancelledAt).toBeLessThan(8_000);
      expect(run.exitCode).toBe(1);
      expect(annotations(run, 'error')[0]).toContain('The step was cancelled');
    },
  );
}
