import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { Fault } from '../../fakes/nodion/faults.ts';
import type { Endpoint } from '../../fakes/nodion/state.ts';
import { annotations } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';

const LIST: Endpoint = 'GET /applications/:id/deployments';
const APPLICATION: Endpoint = 'GET /applications/:id';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';
const hang = (carriedOut: boolean): Fault => ({ kind: 'hang', carriedOut });

for (const [what, fault] of [
  ['answers 503', answer(503)(false)],
  ['hangs', hang(false)],
] as const) {
  scenario(`An API that ${what} before the trigger ends the step in a minute`, async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication();
    nodion.fail({ on: APPLICATION, times: 999, fault });
    const run = await deploy(application);
    expect(run.exitCode).toBe(1);
    // The timeout is 15 min.
    expect(run.durationMs).toBeLessThan(70_000);
    expect(application.deployments).toEqual([]);
    expect(annotations(run, 'error')[0]).toContain('Nothing was triggered.');
  });
}

const HANGING: [string, Endpoint, Fault][] = [
  ['the first read hangs', APPLICATION, hang(false)],
  ['the trigger hangs', TRIGGER, hang(false)],
  ['a poll hangs', LIST, hang(false)],
  ['half a body has come', LIST, { kind: 'stall', carriedOut: false }],
  ['a Retry-After of an hour is on', LIST, answer(429, '', { 'retry-after': '3600' })(false)],
];

for (const [what, on, fault] of HANGING) {
  scenario(`The timeout ends a step in which ${what}`, async ({ nodion, deploy }) => {
    const application = nodion.addApplication(life(['waiting', 0]));
    nodion.fail({ on, afterTrigger: on === LIST, times: 99, fault });
    const run = await deploy(application, { inputs: { timeout: '25s', log_lines: '0' } });
    expect(run.exitCode).toBe(1);
    expect(run.durationMs).toBeGreaterThan(24_000);
    // The wait ends within a second of it, and nothing is left to report.
    expect(run.durationMs).toBeLessThan(26_000);
    const triggered = nodion.requestsTo(TRIGGER).length > 0;
    expect(run.outputs).toMatchObject({ timed_out: 'true', triggered: String(triggered) });
    expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
      { timed_out: true, triggered, error: expect.any(String) },
    ]);
    if (on === TRIGGER) {
      expect(annotations(run, 'error')[0]?.split('\n')).toEqual([
        'Application My App: The 25 s timeout expired before it was clear whether anything was triggered.',
        expect.stringMatching(
          /^The last failure: \S+ had not answered POST \/applications\/:id\/deployments\.$/,
        ),
        'A deployment may have been made and be in progress.',
        "Look for number 1 or above in Nodion's dashboard before you trigger again.",
        'No deployment of the application is live.',
      ]);
    }
  });
}

scenario('What was read before the timeout is kept, of each application', async (stage) => {
  const { nodion, deploy } = stage;
  const [web, api] = ['web', 'api'].map((name) => nodion.addApplication({ name }));
  if (web) nodion.addDeployment(web, { status: 'available' });
  nodion.fail({ on: LIST, ...(api && { of: api }), times: 99, fault: hang(false) });
  const run = await deploy(null, {
    inputs: { application_id: `${web?.id},${api?.id}`, timeout: '25s' },
  });
  const end = { conclusion: 'timed_out', timed_out: true, triggered: false };
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
    { ...end, application_name: 'web' },
    { ...end, application_name: 'api' },
  ]);
  expect(annotations(run, 'error')[0]?.split('\n').slice(0, 1)).toEqual([
    'The 25 s timeout expired before anything was triggered.',
  ]);
  expect(run.log).toContain('web: When it was last seen, #1 (commit d77ead8) was live;');
});

scenario('A result that arrives at the timeout counts', async ({ nodion, deploy }) => {
  const application = nodion.addApplication(life(['created', 0], ['available', 2_000]));
  const run = await deploy(application, { inputs: { timeout: '8s', poll_interval: '7.9s' } });
  expect(run.exitCode).toBe(0);
  expect(run.outputs).toMatchObject({ status: 'available', timed_out: 'false' });
});

scenario('No trigger is sent after the timeout, however many wait their turn', async (stage) => {
  const { nodion, deploy } = stage;
  const applications = Array.from({ length: 20 }, () => nodion.addApplication());
  nodion.fail({ on: TRIGGER, times: 99, fault: hang(false) });
  const run = await deploy(null, {
    inputs: { application_id: applications.map(({ id }) => id).join(), timeout: '28s' },
  });
  expect(run.exitCode).toBe(1);
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(8);
  const errors = JSON.parse(run.outputs.deployments ?? '').map(
    ({ error }: { error: string }) => error,
  );
  const count = (words: string) => errors.filter((error: string) => error.includes(words)).length;
  expect(count('may have been made')).toBe(8);
  expect(count('before anything was triggered')).toBe(12);
});
