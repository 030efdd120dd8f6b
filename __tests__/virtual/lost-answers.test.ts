import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { Fault } from '../../fakes/nodion/faults.ts';
import {
  DEPLOY_ONLY_KEY,
  type Endpoint,
  type FakeApplication,
  type FakeDeployment,
} from '../../fakes/nodion/state.ts';
import { annotations } from '../../fakes/stage.ts';
import { scenario } from '../scenario.ts';

const LIST: Endpoint = 'GET /applications/:id/deployments';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';
const reset = (carriedOut: boolean): Fault => ({ kind: 'reset', carriedOut });

for (const [what, carriedOut] of [
  ['carried out', true],
  ['not carried out', false],
] as const) {
  scenario(`A trigger without an answer for 30 s makes one deployment, ${what}`, async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication();
    nodion.fail({ on: TRIGGER, fault: { kind: 'hang', carriedOut } });
    const run = await deploy(application);
    expect(run.exitCode).toBe(0);
    expect(application.deployments).toHaveLength(1);
    expect(run.log).toContain('no answer within 30 s');
  });
}

scenario('A lost trigger is found, though the list can’t be read at first', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication();
  nodion.fail(
    { on: TRIGGER, fault: reset(true) },
    { on: LIST, afterTrigger: true, times: 3, fault: reset(false) },
  );
  const run = await deploy(application);
  expect(run.exitCode).toBe(0);
  expect(application.deployments).toHaveLength(1);
  expect(run.log).toMatch(/^Recovered from 4 transient errors: /m);
});

scenario('A lost trigger is found, though Nodion records it only seconds later', async (stage) => {
  const { nodion, deploy, clock } = stage;
  const application = nodion.addApplication();
  nodion.fail({ on: TRIGGER, fault: reset(false) });
  let recorded: Promise<unknown> = Promise.resolve();
  const run = await deploy(application, {
    onLog: (text) => {
      if (!text.includes('Checking whether')) return;
      recorded = clock.sleep(5_000).then(() => nodion.addDeployment(application));
    },
  });
  await recorded;
  expect(run.exitCode).toBe(0);
  expect(application.deployments).toHaveLength(1);
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
});

scenario('A lost trigger is told from another tag that somebody else deploys', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({ deployment_strategy: 'prebuilt_image' });
  nodion.fail({ on: TRIGGER, fault: reset(true) });
  nodion.beforeRecording = () => {
    nodion.addDeployment(application, { image_tag: 'v1' });
    setImmediate(() => nodion.addDeployment(application, { image_tag: 'v3' }));
  };
  const run = await deploy(application, { inputs: { image_tag: 'v2' } });
  expect(run.exitCode).toBe(0);
  expect(run.outputs).toMatchObject({
    deploy_number: '2',
    image_reference: 'docker.io/nginx:v2',
  });
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
});

scenario('A lost trigger is found by its message where no image is named', async (stage) => {
  const { nodion, deploy } = stage;
  nodion.olderAnswers = true;
  const application = nodion.addApplication({ deployment_strategy: 'prebuilt_image' });
  nodion.fail({ on: TRIGGER, fault: reset(true) });
  nodion.beforeRecording = () => nodion.addDeployment(application, { image_tag: 'v1' });
  const run = await deploy(application, { inputs: { image_tag: 'v2' } });
  expect(run.outputs.deploy_number).toBe('2');
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
});

const FOUND: [string, Partial<FakeApplication>, Partial<FakeDeployment>][] = [
  ['of another tag than the default one', { image_tag: 'latest' }, {}],
  ['that names a digest only', {}, { image_reference: `docker.io/nginx@sha256:${'0'.repeat(64)}` }],
  ['that names no image yet', {}, { image_reference: null, commit_message: '' }],
];

for (const [what, given, made] of FOUND) {
  scenario(`A lost trigger is found in a deployment ${what}`, async ({ nodion, deploy }) => {
    const application = nodion.addApplication({ deployment_strategy: 'prebuilt_image', ...given });
    nodion.fail({ on: TRIGGER, fault: reset(false) });
    const run = await deploy(application, {
      inputs: given.image_tag ? {} : { image_tag: 'v2' },
      onLog: (text) => {
        if (text.includes('Checking whether')) {
          nodion.addDeployment(application, { image_tag: 'v7', ...made });
        }
      },
    });
    expect(run.exitCode).toBe(0);
    expect(application.deployments).toHaveLength(1);
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
  });
}

scenario(
  'A trigger lost three times is red: one may be in progress',
  async ({ nodion, deploy }) => {
    const application = nodion.addApplication();
    nodion.addDeployment(application, { status: 'available' });
    nodion.fail({ on: TRIGGER, times: 9, fault: reset(false) });
    const run = await deploy(application);
    expect(run.exitCode).toBe(1);
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(3);
    expect(run.outputs).toMatchObject({ id: '', triggered: 'true' });
    expect(annotations(run, 'error')[0]?.split('\n')).toEqual([
      'Application My App: The trigger was not answered as documented.',
      `The request to ${new URL(nodion.url).host} (POST /applications/:id/deployments) failed: no answer (ECONNRESET).`,
      'A deployment may have been made and be in progress.',
      "Look for number 2 or above in Nodion's dashboard before you trigger again.",
      '#1 (commit d77ead8) is still live.',
    ]);
  },
);

scenario('A lost trigger that nobody may search for is not repeated', async (stage) => {
  const { nodion, deploy } = stage;
  nodion.fail({ on: TRIGGER, fault: reset(true) });
  const application = nodion.addApplication();
  const run = await deploy(application, {
    inputs: { api_key: DEPLOY_ONLY_KEY, wait: 'false' },
  });
  expect(run.exitCode).toBe(1);
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
  expect(run.outputs.triggered).toBe('true');
  expect(annotations(run, 'error')[0]?.split('\n')).toEqual([
    `Application ${application.id}: The trigger was not answered as documented.`,
    `The request to ${new URL(nodion.url).host} (POST /applications/:id/deployments) failed: no answer (ECONNRESET).`,
    'A deployment may have been made and be in progress.',
    "Look in Nodion's dashboard before you trigger again.",
    'It is not known what is live.',
  ]);
});

scenario('A trigger answered 421 is found when it was carried out', async (stage) => {
  const { nodion, deploy } = stage;
  nodion.fail({ on: TRIGGER, times: 9, fault: answer(421)(true) });
  const run = await deploy(nodion.addApplication());
  expect(run.exitCode).toBe(0);
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
});

scenario('A trigger answered 421 is not repeated', async ({ nodion, deploy }) => {
  nodion.fail({ on: TRIGGER, times: 9, fault: answer(421)(false) });
  const run = await deploy(nodion.addApplication());
  expect(run.exitCode).toBe(1);
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
  expect(run.outputs).toMatchObject({ id: '', triggered: 'true' });
  expect(annotations(run, 'error')[0]).toContain('may have been made');
});

const BUSY = '\nSomething else is in progress there: run the job again once that has ended.';

for (const [status, advice] of [
  [409, BUSY],
  [422, ''],
  [423, BUSY],
] as const) {
  scenario(`A trigger is not repeated after ${status}, which would come again`, async (stage) => {
    const { nodion, deploy } = stage;
    nodion.fail({ on: TRIGGER, times: 9, fault: answer(status, { errors: ['Busy'] })(false) });
    const run = await deploy(nodion.addApplication());
    expect(run.exitCode).toBe(1);
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
    expect(annotations(run, 'error')).toEqual([
      `Application My App: Nodion refused the trigger (${status}): Busy.\nNothing was triggered for it.${advice}\nNo deployment of the application is live.`,
    ]);
  });
}
