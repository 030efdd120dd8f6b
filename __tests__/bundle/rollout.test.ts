import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { Endpoint } from '../../fakes/nodion.ts';
import { annotations } from '../../fakes/stage.ts';
import { life, scenario } from './scenario.ts';

const INSTANCES: Endpoint = 'GET /applications/:id/instances';
const HOUR_MS = 3_600_000;
const inputs = { verify_rollout: 'true' };

scenario('`verify_rollout` waits until every instance runs the deployment', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({ instance_amount: 3, instanceChangeMs: 8_000 });
  nodion.addDeployment(application, { status: 'available' }).triggeredAt -= HOUR_MS;
  const run = await deploy(application, { inputs });
  expect(run.exitCode).toBe(0);
  expect(run.log).toMatch(/^Rollout after .*: 2 of 3 instances run #2; instance web-3 runs #1$/m);
  expect(run.log).toMatch(/^Rollout after .*: 3 of 3 instances run #2$/m);
});

scenario('A rollout incomplete at the timeout is red, naming what lacks', async (stage) => {
  const { nodion, deploy } = stage;
  const worker = { id: 'w', state: 'default', instance_amount: 1, instance_type_id: 't' };
  const application = nodion.addApplication({
    status: 'deploying',
    instance_amount: 2,
    instanceChangeMs: HOUR_MS / 4,
    workers: [{ ...worker, name: 'mailer', status: 'starting' }],
  });
  nodion.addDeployment(application, { status: 'available' }).triggeredAt -= HOUR_MS;
  const run = await deploy(application, { inputs: { ...inputs, timeout: '40s' } });
  expect(run.exitCode).toBe(1);
  expect(run.outputs).toMatchObject({ status: 'available', timed_out: 'true' });
  expect(annotations(run, 'error')).toEqual([
    'My App: Deployment #2 is available, but its rollout was not complete when the timeout of 40 s was over: the application is deploying; worker mailer is starting; instance web-2 runs #1',
  ]);
});

scenario('A rollout ends, red, when a newer deployment runs already', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({ instance_amount: 2, instanceChangeMs: 20_000 });
  const run = await deploy(application, {
    inputs,
    onLog: (text) => {
      if (text.includes('#1 available')) {
        nodion.addDeployment(application, life(['available', 0]));
      }
    },
  });
  expect(run.exitCode).toBe(1);
  expect(annotations(run, 'error')[0]).toContain(
    'was superseded by #2 before its rollout was complete',
  );
});

scenario('Without instances to see, a rollout is checked in part', async (stage) => {
  const { nodion, deploy } = stage;
  nodion.missing.add(INSTANCES);
  const run = await deploy(nodion.addApplication(), { inputs });
  expect(run.exitCode).toBe(0);
  expect(annotations(run, 'warning')).toEqual([
    expect.stringContaining(
      "the instances can't be had, so only the application's and its workers' status are checked",
    ),
  ]);
});

scenario('A rollout is followed though the instances can’t be read at times', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({ instance_amount: 2, instanceChangeMs: 20_000 });
  nodion.addDeployment(application, { status: 'available' }).triggeredAt -= HOUR_MS;
  nodion.fail({ on: INSTANCES, skip: 1, times: 7, fault: answer(503)(false) });
  const run = await deploy(application, { inputs });
  expect(run.exitCode).toBe(0);
  expect(annotations(run, 'warning')).toEqual([]);
  expect(run.log).toMatch(/^7 hiccups survived/m);
});

scenario('A rollout whose instances hang to the timeout is checked in part', async (stage) => {
  const { nodion, deploy } = stage;
  nodion.fail({ on: INSTANCES, times: 99, fault: { kind: 'hang', carriedOut: false } });
  const run = await deploy(nodion.addApplication(), { inputs: { ...inputs, timeout: '25s' } });
  expect(run.exitCode).toBe(0);
  expect(annotations(run, 'warning')).toHaveLength(1);
});
