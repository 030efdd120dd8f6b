import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import { DEPLOY_ONLY_KEY, type Endpoint, type FakeApplication } from '../../fakes/nodion/state.ts';
import { annotations, type Stage } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';

const LIST: Endpoint = 'GET /applications/:id/deployments';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';
const SHA = 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e';

const phases = (...all: [string, number][]) => life(...all).life;

/** The application `shop`, with #1 live and #2 of somebody else on its way to `end` in 20 s. */
function addBusy({ nodion }: Stage, end: string): FakeApplication {
  const application = nodion.addApplication({
    name: 'shop',
    ...life(['created', 0], ['available', 2_000]),
  });
  nodion.addDeployment(application, { status: 'available' });
  nodion.addDeployment(application, {
    life: phases(['created', 0], ['waiting', 5_000], [end, 20_000]),
  });
  return application;
}

/** When the trigger came, in milliseconds after the one of #2. */
function triggeredAfterMs({ nodion }: Stage, { deployments }: FakeApplication): number {
  const busy = deployments.find(({ deploy_number }) => deploy_number === 2);
  return (nodion.requestsTo(TRIGGER)[0]?.at ?? Number.NaN) - (busy?.triggeredAt ?? 0);
}

scenario('By default what is in progress changes nothing', async (stage) => {
  const application = addBusy(stage, 'expired');
  const run = await stage.deploy(application);
  expect(run.exitCode).toBe(0);
  expect(triggeredAfterMs(stage, application)).toBeLessThan(5_000);
});

for (const end of ['available', 'failed', 'expired', 'canceled-by-user']) {
  const isFinal = end !== 'canceled-by-user';
  scenario(`The end of what is in progress is waited for: ${end}`, async (stage) => {
    const application = addBusy(stage, end);
    const run = await stage.deploy(application, {
      inputs: { if_busy: 'wait', timeout: '2m', log_lines: '0' },
    });
    expect(stage.nodion.requestsTo(TRIGGER)).toHaveLength(isFinal ? 1 : 0);
    expect(run.exitCode).toBe(isFinal ? 0 : 1);
    if (!isFinal) return expect(run.outputs).toMatchObject({ reason: 'busy' });
    expect(triggeredAfterMs(stage, application)).toBeGreaterThan(20_000);
    expect(triggeredAfterMs(stage, application)).toBeLessThan(25_000);
    expect(run.log).toContain('#2 (commit d77ead8 "test" by John Doe) is "created": waiting until');
    expect(run.log).toContain(`#2 is "${end}"\n`);
    expect(run.outputs).toMatchObject({ deploy_number: '3', reason: 'live', triggered: 'true' });
    // From the trigger on, not from the wait before it.
    expect(Number(run.outputs.duration_seconds)).toBeLessThan(5);
    expect(run.outputs.previous_deploy_number).toBe(end === 'available' ? '2' : '1');
  });
}

scenario(
  'One that is not listed any more has ended; one old list proves nothing',
  async (stage) => {
    const { nodion, clock, deploy } = stage;
    const application = addBusy(stage, 'available');
    const [busy] = application.deployments;
    if (busy) busy.life = phases(['created', 0]);
    // A list as it was before #2.
    nodion.fail({ on: LIST, skip: 3, fault: { kind: 'stale', ageMs: 600_000 } });
    void clock.sleep(10_000).then(() => {
      application.deployments = application.deployments.filter((one) => one !== busy);
    });
    const run = await deploy(application, { inputs: { if_busy: 'wait', timeout: '2m' } });
    expect(run.exitCode).toBe(0);
    expect(run.log.match(/#2 is not listed any more/g)).toHaveLength(1);
    const [{ at } = { at: 0 }] = nodion.requestsTo(TRIGGER);
    expect(at - (busy?.triggeredAt ?? 0)).toBeGreaterThan(10_000);
  },
);

scenario('Several in a row are waited for in turn', async (stage) => {
  const { nodion, clock, deploy } = stage;
  const application = addBusy(stage, 'available');
  void clock.sleep(12_000).then(() => {
    nodion.addDeployment(application, { life: phases(['created', 0], ['available', 30_000]) });
  });
  const run = await deploy(application, { inputs: { if_busy: 'wait', timeout: '2m' } });
  expect(run.exitCode).toBe(0);
  expect(run.outputs.deploy_number).toBe('4');
  expect(triggeredAfterMs(stage, application)).toBeGreaterThan(42_000);
  expect(run.log.match(/: waiting until it has ended/g)?.length).toBeGreaterThan(1);
});

scenario('One that is older than the live one is no reason to wait', async (stage) => {
  const application = stage.nodion.addApplication({ name: 'shop' });
  stage.nodion.addDeployment(application, { status: 'waiting' });
  stage.nodion.addDeployment(application, { status: 'available' });
  for (const if_busy of ['wait', 'fail']) {
    const run = await stage.deploy(application, { inputs: { if_busy } });
    expect(run.exitCode).toBe(0);
  }
});

for (const [ended, message] of [
  [24, ''],
  [40, ''],
  [400, 'x'.repeat(300)],
] as const) {
  scenario(`One below ${ended} newer ones that have ended is busy`, async (stage) => {
    const { nodion, deploy } = stage;
    const application = addBusy(stage, 'available');
    for (let other = 0; other < ended; other += 1) {
      nodion.addDeployment(application, { status: 'failed', commit_message: message });
    }
    const run = await deploy(application, { inputs: { if_busy: 'fail' } });
    expect(run.outputs.reason).toBe('busy');
    const following = { reuse_existing: 'true', expected_sha: SHA };
    const second = await deploy(application, { inputs: following });
    expect(second).toMatchObject({ exitCode: 0, outputs: { deploy_number: '2' } });
    expect(nodion.requestsTo(TRIGGER)).toEqual([]);
  });
}

scenario('At the timeout nothing is triggered', async (stage) => {
  const { nodion, gitHub, deploy } = stage;
  const application = addBusy(stage, 'available');
  const run = await deploy(application, {
    inputs: { if_busy: 'wait', timeout: '15s', environment: 'production' },
  });
  expect(run.exitCode).toBe(1);
  expect(nodion.requestsTo(TRIGGER)).toEqual([]);
  expect(annotations(run, 'error')[0]?.split('\n')).toEqual([
    'Application shop: The 15 s timeout expired while `if_busy: wait` was waiting for the end of deployment #2, still "waiting".',
    'Nothing was triggered for it.',
    '#1 (commit d77ead8) is live.',
  ]);
  expect(run.outputs).toMatchObject({
    ...{ conclusion: 'timed_out', reason: 'busy', timed_out: 'true', triggered: 'false' },
    ...{ live_deploy_number: '1', deploy_number: '' },
  });
  expect(run.summary).toContain('⌛');
  expect(gitHub.statuses.at(-1)).toMatchObject({ state: 'error' });
});

scenario('A cancellation meanwhile triggers nothing', async (stage) => {
  const { nodion, deploy, cancelWhen } = stage;
  const application = addBusy(stage, 'available');
  const run = await deploy(application, {
    inputs: { if_busy: 'wait' },
    ...cancelWhen(() => nodion.requestsTo(LIST).length > 4),
  });
  expect(run.exitCode).toBe(1);
  expect(nodion.requestsTo(TRIGGER)).toEqual([]);
  expect(run.outputs).toMatchObject({ conclusion: 'cancelled', reason: 'cancelled' });
  expect(annotations(run, 'error')[0]).toMatch(
    /^Application shop: The step was cancelled while `if_busy: wait` was waiting for the end of deployment #2, still "(?:created|waiting)"\.\nNothing was triggered for it\.\n/,
  );
});

scenario('With `if_busy: fail` it is red at once, with nothing triggered', async (stage) => {
  const { nodion, deploy } = stage;
  const busy = addBusy(stage, 'available');
  const idle = nodion.addApplication({ name: 'docs' });
  const run = await deploy(null, {
    inputs: { if_busy: 'fail', application_id: `${busy.id},${idle.id}`, log_lines: '0' },
  });
  expect(run.exitCode).toBe(1);
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
  expect(annotations(run, 'error')[0]?.split('\n')).toEqual([
    '1 of 2 applications failed.',
    'Application shop: Deployment #2 was "created" already, and `if_busy` is `fail`. Nothing was triggered for it. Run the step again once that has ended, or set `if_busy: wait`. #1 (commit d77ead8) is live.',
  ]);
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
    { conclusion: 'failure', reason: 'busy', triggered: false, deploy_number: null },
    { reason: 'live' },
  ]);
});

scenario('With `fail_fast`, what follows a busy one is skipped', async (stage) => {
  const { nodion, deploy } = stage;
  const busy = addBusy(stage, 'available');
  const next = nodion.addApplication({ name: 'docs' });
  const run = await deploy(null, {
    inputs: {
      ...{ if_busy: 'fail', fail_fast: 'true', max_parallel: '1', log_lines: '0' },
      application_id: `${busy.id},${next.id}`,
    },
  });
  expect(nodion.requestsTo(TRIGGER)).toEqual([]);
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
    { reason: 'busy' },
    { reason: 'skipped', error: 'Not triggered, because shop failed.' },
  ]);
});

for (const if_busy of ['wait', 'fail']) {
  scenario(`What is wanted is followed where it is in progress: ${if_busy}`, async (stage) => {
    const application = addBusy(stage, 'available');
    const run = await stage.deploy(application, {
      inputs: { if_busy, reuse_existing: 'true', expected_sha: SHA },
    });
    expect(run.exitCode).toBe(0);
    expect(stage.nodion.requestsTo(TRIGGER)).toEqual([]);
    expect(run.outputs).toMatchObject({ deploy_number: '2', reason: 'live', triggered: 'false' });
  });
}

scenario('A key that may not read can’t tell, and is refused', async (stage) => {
  const { nodion, deploy } = stage;
  const application = addBusy(stage, 'available');
  for (const if_busy of ['wait', 'fail']) {
    const run = await deploy(application, {
      inputs: { if_busy, wait: 'false', api_key: DEPLOY_ONLY_KEY },
    });
    expect(run.exitCode).toBe(1);
    expect(run.outputs).toMatchObject({ reason: 'unauthorized' });
  }
  expect(nodion.requestsTo(TRIGGER)).toEqual([]);
});

scenario('Without a wait for its own end, too', async (stage) => {
  const application = addBusy(stage, 'available');
  const run = await stage.deploy(application, { inputs: { if_busy: 'wait', wait: 'false' } });
  expect(run.exitCode).toBe(0);
  expect(triggeredAfterMs(stage, application)).toBeGreaterThan(20_000);
  expect(run.outputs).toMatchObject({ reason: 'triggered' });
});

scenario('Polls that fail meanwhile are retried', async (stage) => {
  const { nodion, deploy } = stage;
  const application = addBusy(stage, 'available');
  nodion.fail({ on: LIST, skip: 3, times: 4, fault: { kind: 'reset', carriedOut: false } });
  const run = await deploy(application, { inputs: { if_busy: 'wait' } });
  expect(run.exitCode).toBe(0);
  expect(run.outputs.deploy_number).toBe('3');
  expect(annotations(run, 'error')).toEqual([]);
});

scenario('The heartbeat says what is waited for', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({ name: 'shop' });
  nodion.addDeployment(application, { life: phases(['waiting', 0], ['available', 70_000]) });
  const run = await deploy(application, { inputs: { if_busy: 'wait' } });
  expect(run.log).toMatch(
    /Still waiting: another deployment, #1, "waiting" for 30(?:\.\d)? s; at most 14 min/,
  );
});

scenario('One last look at the timeout says what has become of it', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({ name: 'shop' });
  nodion.addDeployment(application, { status: 'available' });
  nodion.addDeployment(application, { life: phases(['waiting', 0], ['available', 9_500]) });
  const run = await deploy(application, {
    inputs: { if_busy: 'wait', timeout: '10s', poll_interval: '4s' },
  });
  expect(nodion.requestsTo(TRIGGER)).toEqual([]);
  expect(annotations(run, 'error')[0]?.split('\n')).toEqual([
    'Application shop: The 10 s timeout expired as soon as deployment #2, which `if_busy: wait` was waiting for, was "available".',
    'Nothing was triggered for it.',
    '#2 (commit d77ead8) is live.',
  ]);
  expect(run.outputs).toMatchObject({ reason: 'busy', live_deploy_number: '2' });
});

for (const max_parallel of ['', '2']) {
  scenario(
    `What follows one that is known to be busy is not triggered: ${max_parallel || 'all'}`,
    async (stage) => {
      const { nodion, deploy } = stage;
      const before = nodion.addApplication({ name: 'before' });
      const busy = addBusy(stage, 'available');
      const later = ['a', 'b', 'c'].map((name) => nodion.addApplication({ name }));
      const run = await deploy(null, {
        inputs: {
          ...{ if_busy: 'fail', fail_fast: 'true', max_parallel, log_lines: '0' },
          application_id: [before, busy, ...later].map(({ id }) => id).join(),
        },
      });
      expect(later.flatMap(({ deployments }) => deployments)).toEqual([]);
      const ends = JSON.parse(run.outputs.deployments ?? '') as { reason: string }[];
      const [first, ...others] = ends.map(({ reason }) => reason);
      expect(['live', 'skipped']).toContain(first);
      expect(others).toEqual(['busy', 'skipped', 'skipped', 'skipped']);
    },
  );
}

scenario('The log tells each turn of it once', async (stage) => {
  const application = addBusy(stage, 'available');
  const run = await stage.deploy(application, {
    inputs: { if_busy: 'wait', poll_interval: '0.1s' },
  });
  expect(run.exitCode).toBe(0);
  expect(run.log.match(/: waiting until it has ended/g)).toHaveLength(2);
  expect(run.log.match(/#2 is "available"/g)).toHaveLength(1);
});

for (const [status, if_busy] of [
  [429, 'fail'],
  [429, 'wait'],
  [502, 'fail'],
  [502, 'wait'],
] as const) {
  scenario(`Nor is a trigger repeated meanwhile: ${status}, ${if_busy}`, async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication({
      ...{ name: 'shop', deployment_strategy: 'prebuilt_image' },
      ...life(['created', 0], ['available', 2_000]),
    });
    nodion.addDeployment(application, { status: 'available', image_tag: 'v1' });
    nodion.fail({ on: TRIGGER, fault: answer(status, '', { 'retry-after': '1' })(false) });
    nodion.afterAnswering = (endpoint) => {
      if (endpoint !== TRIGGER || application.deployments.length > 1) return;
      const others = { life: phases(['waiting', 0], ['available', 40_000]), image_tag: 'v7' };
      nodion.addDeployment(application, others);
    };
    const run = await deploy(application, { inputs: { if_busy, image_tag: 'v2' } });
    if (if_busy === 'fail') {
      expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
      expect(run.outputs).toMatchObject({ reason: 'outcome_unknown', triggered: 'true' });
      expect(annotations(run, 'error')[0]).toContain(
        '\nIt is not sent again, because #2 is "waiting", and `if_busy` is `fail`.\n',
      );
      return;
    }
    expect(run).toMatchObject({ exitCode: 0, outputs: { deploy_number: '3' } });
    const [first, second] = nodion.requestsTo(TRIGGER);
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(40_000);
    expect(run.log).toContain('#2 (image docker.io/nginx:v7) is "waiting": waiting until');
    // Both lists before the repeat have it.
    expect(run.log).not.toContain('Not in the list from just before the trigger');
    expect(run.outputs.previous_deploy_number).toBe('2');
  });
}

scenario('A trigger that shows its effect meanwhile is followed, not repeated', async (stage) => {
  const { nodion, clock, deploy } = stage;
  const application = nodion.addApplication({
    ...{ name: 'shop', deployment_strategy: 'prebuilt_image' },
    ...life(['created', 0], ['available', 2_000]),
  });
  nodion.fail({ on: TRIGGER, fault: answer(502)(false) });
  nodion.afterAnswering = (endpoint) => {
    if (endpoint !== TRIGGER) return;
    nodion.addDeployment(application, {
      ...{ life: phases(['waiting', 0], ['failed', 300_000]), image_tag: 'v7' },
    });
    void clock.sleep(20_000).then(() => nodion.addDeployment(application, { image_tag: 'v2' }));
  };
  const run = await deploy(application, { inputs: { if_busy: 'wait', image_tag: 'v2' } });
  expect(run).toMatchObject({ exitCode: 0, outputs: { deploy_number: '2', triggered: 'true' } });
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
  // As soon as it is listed, though the other one is in progress still.
  expect(run.durationMs).toBeLessThan(30_000);
});

scenario('The timeout of a wait before the repeat says what is not known', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({
    name: 'shop',
    deployment_strategy: 'prebuilt_image',
  });
  nodion.fail({ on: TRIGGER, fault: answer(502)(false) });
  nodion.afterAnswering = (endpoint) => {
    if (endpoint === TRIGGER) nodion.addDeployment(application, { status: 'waiting' });
  };
  const run = await deploy(application, {
    inputs: { if_busy: 'wait', image_tag: 'v2', timeout: '30s' },
  });
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
  expect(run.outputs).toMatchObject({ reason: 'outcome_unknown', conclusion: 'timed_out' });
  expect(annotations(run, 'error')[0]).toContain(
    'The 30 s timeout expired before it was clear whether anything was triggered.',
  );
});

for (const if_busy of ['wait', 'fail']) {
  scenario(`A status that nobody knows is told as that: ${if_busy}`, async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication({ name: 'shop' });
    nodion.addDeployment(application, { status: 'paused' });
    const run = await deploy(application, { inputs: { if_busy, timeout: '9s' } });
    expect(run.outputs.reason).toBe('busy');
    expect(annotations(run, 'error')[0]).toContain(
      '\n"paused" is a status unknown to this action: look at the deployment in Nodion\'s dashboard.\n',
    );
    expect(run.log).not.toContain('once that has ended');
  });
}
