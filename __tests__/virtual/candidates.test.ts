import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { Endpoint, FakeDeployment } from '../../fakes/nodion/state.ts';
import { annotations } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';

const TRIGGER: Endpoint = 'POST /applications/:id/deployments';
const SHA = 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e';
const OTHER_SHA = 'ffac537e6cbbf934b08745a378932722df287a53';
const AVAILABLE = life(['available', 0]);

scenario('A lost trigger of the default tag is told from another tag', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({
    deployment_strategy: 'prebuilt_image',
    image_tag: 'latest',
    ...life(['created', 0], ['failed', 3_000]),
  });
  nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: true } });
  nodion.afterAnswering = (endpoint) => {
    if (endpoint === TRIGGER) {
      nodion.addDeployment(application, { image_tag: 'v9', ...AVAILABLE });
    }
  };
  const run = await deploy(application);
  expect(run.exitCode).toBe(1);
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
  expect(run.outputs).toMatchObject({
    id: nodion.triggered[0]?.id,
    status: 'failed',
    image_reference: 'docker.io/nginx:latest',
  });
});

/** Somebody else's deployment of another commit, above the noted number. */
const others: Partial<FakeDeployment> = { git_sha: OTHER_SHA, ...AVAILABLE };

scenario('A lost trigger of the expected commit is told from another commit', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication();
  nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: true } });
  nodion.beforeRecording = () => nodion.addDeployment(application, others);
  nodion.afterAnswering = (endpoint) => {
    if (endpoint === TRIGGER) nodion.addDeployment(application, others);
  };
  const run = await deploy(application, { inputs: { expected_sha: SHA.slice(0, 7) } });
  expect(run.exitCode).toBe(0);
  expect(run.outputs).toMatchObject({ id: nodion.triggered[0]?.id, git_sha: SHA });
  expect(run.log).toContain(
    'The trigger may have made #2 or #3, #1: continuing with #2, the likeliest',
  );
});

for (const [what, fault, lateMs] of [
  ['A lost trigger', { kind: 'reset', carriedOut: false }, 5_000],
  ['An accepted trigger', answer(202)(false), 24_000],
] as const) {
  scenario(`${what} of the expected commit is waited for beside another one`, async (stage) => {
    const { nodion, deploy, clock } = stage;
    const application = nodion.addApplication();
    nodion.fail({ on: TRIGGER, fault });
    let late: Promise<FakeDeployment> | undefined;
    nodion.afterAnswering = (endpoint) => {
      if (endpoint !== TRIGGER) return;
      nodion.addDeployment(application, others);
      late = clock.sleep(lateMs).then(() => nodion.addDeployment(application));
    };
    const run = await deploy(application, { inputs: { expected_sha: SHA } });
    expect(run.exitCode).toBe(0);
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
    expect(run.outputs).toMatchObject({ id: (await late)?.id, git_sha: SHA, triggered: 'true' });
  });
}

scenario('A lost trigger is found in another commit when there is no other', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication();
  nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: false } });
  nodion.afterAnswering = (endpoint) => {
    if (endpoint === TRIGGER) nodion.addDeployment(application, others);
  };
  const run = await deploy(application, { inputs: { expected_sha: SHA } });
  expect(run.exitCode).toBe(1);
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
  expect(annotations(run, 'error')).toEqual([expect.stringContaining(OTHER_SHA)]);
});

scenario('A lost trigger of a tag is not found in a build of a commit', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({ deployment_strategy: 'prebuilt_image' });
  nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: false } });
  nodion.afterAnswering = (endpoint) => {
    if (endpoint !== TRIGGER || application.deployments.length > 0) return;
    nodion.addDeployment(application, { ...others, image_reference: null });
  };
  const run = await deploy(application, { inputs: { image_tag: 'v2' } });
  expect(run).toMatchObject({ exitCode: 0, outputs: { deploy_number: '2' } });
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(2);
});

for (const status of [400, 409, 422]) {
  scenario(`Nobody else’s deployment is taken after a refusal (${status})`, async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication();
    nodion.fail({ on: TRIGGER, fault: answer(status, { errors: ['Busy'] })(false) });
    nodion.afterAnswering = (endpoint) => {
      if (endpoint === TRIGGER) nodion.addDeployment(application, AVAILABLE);
    };
    const run = await deploy(application);
    expect(run.exitCode).toBe(1);
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
    expect(run.outputs).toMatchObject({ id: '', triggered: 'false' });
    expect(annotations(run, 'error')).toEqual([
      expect.stringMatching(
        `^Application My App: Nodion refused the trigger \\(${status}\\): Busy\\.\nNothing was triggered for it\\.`,
      ),
    ]);
  });
}

scenario('A trigger that shows its effect after its repeat is told', async (stage) => {
  const { nodion, deploy, clock } = stage;
  const application = nodion.addApplication(life(['created', 0], ['available', 20_000]));
  nodion.addDeployment(application, { status: 'available' });
  nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: false } });
  let late: Promise<FakeDeployment> | undefined;
  nodion.beforeRecording = () => {
    late = clock.sleep(4_000).then(() => nodion.addDeployment(application));
  };
  const run = await deploy(application);
  await late;
  expect(run.exitCode).toBe(0);
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(2);
  expect(run.log).toContain('Now there are #2, #3: ');
});

for (const [what, given, isTold] of [
  ['that tag', { image_tag: 'v2' }, true],
  ['no tag that is known', { image_reference: null, commit_message: '' }, true],
  ['another tag', { image_tag: 'v9' }, false],
] as const) {
  scenario(`What appears after the repeat of a tag’s trigger, of ${what}`, async (stage) => {
    const { nodion, deploy, clock } = stage;
    const application = nodion.addApplication({
      deployment_strategy: 'prebuilt_image',
      ...life(['created', 0], ['available', 20_000]),
    });
    nodion.addDeployment(application, { status: 'available' });
    nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: false } });
    nodion.beforeRecording = () => {
      void clock.sleep(4_000).then(() => nodion.addDeployment(application, given));
    };
    const run = await deploy(application, { inputs: { image_tag: 'v2' } });
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(2);
    expect(run.log.includes('Now there are #2, #3: ')).toBe(isTold);
  });
}

scenario('A deployment by somebody else after an only trigger is no duplicate', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication(life(['created', 0], ['available', 10_000]));
  nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: true } });
  const run = await deploy(application, {
    onLog: (text) => {
      if (text.includes('The trigger seems to have succeeded')) nodion.addDeployment(application);
    },
  });
  expect(run.exitCode).toBe(0);
  expect(application.deployments).toHaveLength(2);
  expect(run.log).not.toContain('Now there are');
});

scenario(
  'A lost trigger that shows its effect just before its repeat is not repeated',
  async (stage) => {
    const { nodion, deploy, clock } = stage;
    const application = nodion.addApplication(life(['created', 0], ['available', 20_000]));
    nodion.fail({ on: TRIGGER, fault: answer(503, '', { 'retry-after': '30' })(false) });
    let late: Promise<FakeDeployment> | undefined;
    nodion.afterAnswering = (endpoint) => {
      if (endpoint === TRIGGER) {
        late = clock.sleep(25_000).then(() => nodion.addDeployment(application));
      }
    };
    const run = await deploy(application, {
      onLog: (text) => {
        if (text.includes('adopting')) nodion.addDeployment(application);
      },
    });
    expect(run.exitCode).toBe(0);
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
    expect(run.outputs).toMatchObject({ id: (await late)?.id, triggered: 'true' });
    expect(run.log).not.toContain('now there are');
  },
);

scenario('Of two that a lost trigger may have made, each may be the other’s', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication(life(['created', 0], ['available', 20_000]));
  nodion.addDeployment(application, { status: 'available' });
  nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: true } });
  nodion.afterAnswering = (endpoint) => {
    if (endpoint === TRIGGER)
      nodion.addDeployment(application, life(['created', 0], ['failed', 9_000]));
  };
  const run = await deploy(application, { inputs: { log_lines: '0' } });
  expect(run.exitCode).toBe(1);
  expect(run.log).toContain(
    'Not in the list from just before the trigger: #2. Somebody else triggered it, or this step did and somebody else triggered #3, or something on the way sent the trigger twice',
  );
});

scenario('A deployment that appears beside ours is told, once', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication(life(['created', 0], ['available', 10_000]));
  nodion.addDeployment(application, { status: 'available' });
  nodion.beforeRecording = () => nodion.addDeployment(application, AVAILABLE);
  const run = await deploy(application);
  expect(run.exitCode).toBe(0);
  expect(run.outputs.deploy_number).toBe('3');
  expect(run.log.match(/Not in the list from just before the trigger: #2\./g)).toHaveLength(1);
  expect(nodion.requestsTo(TRIGGER)[0]).toMatchObject({
    body: '{}',
    headers: { 'content-type': expect.stringMatching(/^application\/json/) },
  });
});

scenario('Of a crowd between two triggers none is said not to be listed', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({
    ...{ name: 'shop', deployment_strategy: 'prebuilt_image' },
    ...life(['created', 0], ['available', 3_000]),
  });
  nodion.addDeployment(application, { status: 'available', image_tag: 'v8' });
  nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: false } });
  nodion.beforeRecording = (of) => {
    for (let other = 0; other < 40; other += 1) {
      nodion.addDeployment(of, { status: 'failed', image_tag: 'v8' });
    }
  };
  const run = await deploy(application, { inputs: { image_tag: 'v9' } });
  expect(run).toMatchObject({ exitCode: 0, outputs: { deploy_number: '42' } });
  expect(run.log).not.toContain('Numbers without a listed deployment');
});

scenario('A number that was skipped is said, though nothing of it is listed', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({ name: 'shop', ...life(['available', 500]) });
  nodion.addDeployment(application, { status: 'available', deploy_number: 1 });
  nodion.beforeRecording = (of) => {
    // Somebody else's, which is gone before it is listed.
    nodion.addDeployment(of, { status: 'failed' });
    setImmediate(() => {
      of.deployments = of.deployments.filter(({ deploy_number }) => deploy_number !== 2);
    });
  };
  const run = await deploy(application);
  expect(run.exitCode).toBe(0);
  expect(run.outputs.deploy_number).toBe('3');
  expect(run.log.match(/Numbers without a listed deployment: #2\./g)).toHaveLength(1);
});

scenario(
  'Of many numbers that were skipped five are named, and that there are more',
  async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication({ name: 'shop', ...life(['available', 500]) });
    nodion.addDeployment(application, { status: 'available', deploy_number: 1 });
    nodion.beforeRecording = (of) => {
      nodion.addDeployment(of, { status: 'failed', deploy_number: 40 });
      setImmediate(() => {
        of.deployments = of.deployments.filter(({ deploy_number }) => deploy_number !== 40);
      });
    };
    const run = await deploy(application);
    expect(run.outputs.deploy_number).toBe('41');
    expect(run.log).toContain('Numbers without a listed deployment: #2, #3, #4, #5, #6 and more. ');
  },
);

scenario('Skipped numbers are said, though others between them are listed', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({ name: 'shop', ...life(['available', 500]) });
  nodion.addDeployment(application, { status: 'available', deploy_number: 1 });
  nodion.beforeRecording = (of) => {
    for (const deploy_number of [2, 3, 4, 5, 6, 7, 10]) {
      nodion.addDeployment(of, { status: 'failed', deploy_number });
    }
  };
  const run = await deploy(application);
  expect(run.outputs.deploy_number).toBe('11');
  expect(run.log).toContain('Numbers without a listed deployment: #8, #9. ');
});

scenario('What was not waited for has no time until it was live', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({ name: 'shop', ...life(['available', 0]) });
  nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: true } });
  const run = await deploy(application, { inputs: { wait: 'false' } });
  expect(run.outputs).toMatchObject({ reason: 'live', duration_seconds: '' });
  expect(annotations(run, 'notice')[0]).toMatch(/^Application shop: Deployment #1 is live\.\n/);
});
