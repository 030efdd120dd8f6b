import { expect, test } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { FakeApplication } from '../../fakes/nodion/state.ts';
import type { StepOptions, StepRun } from '../../fakes/runner.ts';
import { annotations, type Stage } from '../../fakes/stage.ts';
import type { Reason } from '../../src/deploy/conclusion/conclusion.ts';
import { REASONS } from '../reasons.ts';
import { life, scenario } from '../scenario.ts';
import { addShop } from '../shop.ts';

const LIST = 'GET /applications/:id/deployments';
const TRIGGER = 'POST /applications/:id/deployments';
const INSTANCES = 'GET /applications/:id/instances';
const SHA = 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e';
const WORKFLOW_SHA = 'ffac537e6cbbf934b08745a378932722df287a53';

interface Situation {
  readonly reason: Reason;
  /** `failure` by default, for a failure. */
  readonly conclusion?: string;
  readonly when: string;
  readonly play: (stage: Stage) => Played | Promise<Played>;
  /** How GitHub's deployment ends, and of which commit; null where there is none. */
  readonly gitHub: readonly [state: string, commit: string] | null;
  /** What is live: its number, '' where it is not known or nothing is. */
  readonly live: string;
  readonly annotation?: string;
}

interface Played {
  readonly application: FakeApplication | null;
  readonly inputs?: Record<string, string>;
  readonly options?: StepOptions;
}

/** Of an application whose next deployment goes well, and whose #1 is live. */
function shop({ nodion }: Stage, given: Partial<FakeApplication> = {}): FakeApplication {
  const application = nodion.addApplication({ name: 'shop', ...given });
  nodion.addDeployment(application, { status: 'available' });
  return application;
}

const playing =
  (given: Partial<FakeApplication> = {}, inputs: Record<string, string> = {}) =>
  (stage: Stage): Played => ({ application: shop(stage, given), inputs });

const failing =
  (on: typeof LIST | typeof TRIGGER | typeof INSTANCES, status: number, inputs = {}, more = {}) =>
  (stage: Stage): Played => {
    stage.nodion.fail({ on, times: 999, fault: answer(status)(false), ...more });
    return { application: shop(stage), inputs };
  };

/** Images, of which v2 is deployed and asked for its health. */
const image =
  (healthOf: (tag: string, asks: number) => number, inputs: Record<string, string> = {}) =>
  async (stage: Stage): Promise<Played> => {
    let asks = 0;
    const made = await addShop(stage, (tag) => {
      if (tag === 'v2') asks += 1;
      return healthOf(tag, asks);
    });
    return { application: made.application, inputs: { ...made.inputs, ...inputs } };
  };

const slow = life(['created', 0], ['waiting', 2_000], ['available', 8_000]);
const NONE = null;
const SITUATIONS: readonly Situation[] = [
  { reason: 'live', when: 'it went live', play: playing(), gitHub: ['success', SHA], live: '2' },
  {
    reason: 'already_live',
    when: 'an existing one was live',
    play: playing({}, { reuse_existing: 'true', expected_sha: SHA }),
    ...{ gitHub: ['success', SHA], live: '1' },
  },
  {
    reason: 'triggered',
    when: 'it is not waited for',
    play: playing(slow, { wait: 'false' }),
    ...{ gitHub: ['in_progress', SHA], live: '1' },
  },
  {
    reason: 'in_progress',
    when: 'one in progress is followed and not waited for',
    play: (stage) => {
      const application = shop(stage);
      stage.nodion.addDeployment(application, { status: 'waiting' });
      const inputs = { wait: 'false', reuse_existing: 'true', expected_sha: SHA };
      return { application, inputs };
    },
    ...{ gitHub: ['in_progress', SHA], live: '1' },
  },
  {
    reason: 'checked',
    when: 'it was a dry run',
    play: playing({}, { dry_run: 'true' }),
    ...{ gitHub: NONE, live: '1' },
  },
  {
    reason: 'invalid_inputs',
    when: 'an input is invalid',
    play: playing({}, { timeout: 'soon' }),
    ...{ gitHub: NONE, live: '' },
  },
  {
    reason: 'unauthorized',
    when: 'the key is wrong',
    play: playing({}, { api_key: 'wrong' }),
    ...{ gitHub: NONE, live: '' },
  },
  {
    reason: 'unauthorized',
    when: 'the key may not read',
    play: failing(LIST, 403),
    ...{ gitHub: NONE, live: '' },
  },
  {
    reason: 'application_not_found',
    when: 'no application has the name',
    play: () => ({ application: NONE, inputs: { application_name: 'shop' } }),
    ...{ gitHub: NONE, live: '' },
  },
  {
    reason: 'application_not_found',
    when: 'no application has the ID',
    play: () => ({
      application: NONE,
      inputs: { application_id: '0ce705eb-fb11-485a-b380-82cdb8b97036' },
    }),
    ...{ gitHub: NONE, live: '' },
  },
  {
    reason: 'application_ambiguous',
    when: 'two have the name',
    play: (stage) => {
      shop(stage);
      shop(stage);
      return { application: NONE, inputs: { application_name: 'shop' } };
    },
    ...{ gitHub: NONE, live: '' },
  },
  {
    reason: 'inputs_do_not_fit',
    when: 'a tag is for a Git-based application',
    play: playing({}, { image_tag: 'v2' }),
    ...{ gitHub: NONE, live: '1' },
  },
  {
    reason: 'unreachable',
    when: 'Nodion is down',
    play: failing(LIST, 503, { timeout: '3m' }),
    ...{ gitHub: NONE, live: '' },
  },
  {
    reason: 'unreachable',
    conclusion: 'timed_out',
    when: 'nothing answers until the timeout',
    play: (stage) => {
      const fault = { kind: 'hang', carriedOut: false } as const;
      stage.nodion.fail(
        { on: 'GET /applications/:id', times: 99, fault },
        { on: LIST, times: 99, fault },
        { on: 'GET /applications/:id/domains', times: 99, fault },
      );
      return { application: shop(stage), inputs: { timeout: '6s' } };
    },
    ...{ gitHub: NONE, live: '' },
    annotation:
      'The 6 s timeout expired before anything was triggered.\nThe last failure: HOST had not answered GET /applications/:id',
  },
  {
    reason: 'trigger_refused',
    when: 'the trigger is refused',
    play: failing(TRIGGER, 403),
    ...{ gitHub: ['failure', WORKFLOW_SHA], live: '1' },
  },
  {
    reason: 'outcome_unknown',
    when: 'nobody knows what became of the trigger',
    play: failing(TRIGGER, 500),
    ...{ gitHub: ['failure', WORKFLOW_SHA], live: '1' },
  },
  {
    reason: 'deployment_failed',
    when: 'it fails',
    play: playing(life(['created', 0], ['failed', 900])),
    ...{ gitHub: ['failure', SHA], live: '1' },
  },
  {
    reason: 'expired',
    when: 'it expires',
    play: playing(life(['created', 0], ['expired', 900])),
    ...{ gitHub: ['failure', SHA], live: '1' },
  },
  {
    reason: 'superseded',
    when: 'a newer one went live first',
    play: (stage) => {
      const application = shop(stage, life(['created', 0], ['waiting', 1_500], ['expired', 6_000]));
      const onLog = (text: string) => {
        if (!text.includes('#2 is "waiting"')) return;
        const other = { status: 'available', git_sha: WORKFLOW_SHA };
        stage.nodion.addDeployment(application, other);
        // What came after that one has failed.
        stage.nodion.addDeployment(application, { status: 'failed', git_sha: WORKFLOW_SHA });
      };
      return { application, options: { onLog } };
    },
    ...{ gitHub: ['failure', SHA], live: '3' },
  },
  {
    reason: 'wrong_commit',
    when: 'another commit went live',
    play: playing({}, { expected_sha: WORKFLOW_SHA }),
    ...{ gitHub: ['failure', SHA], live: '2' },
  },
  {
    reason: 'wrong_image',
    when: 'another tag went live',
    play: async (stage) => {
      const played = await image(() => 200)(stage);
      const { nodion } = stage;
      nodion.afterAnswering = (endpoint) => {
        const made = played.application?.deployments.find((one) => one.deploy_number === 2);
        if (endpoint === TRIGGER && made) made.image_reference = 'docker.io/shop:v9';
      };
      return played;
    },
    ...{ gitHub: ['failure', WORKFLOW_SHA], live: '2' },
  },
  {
    reason: 'commit_not_confirmed',
    when: 'it does not say its commit',
    play: playing(
      { head: { git_sha: null, commit_message: '', committer_name: '' } },
      { expected_sha: SHA },
    ),
    ...{ gitHub: ['failure', SHA], live: '2' },
  },
  {
    reason: 'lost_sight',
    when: 'Nodion refuses to show it',
    play: failing(LIST, 403, {}, { afterTrigger: true }),
    ...{ gitHub: ['failure', SHA], live: '' },
  },
  {
    reason: 'lost_sight',
    conclusion: 'timed_out',
    when: 'it can’t be read until the timeout',
    play: failing(LIST, 503, { timeout: '40s' }, { afterTrigger: true }),
    ...{ gitHub: ['error', SHA], live: '' },
  },
  {
    reason: 'timed_out',
    conclusion: 'timed_out',
    when: 'it is in progress at the timeout',
    play: playing(life(['waiting', 0]), { timeout: '20s' }),
    ...{ gitHub: ['error', SHA], live: '1' },
  },
  {
    reason: 'rollout_incomplete',
    conclusion: 'timed_out',
    when: 'its rollout is not complete at the timeout',
    play: playing({ status: 'deploying' }, { verify_rollout: 'true', timeout: '20s' }),
    ...{ gitHub: ['error', SHA], live: '2' },
  },
  {
    reason: 'rollout_not_verified',
    when: 'the key may not read instances',
    play: failing(INSTANCES, 403, { verify_rollout: 'true' }),
    ...{ gitHub: ['failure', SHA], live: '2' },
  },
  {
    reason: 'rollout_not_verified',
    conclusion: 'timed_out',
    when: 'instances never said what they run',
    play: (stage) => {
      const instances = [{ id: 'i', name: 'web-1', status: 'online' }];
      const fault = answer(200, { instances })(false);
      stage.nodion.fail({ on: INSTANCES, times: 99, fault });
      return { application: shop(stage), inputs: { verify_rollout: 'true', timeout: '20s' } };
    },
    ...{ gitHub: ['error', SHA], live: '2' },
  },
  {
    reason: 'unhealthy',
    when: 'it is live and not healthy',
    play: image((tag) => (tag === 'v2' ? 503 : 200)),
    ...{ gitHub: ['failure', WORKFLOW_SHA], live: '2' },
  },
  {
    reason: 'unstable',
    when: 'it was healthy at first',
    play: image((_, asks) => (asks > 4 ? 503 : 200), { stable_for: '30s' }),
    ...{ gitHub: ['failure', WORKFLOW_SHA], live: '2' },
  },
  {
    reason: 'rolled_back',
    when: 'the tag before is live again',
    play: image((tag) => (tag === 'v2' ? 503 : 200), { rollback: 'true' }),
    ...{ gitHub: ['failure', WORKFLOW_SHA], live: '3' },
  },
  {
    reason: 'rollback_failed',
    when: 'the tag before is bad as well',
    play: image((_, asks) => (asks > 0 ? 503 : 200), { rollback: 'true' }),
    ...{ gitHub: ['failure', WORKFLOW_SHA], live: '3' },
  },
  {
    reason: 'cancelled',
    conclusion: 'cancelled',
    when: 'a signal ends the step',
    play: (stage) => {
      const application = shop(stage, life(['waiting', 0]));
      const options = stage.cancelWhen(() => application.deployments.length > 1);
      return { application, options };
    },
    ...{ gitHub: ['error', SHA], live: '1' },
  },
];

function expectEnd(run: StepRun, { reason, conclusion, live }: Situation): void {
  const isGreen = REASONS[reason] === 'success';
  const end = { conclusion: conclusion ?? (isGreen ? 'success' : 'failure'), reason };
  expect(run.exitCode).toBe(isGreen ? 0 : 1);
  expect(run.outputs).toMatchObject(end);
  expect(REASONS[reason].split(', ')).toContain(end.conclusion);
  expect(annotations(run, isGreen ? 'notice' : 'error')).toHaveLength(1);
  if (reason === 'invalid_inputs') {
    expect(run.outputs).not.toHaveProperty('deployments');
    return;
  }
  const [one] = JSON.parse(run.outputs.deployments ?? '');
  expect(one).toMatchObject(end);
  expect(`${one.live_deploy_number ?? ''}`).toBe(live);
  expect(run.outputs.live_deploy_number ?? '').toBe(live);
  expect(run.deploymentsFile).toBe(run.outputs.deployments);
}

for (const situation of SITUATIONS) {
  const { reason, when, play, gitHub, annotation } = situation;
  scenario(`The reason is ${reason} when ${when}`, async (stage) => {
    const { application, inputs, options } = await play(stage);
    const run = await stage.deploy(application, {
      ...options,
      inputs: { environment: 'production', log_lines: '0', ...inputs },
    });
    expectEnd(run, situation);
    const { deployments, statuses } = stage.gitHub;
    const recorded = deployments.map(({ ref }) => [statuses.at(-1)?.state, ref]);
    expect(recorded).toEqual(gitHub ? [gitHub] : []);
    if (!annotation) return;
    const [error = ''] = annotations(run, 'error');
    expect(error.replace(/127\.0\.0\.1:\d+/g, 'HOST')).toContain(annotation);
  });
}

scenario(
  'Of several, the reason is that of the first that was not merely skipped',
  async (stage) => {
    const { nodion, deploy } = stage;
    const image = nodion.addApplication({ name: 'a', deployment_strategy: 'prebuilt_image' });
    const git = nodion.addApplication({ name: 'b', deployment_strategy: 'dockerfile' });
    const ids = [image, git].map(({ id }) => id).join();
    const run = await deploy(null, { inputs: { application_id: ids, image_tag: 'v2' } });
    expect(run.outputs).toMatchObject({ conclusion: 'failure', reason: 'inputs_do_not_fit' });
    const each = JSON.parse(run.outputs.deployments ?? '').map(
      (one: { reason: string }) => one.reason,
    );
    expect(each).toEqual(['skipped', 'inputs_do_not_fit']);
  },
);

for (const [end, its] of [
  ['available', { conclusion: 'success', reason: 'live' }],
  ['failed', { conclusion: 'failure', reason: 'deployment_failed' }],
] as const) {
  scenario(`A cancellation too late is the reason of the step: ${end}`, async (stage) => {
    const { nodion, gitHub, deploy } = stage;
    gitHub.refuseWith = 0;
    const application = nodion.addApplication(life(['created', 0], [end, 500]));
    const run = await deploy(application, {
      inputs: { environment: 'production' },
      onLog: (text, child) => {
        if (text.includes(`#1 is "${end}"`)) child.kill('SIGINT');
      },
    });
    expect(run.exitCode).toBe(1);
    expect(run.outputs).toMatchObject({ conclusion: 'cancelled', reason: 'cancelled' });
    const [one] = JSON.parse(run.outputs.deployments ?? '');
    expect(one).toMatchObject(its);
  });
}

for (const [what, env] of [
  ['is not set', { RUNNER_TEMP: '' }],
  ['is gone', { RUNNER_TEMP: '/nowhere/at/all' }],
] as const) {
  scenario(`No file of deployments is no failure, where RUNNER_TEMP ${what}`, async (stage) => {
    const { nodion, deploy } = stage;
    const run = await deploy(nodion.addApplication(), { env: { ...env, RUNNER_DEBUG: '1' } });
    expect(run.exitCode).toBe(0);
    expect(run.outputs.deployments_file).toBe('');
    expect(run.log).toContain('::debug::deployments.json is not written: ');
    expect(annotations(run, 'warning')).toEqual([]);
  });
}

scenario(
  'Outputs that can’t be written are the reason in the file and the summary',
  async (stage) => {
    const { nodion, deploy } = stage;
    const env = { GITHUB_OUTPUT: '/nowhere/at/all' };
    const run = await deploy(nodion.addApplication(), { env });
    expect(run.exitCode).toBe(1);
    expect(run.summary).toContain('Outputs not written');
    expect(JSON.parse(run.deploymentsFile ?? '')).toMatchObject([
      { deploy_number: 1, conclusion: 'failure', reason: 'output_not_written' },
    ]);
  },
);

/** Shown by the scenarios above that are no rows, or by tests of what they belong to. */
const ELSEWHERE: readonly Reason[] = [
  ...(['skipped', 'output_not_written', 'internal_error'] as const),
  ...(['health_not_known', 'stability_not_known', 'no_longer_live'] as const),
  ...(['image_not_found', 'image_not_checked', 'busy'] as const),
];

test('Every reason is shown by a situation', () => {
  const shown = new Set([...SITUATIONS.map(({ reason }) => reason), ...ELSEWHERE]);
  expect([...shown].sort()).toEqual(Object.keys(REASONS).sort());
});
