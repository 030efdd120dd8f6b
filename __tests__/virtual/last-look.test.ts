import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { Fault } from '../../fakes/nodion/faults.ts';
import type { Endpoint } from '../../fakes/nodion/state.ts';
import { annotations } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';

const LIST: Endpoint = 'GET /applications/:id/deployments';
const APPLICATION: Endpoint = 'GET /applications/:id';
const INSTANCES: Endpoint = 'GET /applications/:id/instances';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';
const hang: Fault = { kind: 'hang', carriedOut: false };
const pause = answer(503, '', { 'retry-after': '3600' })(false);
const HOUR_MS = 3_600_000;

for (const [what, fault] of [
  ['a `Retry-After`', pause],
  ['a look that hangs', hang],
] as const) {
  scenario(`What is live at the timeout is seen, within ${what}`, async (stage) => {
    const { nodion, deploy } = stage;
    nodion.fail({ on: LIST, afterTrigger: true, fault });
    const run = await deploy(nodion.addApplication(), { inputs: { timeout: '6s' } });
    expect(run.exitCode).toBe(0);
    expect(run.outputs).toMatchObject({ status: 'available', timed_out: 'false' });
  });

  for (const on of [INSTANCES, APPLICATION]) {
    const part = on === INSTANCES ? 'the instances' : 'the application';
    scenario(`A complete rollout is seen at the timeout: ${part}, ${what}`, async (stage) => {
      const { nodion, deploy } = stage;
      nodion.fail({ on, afterTrigger: true, fault });
      const run = await deploy(nodion.addApplication(), {
        inputs: { timeout: '6s', verify_rollout: 'true' },
      });
      expect(run.exitCode).toBe(0);
      expect(run.log).toContain('1 of 1 online instances run #1');
    });
  }

  scenario(`A lost trigger is found at the timeout, within ${what}`, async (stage) => {
    const { nodion, deploy } = stage;
    nodion.fail(
      { on: TRIGGER, fault: { kind: 'reset', carriedOut: true } },
      { on: LIST, afterTrigger: true, fault },
    );
    const run = await deploy(nodion.addApplication(), { inputs: { timeout: '6s' } });
    expect(run.exitCode).toBe(0);
    expect(run.outputs).toMatchObject({ id: nodion.triggered[0]?.id, status: 'available' });
  });
}

scenario('What is live at the timeout is seen, within a back-off', async (stage) => {
  const { nodion, deploy, clock } = stage;
  nodion.fail({ on: LIST, afterTrigger: true, times: 99, fault: answer(503)(false) });
  const recovered = clock.sleep(14_000).then(() => nodion.recover());
  const run = await deploy(nodion.addApplication(), { inputs: { timeout: '15s' } });
  await recovered;
  expect(run.exitCode).toBe(0);
  expect(run.outputs.timed_out).toBe('false');
});

scenario('A trigger without a whole answer at the timeout is found', async (stage) => {
  const { nodion, deploy } = stage;
  nodion.fail({ on: TRIGGER, fault: { kind: 'stall', carriedOut: true } });
  const run = await deploy(nodion.addApplication(life(['available', 0])), {
    inputs: { timeout: '5s' },
  });
  expect(run.exitCode).toBe(0);
  expect(run.outputs).toMatchObject({ id: nodion.triggered[0]?.id, status: 'available' });
});

scenario('A rollout seen complete once, at the timeout, is complete', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({ instance_amount: 2, instanceChangeMs: 4_000 });
  nodion.addDeployment(application, { status: 'available' }).triggeredAt -= HOUR_MS;
  const run = await deploy(application, {
    inputs: { timeout: '10s', poll_interval: '9.9s', verify_rollout: 'true' },
  });
  expect(run.exitCode).toBe(0);
  expect(run.log).toContain('2 of 2 online instances run #2');
});

scenario('Every application gets its last look, though others hang', async (stage) => {
  const { nodion, deploy } = stage;
  const applications = Array.from({ length: 20 }, (_, index) =>
    nodion.addApplication({
      name: `service-${index}`,
      ...life(['created', 0], ['available', 9_000]),
    }),
  );
  const hanging = applications.slice(0, 12);
  for (const of of hanging) {
    nodion.fail({ on: LIST, of, afterTrigger: true, times: 99, fault: hang });
  }
  const run = await deploy(null, {
    inputs: {
      application_id: applications.map(({ id }) => id).join(),
      timeout: '14s',
      poll_interval: '13.9s',
      log_lines: '0',
    },
  });
  expect(run.exitCode).toBe(1);
  const statuses = JSON.parse(run.outputs.deployments ?? '').map(
    ({ status }: { status: string }) => status,
  );
  expect(statuses).toEqual(
    applications.map((one) => (hanging.includes(one) ? 'created' : 'available')),
  );
  expect(nodion.mostRequestsAtOnce).toBeLessThanOrEqual(8);
});

scenario('A last look that has no turn among many is no failure of a poll', async (stage) => {
  const { nodion, deploy } = stage;
  const applications = Array.from({ length: 30 }, () =>
    nodion.addApplication(life(['created', 0])),
  );
  nodion.fail({ on: LIST, times: 999, fault: { kind: 'delay', ms: 400 } });
  const run = await deploy(null, {
    inputs: {
      application_id: applications.map(({ id }) => id).join(),
      ...{ timeout: '10s', poll_interval: '3s' },
    },
  });
  const ends = JSON.parse(run.outputs.deployments ?? '');
  expect(new Set(ends.map(({ reason }: { reason: string }) => reason))).toEqual(
    new Set(['timed_out']),
  );
  expect(run.outputs.deployments).toContain(
    'before the end of the 10 s timeout. No poll has been answered since.',
  );
});

scenario('Without a last look it is said how old the last one is', async ({ nodion, deploy }) => {
  nodion.fail({ on: LIST, afterTrigger: true, times: 99, fault: hang });
  const run = await deploy(nodion.addApplication(), { inputs: { timeout: '40s' } });
  expect(run.exitCode).toBe(1);
  expect(run.outputs).toMatchObject({ status: 'created', timed_out: 'true' });
  expect(annotations(run, 'error')[0]?.split('\n')).toEqual([
    expect.stringMatching(
      /^Application My App: Deployment #1 was "created" when it was last seen, (?:39\.\d|40) s before the end of the 40 s timeout\.$/,
    ),
    `Every poll since then failed: The request to ${new URL(nodion.url).host} (GET /applications/:id/deployments) failed: no answer within 10 s.`,
    "It may have ended since: look at it in Nodion's dashboard.",
    'When it was last seen, nothing was live; it is not known what is live now.',
  ]);
});
