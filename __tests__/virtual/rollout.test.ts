import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { Endpoint } from '../../fakes/nodion/state.ts';
import { annotations } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';

const INSTANCES: Endpoint = 'GET /applications/:id/instances';
const HOUR_MS = 3_600_000;
const inputs = { verify_rollout: 'true' };

scenario('`verify_rollout` waits until every instance runs the deployment', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({ instance_amount: 3, instanceChangeMs: 8_000 });
  nodion.addDeployment(application, { status: 'available' }).triggeredAt -= HOUR_MS;
  const run = await deploy(application, { inputs });
  expect(run.exitCode).toBe(0);
  expect(run.log).toMatch(
    /^Rollout after .*: 2 of 3 online instances run #2; instance web-3 runs #1$/m,
  );
  expect(run.log).toMatch(/^Rollout after .*: 3 of 3 online instances run #2$/m);
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
  const run = await deploy(application, { inputs: { ...inputs, timeout: '6s' } });
  expect(run.exitCode).toBe(1);
  expect(run.outputs).toMatchObject({ status: 'available', timed_out: 'true' });
  expect(annotations(run, 'error')).toEqual([
    [
      'Application My App: Deployment #2 went live, but its rollout was not complete when the 6 s timeout expired.',
      'Missing: the application is "deploying"; worker mailer is "starting"; instance web-2 runs #1.',
      "Look at the application in Nodion's dashboard.",
      '#2 (commit d77ead8) is live.',
    ].join('\n'),
  ]);
});

scenario('A rollout ends, red, when a newer deployment runs already', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({ instance_amount: 2, instanceChangeMs: 20_000 });
  const run = await deploy(application, {
    inputs,
    onLog: (text) => {
      if (text.includes('#1 is "available"')) {
        nodion.addDeployment(application, life(['available', 0]));
      }
    },
  });
  expect(run.exitCode).toBe(1);
  expect(annotations(run, 'error')[0]?.split('\n')).toEqual([
    'Application My App: Deployment #1 went live, but #2 superseded it before its rollout was complete.',
    expect.stringMatching(/^Missing: instance web-1 runs #2(?:; instance web-2 runs #\d)?\.$/),
    'Use `concurrency` in the workflow to deploy one after another.',
    expect.stringMatching(/^#2 (?:\(commit d77ead8\) )?is live\.$/),
  ]);
});

scenario(
  'A newer one that only an instance runs, and that fails, supersedes nothing',
  async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication();
    const deployment = { id: 'other', status: 'waiting', deploy_number: 2 };
    const instances = [{ id: 'i', name: 'web-1', status: 'online', deployment }];
    nodion.fail({ on: INSTANCES, times: 4, fault: answer(200, { instances })(false) });
    const run = await deploy(application, {
      inputs,
      onLog: (text) => {
        if (!text.includes('#1 is "available"')) return;
        nodion.addDeployment(application, life(['waiting', 0], ['failed', 3_000]));
      },
    });
    expect(annotations(run, 'error')).toEqual([]);
    expect(run).toMatchObject({ exitCode: 0, outputs: { live_deploy_number: '1' } });
    expect(run.log).toContain('instance web-1 runs #2');
  },
);

for (const [status, advice] of [
  [
    403,
    'Check the key behind `api_key`: its scopes must cover this request, and it must belong to the project (for a user API key, see `project_id`).',
  ],
  [
    404,
    'The application was there before: it may have been deleted, or the key or a gateway may lack this endpoint.',
  ],
] as const) {
  scenario(`A rollout whose instances are answered ${status} is red at once`, async (stage) => {
    const { nodion, deploy } = stage;
    nodion.fail({ on: INSTANCES, times: 99, fault: answer(status)(false) });
    const run = await deploy(nodion.addApplication(), { inputs });
    expect(run.exitCode).toBe(1);
    expect(run.durationMs).toBeLessThan(5 * 60_000);
    expect(nodion.requestsTo(INSTANCES)).toHaveLength(1);
    expect(run.outputs).toMatchObject({ status: 'available', timed_out: 'false' });
    expect(annotations(run, 'error')[0]?.split('\n')).toEqual([
      "Application My App: Deployment #1 went live, but its rollout can't be checked.",
      `Nodion answered ${status} to GET /applications/:id/instances.`,
      advice,
      '#1 (commit d77ead8) is live.',
    ]);
  });
}

scenario('A rollout is followed though the instances can’t be read at times', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({ instance_amount: 2, instanceChangeMs: 20_000 });
  nodion.addDeployment(application, { status: 'available' }).triggeredAt -= HOUR_MS;
  nodion.fail({ on: INSTANCES, skip: 1, times: 7, fault: answer(503)(false) });
  const run = await deploy(application, { inputs });
  expect(run.exitCode).toBe(0);
  expect(annotations(run, 'warning')).toEqual([]);
  expect(run.log).toMatch(/^Recovered from 7 transient errors: 7 × /m);
  const [seventh, eighth] = nodion
    .requestsTo(INSTANCES)
    .slice(7)
    .map(({ at }) => at);
  expect((eighth ?? 0) - (seventh ?? 0)).toBeGreaterThan(7_000);
});

scenario('A rollout whose instances can’t be read to the timeout is red', async (stage) => {
  const { nodion, deploy } = stage;
  nodion.fail({ on: INSTANCES, times: 99, fault: { kind: 'hang', carriedOut: false } });
  const run = await deploy(nodion.addApplication(), { inputs: { ...inputs, timeout: '60s' } });
  expect(run.exitCode).toBe(1);
  expect(run.outputs).toMatchObject({ status: 'available', timed_out: 'true' });
  expect(annotations(run, 'error')).toEqual([
    `Application My App: Deployment #1 went live, but its rollout could not be checked when the 1 min timeout expired.\nThe last read failed: The request to ${new URL(nodion.url).host} (GET /applications/:id/instances) failed: no answer within 30 s.\nLook at the application in Nodion's dashboard.\n#1 (commit d77ead8) is live.`,
  ]);
});

for (const [what, deployment, told] of [
  ['its deployment', null, 'instance web-1 does not say which deployment it runs'],
  ['the number of another deployment', { id: 'x' }, 'instance web-1 runs another deployment'],
] as const) {
  scenario(`An instance that does not say ${what} proves nothing of a rollout`, async (stage) => {
    const { nodion, deploy } = stage;
    const instances = [{ id: 'i', name: 'web-1', status: 'online', deployment }];
    nodion.fail({ on: INSTANCES, times: 99, fault: answer(200, { instances })(false) });
    const run = await deploy(nodion.addApplication(), { inputs: { ...inputs, timeout: '60s' } });
    expect(run).toMatchObject({ exitCode: 1, outputs: { reason: 'rollout_not_verified' } });
    expect(annotations(run, 'error')).toEqual([expect.stringContaining(told)]);
  });
}

scenario('Workers that can’t be read are no proof of a rollout', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication();
  const odd = { ...application, workers: {} };
  const fault = answer(200, { application: odd })(false);
  nodion.fail({ on: 'GET /applications/:id', times: 99, fault });
  const run = await deploy(application, { inputs: { ...inputs, timeout: '60s' } });
  expect(run).toMatchObject({ exitCode: 1, outputs: { reason: 'rollout_not_verified' } });
  expect(annotations(run, 'error')[0]).toContain("Missing: its workers can't be read.");
  const plain = await deploy(application);
  expect(plain.exitCode).toBe(0);
});

for (const [instance_amount, exitCode] of [
  [1, 1],
  [0, 0],
] as const) {
  const end = exitCode === 0 ? 'complete' : 'incomplete';
  scenario(`With no instance online of ${instance_amount} a rollout is ${end}`, async (stage) => {
    const { nodion, deploy } = stage;
    nodion.fail({ on: INSTANCES, times: 99, fault: answer(200, { instances: [] })(false) });
    const application = nodion.addApplication({ instance_amount });
    const run = await deploy(application, { inputs: { ...inputs, timeout: '60s' } });
    expect(run.exitCode).toBe(exitCode);
  });
}

for (const [instance_amount, exitCode] of [
  [1, 1],
  [0, 0],
] as const) {
  const act = exitCode === 0 ? 'is not waited for' : 'is waited for';
  scenario(`A worker with an instance amount of ${instance_amount} ${act}`, async (stage) => {
    const { nodion, deploy } = stage;
    const worker = { id: 'w', state: 'default', instance_amount, instance_type_id: 't' };
    const application = nodion.addApplication({
      workers: [{ ...worker, name: 'mailer', status: 'stopped' }],
    });
    const run = await deploy(application, { inputs: { ...inputs, timeout: '60s' } });
    expect(run.exitCode).toBe(exitCode);
  });
}

scenario(
  'A rollout seen complete only once, between two others, is not complete',
  async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication();
    const odd = [{ id: 'i', name: 'web-1', status: 'online', deployment: { id: 'other' } }];
    const others = answer(200, { instances: odd })(false);
    // Every second look shows an instance of another deployment, until the sixth.
    for (let look = 0; look < 3; look += 1) nodion.fail({ on: INSTANCES, skip: 1, fault: others });
    const run = await deploy(application, { inputs });
    expect(run.exitCode).toBe(0);
    expect(nodion.requestsTo(INSTANCES)).toHaveLength(8);
  },
);

scenario('A crashed application is told when it is first seen', async ({ nodion, deploy }) => {
  const application = nodion.addApplication({ status: 'crashed' });
  const run = await deploy(application, { inputs: { ...inputs, timeout: '30s' } });
  expect(run.exitCode).toBe(1);
  expect(run.log).toMatch(/^Rollout after \d\.?\d* s: .*; the application is "crashed"$/m);
});
