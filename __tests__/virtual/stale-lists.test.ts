import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { Fault } from '../../fakes/nodion/faults.ts';
import type { Endpoint, FakeApplication } from '../../fakes/nodion/state.ts';
import { annotations, type Stage } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';

const LIST: Endpoint = 'GET /applications/:id/deployments';
const APPLICATION: Endpoint = 'GET /applications/:id';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';
const SHA = 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e';
const OTHER_SHA = 'ffac537e6cbbf934b08745a378932722df287a53';
const HOUR_MS = 3_600_000;

/** Another's deployment that was made `ageMs` before. */
function number41({ nodion, clock }: Stage, ageMs: number) {
  const created_at = new Date(clock.now() + nodion.skewMs - ageMs).toISOString();
  return { status: 'available', deploy_number: 41, created_at };
}

/** Two applications, of which reads of the second take 5 s; `meanwhile` the first one's list gets older. */
async function besideASlowOne(
  { nodion, deploy, clock }: Stage,
  options: { inputs?: Record<string, string>; meanwhile: (web: FakeApplication) => void },
) {
  const web = nodion.addApplication({ name: 'web' });
  nodion.addDeployment(web, { status: 'expired', git_sha: OTHER_SHA });
  const slow = nodion.addApplication({ name: 'slow' });
  nodion.fail({ on: APPLICATION, of: slow, fault: { kind: 'delay', ms: 5_000 } });
  let isRead = false;
  let actor: Promise<void> = Promise.resolve();
  nodion.afterAnswering = (endpoint, application) => {
    if (isRead || endpoint !== LIST || application !== web) return;
    isRead = true;
    actor = clock.sleep(2_000).then(() => options.meanwhile(web));
  };
  const run = await deploy(null, {
    inputs: { application_id: `${web.id}, ${slow.id}`, ...options.inputs },
  });
  await actor;
  return { web, run };
}

for (const hasDate of [true, false]) {
  const date = hasDate ? 'with' : 'without';
  scenario(`A deployment between list and trigger is not ours, ${date} a date`, async (stage) => {
    const { nodion } = stage;
    nodion.hasDate = hasDate;
    nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: false } });
    const { web, run } = await besideASlowOne(stage, {
      meanwhile: (application) => nodion.addDeployment(application, { git_sha: OTHER_SHA }),
    });
    expect(run.exitCode).toBe(0);
    const [ours] = nodion.triggered.filter((one) => web.deployments.includes(one));
    expect(nodion.triggered).toHaveLength(2);
    expect(run.outputs).toMatchObject({ id: ours?.id, git_sha: SHA, triggered: 'true' });
  });
}

scenario('A deployment to reuse is looked for just before the trigger', async (stage) => {
  const { nodion } = stage;
  const { web, run } = await besideASlowOne(stage, {
    inputs: { reuse_existing: 'true', expected_sha: SHA },
    meanwhile: (application) => nodion.addDeployment(application),
  });
  expect(run.exitCode).toBe(0);
  expect(web.deployments).toHaveLength(2);
  expect(run.outputs).toMatchObject({ id: web.deployments[0]?.id, triggered: 'false' });
});

const OLD_LISTS: [string, Fault][] = [
  ['is empty by mistake', answer(200, { deployments: [] })(false)],
  ['is half a minute old', { kind: 'stale', ageMs: 30_000 }],
];
for (const [what, fault] of OLD_LISTS) {
  for (const ageMs of [10_000, 120_000]) {
    const age = `${ageMs / 1_000} s older`;
    scenario(`A lost trigger is told from one ${age} when a list ${what}`, async (stage) => {
      const { nodion, deploy } = stage;
      const application = nodion.addApplication();
      nodion.addDeployment(application, number41(stage, ageMs));
      nodion.fail({ on: LIST, fault }, { on: TRIGGER, fault: { kind: 'reset', carriedOut: true } });
      const run = await deploy(application);
      expect(run.exitCode).toBe(0);
      expect(nodion.triggered).toHaveLength(1);
      expect(run.outputs).toMatchObject({ id: nodion.triggered[0]?.id, deploy_number: '42' });
    });
  }

  scenario(`One that is a minute older keeps a trigger from its repeat: ${what}`, async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication();
    nodion.addDeployment(application, number41(stage, 120_000));
    nodion.fail({ on: LIST, fault }, { on: TRIGGER, fault: { kind: 'reset', carriedOut: false } });
    const run = await deploy(application);
    expect(run.exitCode).toBe(1);
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
    expect(annotations(run, 'error')[0]?.split('\n').slice(2)).toEqual([
      "#41 is not in the list from just before the trigger, though it was created a minute or more before that by Nodion's clock: it can't be told whether it is this step's.",
      'A deployment may have been made and be in progress.',
      "Look for number 1 or above in Nodion's dashboard before you trigger again.",
      '#41 (commit d77ead8) is live.',
    ]);
  });
}

scenario('A list that a cache answers, with the `Date` of then, is no clock', async (stage) => {
  const { nodion, deploy, clock } = stage;
  const application = nodion.addApplication();
  nodion.addDeployment(application, number41(stage, 120_000));
  const date = new Date(clock.now() - 600_000).toUTCString();
  nodion.fail(
    { on: LIST, fault: answer(200, { deployments: [] }, { date, age: '600' })(false) },
    { on: TRIGGER, fault: { kind: 'reset', carriedOut: false } },
  );
  const run = await deploy(application);
  expect(run.exitCode).toBe(1);
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
  expect(run.outputs.id).toBe('');
});

scenario('A low number makes no other deployment a newer one', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication(life(['waiting', 0], ['available', 9_000]));
  const old = nodion.addDeployment(application, { status: 'expired', deploy_number: 2 });
  nodion.addDeployment(application, { status: 'expired', deploy_number: 7 });
  nodion.beforeRecording = () => {
    application.deployments = [old];
  };
  nodion.afterAnswering = (endpoint) => {
    if (endpoint !== TRIGGER) return;
    nodion.addDeployment(application, { status: 'expired', deploy_number: 7 });
  };
  const run = await deploy(application);
  expect(run.exitCode).toBe(0);
  expect(run.outputs.deploy_number).toBe('3');
  expect(run.log).not.toContain('A newer deployment');
});

/** A lost trigger without effect, beside another's deployment that the list before it lacks by mistake. */
function loseTrigger(stage: Stage): FakeApplication {
  const { nodion } = stage;
  const application = nodion.addApplication();
  nodion.addDeployment(application, number41(stage, 10_000));
  nodion.fail(
    { on: LIST, fault: answer(200, { deployments: [] })(false) },
    { on: TRIGGER, fault: { kind: 'reset', carriedOut: false } },
  );
  return application;
}

scenario('One that seems some seconds older is taken late, and told', async (stage) => {
  const { nodion, deploy } = stage;
  const application = loseTrigger(stage);
  const run = await deploy(application);
  expect(run.exitCode).toBe(0);
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
  expect(run.log).toContain(
    "#41 was created before the trigger, by the clock of the answers, which may be a gateway's\n",
  );
});

scenario('One that seems some seconds older is not taken before ours appears', async (stage) => {
  const { nodion, deploy } = stage;
  const application = loseTrigger(stage);
  nodion.afterAnswering = (endpoint) => {
    // The search that follows the trigger after a second.
    if (endpoint !== LIST || nodion.requestsTo(LIST).length !== 2) return;
    nodion.addDeployment(application, { status: 'available', deploy_number: 42 });
  };
  const run = await deploy(application);
  expect(run.exitCode).toBe(0);
  expect(run.outputs.deploy_number).toBe('42');
  expect(run.log).not.toContain('was created before the trigger');
});

for (const carriedOut of [true, false]) {
  const act = carriedOut ? 'carried out' : 'not carried out';
  scenario(`A list that is empty by mistake is not believed twice: ${act}`, async (stage) => {
    const { nodion } = stage;
    nodion.hasDate = false;
    nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut } });
    const { web, run } = await besideASlowOne(stage, {
      meanwhile: (application) => {
        // The list just before the trigger, after the one that showed #1.
        nodion.fail({ on: LIST, of: application, fault: answer(200, { deployments: [] })(false) });
      },
    });
    expect(run.exitCode).toBe(0);
    expect(run.outputs).toMatchObject({ id: web.deployments[0]?.id, deploy_number: '2' });
  });
}

for (const [skewMs, carriedOut] of [
  [-HOUR_MS, true],
  [HOUR_MS, false],
] as const) {
  const clock = skewMs < 0 ? 'slow' : 'fast';
  scenario(`What is too old goes by Nodion’s clock, an hour ${clock}`, async (stage) => {
    const { nodion, deploy } = stage;
    nodion.skewMs = skewMs;
    const application = nodion.addApplication();
    nodion.addDeployment(application, number41(stage, 120_000));
    nodion.fail(
      { on: LIST, fault: answer(200, { deployments: [] })(false) },
      { on: TRIGGER, fault: { kind: 'reset', carriedOut } },
    );
    const run = await deploy(application);
    expect(run.exitCode).toBe(carriedOut ? 0 : 1);
    expect(run.outputs.deploy_number).toBe(carriedOut ? '42' : '');
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
  });
}

scenario('An answer that describes an older deployment is none', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication();
  const old = nodion.addDeployment(application, { status: 'available' });
  const { id, deploy_number } = old;
  const body = { deployment: { id, deploy_number, status: 'available' } };
  nodion.fail({ on: TRIGGER, fault: answer(200, body)(true) });
  const run = await deploy(application);
  expect(run.exitCode).toBe(0);
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
  expect(run.outputs).toMatchObject({ id: nodion.triggered[0]?.id, deploy_number: '2' });
});

scenario('An answer with a low number is ours when no list had its ID', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication();
  nodion.addDeployment(application, { status: 'expired', deploy_number: 7 });
  nodion.beforeRecording = () => {
    const [old] = application.deployments;
    if (old) old.deploy_number = 2;
  };
  const run = await deploy(application);
  expect(run.exitCode).toBe(0);
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
  expect(run.outputs).toMatchObject({ id: nodion.triggered[0]?.id, deploy_number: '3' });
});

for (const [what, carriedOut] of [
  ['a lost trigger', true],
  ['a lost trigger that was not carried out', false],
  ['a trigger', null],
] as const) {
  scenario(`An \`ETag\` that never changes does not hide ${what}`, async ({ nodion, deploy }) => {
    nodion.etags = 'constant';
    const application = nodion.addApplication(life(['created', 0], ['available', 20_000]));
    if (carriedOut !== null) nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut } });
    const run = await deploy(application);
    expect(run.exitCode).toBe(0);
    expect(run.durationMs).toBeLessThan(60_000);
    expect(nodion.triggered).toHaveLength(1);
  });
}

scenario('The searches after a lost trigger ask no cache', async ({ nodion, deploy }) => {
  nodion.etags = true;
  nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: false } });
  const run = await deploy(nodion.addApplication());
  expect(run.exitCode).toBe(0);
  const [first, second] = nodion.requestsTo(TRIGGER).map(({ at }) => at);
  const searches = nodion
    .requestsTo(LIST)
    .filter(({ at }) => at > (first ?? 0) && at < (second ?? 0));
  expect(searches.length).toBeGreaterThan(2);
  for (const { headers } of searches) {
    expect(headers).toMatchObject({ 'cache-control': 'no-cache' });
    expect(headers).not.toHaveProperty('if-none-match');
  }
});

const ODD: [string, unknown][] = [
  ['without a number', { id: 'x', status: 'available', deploy_number: null }],
  ['without an id', { status: 'available', deploy_number: 7 }],
  ['that is null', null],
];
for (const [what, item] of ODD) {
  scenario(`A neighbour ${what} does not end the wait`, async ({ nodion, deploy }) => {
    const application = nodion.addApplication(life(['created', 0], ['available', 10_000]));
    nodion.afterAnswering = (endpoint) => {
      if (endpoint === TRIGGER) application.oddities = [item];
    };
    const run = await deploy(application, { inputs: { timeout: '60s' } });
    expect(run.exitCode).toBe(0);
    expect(run.log).not.toContain('Recovered from');
  });
}
