import { expect } from '@jest/globals';
import type { Reply } from '../../fakes/application-server.ts';
import { answer } from '../../fakes/faults.ts';
import type { Fault } from '../../fakes/nodion/faults.ts';
import type { Endpoint, FakeApplication } from '../../fakes/nodion/state.ts';
import type { StepRun } from '../../fakes/runner.ts';
import { annotations, type Stage } from '../../fakes/stage.ts';
import { renderSummary } from '../../fakes/summary.ts';
import { life, scenario } from '../scenario.ts';
import { addShop, EXPECTED, errorLines, type Shop } from '../shop.ts';

// What others did while a deployment was checked is read once more when the checks have ended.

const LIST: Endpoint = 'GET /applications/:id/deployments';
const INSTANCES: Endpoint = 'GET /applications/:id/instances';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';
const down = answer(503)(false);
const hang: Fault = { kind: 'hang', carriedOut: false };
const WENT_LIVE = 'Application shop: Deployment #2 went live;';
const HEALTHY_V2 = [
  'The application was healthy when last asked.',
  '#2 is of image docker.io/shop:v2.',
];

/** The shop, whose new versions answer `reply`; `act` is called with the second check of them. */
async function addWatchedShop(stage: Stage, reply: Reply, act: () => void): Promise<Shop> {
  let asked = 0;
  return await addShop(stage, (tag) => {
    if (tag === 'v1') return 200;
    asked += 1;
    if (asked === 2) act();
    return reply;
  });
}

/** Another actor's v3 goes live. */
function goLive({ nodion }: Stage): void {
  const [application] = nodion.applications;
  if (application) nodion.addDeployment(application, { status: 'available', image_tag: 'v3' });
}

const titleOf = (run: StepRun) =>
  run.commands.find(({ name }) => name === 'error' || name === 'notice')?.properties.title;

scenario('A newer version is told after a red check, though a read failed', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addWatchedShop(stage, 503, () => {
    goLive(stage);
    nodion.fail({ on: LIST, fault: down });
  });
  const run = await deploy(shop.application, { inputs: { ...shop.inputs, rollback: 'true' } });
  expect(run.exitCode).toBe(1);
  expect(errorLines(run)).toEqual([
    `Application shop: Deployment #2 went live, then #3, and the application was not healthy: N of N answers were bad, the last one 503 from ${shop.url}.`,
    EXPECTED,
    'No rollback: #3, which is newer, has appeared.',
    '#3 (v3) is live.',
  ]);
  expect(titleOf(run)).toBe('Not healthy');
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
});

scenario('A newer version is told after a green check, though a read failed', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addWatchedShop(stage, 200, () => {
    goLive(stage);
    nodion.fail({ on: LIST, fault: down });
  });
  const run = await deploy(shop.application, { inputs: shop.inputs });
  expect(run.exitCode).toBe(0);
  expect(titleOf(run)).toBe('Went live');
  expect(annotations(run, 'notice')[0]?.split('\n')).toEqual([
    `${WENT_LIVE} now #3, which is newer, is live.`,
    ...HEALTHY_V2,
  ]);
});

/** With the first check of v2, the next list is an old one, in which v2 is not live yet. */
async function addLaggingShop(stage: Stage, reply: Reply): Promise<Shop> {
  const waits = life(['waiting', 0], ['available', 6_000]);
  let isOld = false;
  return await addShop(
    stage,
    (tag) => {
      if (tag === 'v2' && !isOld) {
        isOld = true;
        stage.nodion.fail({ on: LIST, fault: { kind: 'stale', ageMs: 4_000 } });
      }
      return tag === 'v2' ? reply : 200;
    },
    waits,
  );
}

scenario('An old list at the end does not make a healthy version red', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addLaggingShop(stage, 200);
  const run = await deploy(shop.application, { inputs: { ...shop.inputs, health_successes: '1' } });
  expect(run.exitCode).toBe(0);
  expect(titleOf(run)).toBe('Live and healthy');
  expect(run.outputs.status).toBe('available');
  expect(nodion.requestsTo(LIST).length).toBeGreaterThan(4);
});

scenario('An old list at the end does not let a bad version stay', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addLaggingShop(stage, 503);
  const run = await deploy(shop.application, {
    inputs: { ...shop.inputs, health_successes: '1', health_timeout: '1s', rollback: 'true' },
  });
  expect(run.exitCode).toBe(1);
  expect(titleOf(run)).toBe('Rolled back');
  expect(nodion.triggered).toHaveLength(2);
});

scenario('A newer version is told when a live deployment was followed', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addWatchedShop(stage, 200, () => goLive(stage));
  nodion.addDeployment(shop.application, { status: 'available', image_tag: 'v2' });
  const run = await deploy(shop.application, {
    inputs: { ...shop.inputs, reuse_existing: 'true' },
  });
  expect(run.exitCode).toBe(0);
  expect(annotations(run, 'notice')[0]?.split('\n')).toEqual([
    `${WENT_LIVE} now #3, which is newer, is live.`,
    ...HEALTHY_V2,
  ]);
  expect(nodion.requestsTo(TRIGGER)).toEqual([]);
});

scenario('A red check does not say what is live where that can’t be read', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addWatchedShop(stage, 503, () =>
    nodion.fail({ on: LIST, times: 99, fault: down }),
  );
  const run = await deploy(shop.application, { inputs: shop.inputs });
  expect(run.exitCode).toBe(1);
  expect(errorLines(run)).toEqual([
    `Application shop: Deployment #2 is live but not healthy: N of N answers were bad, the last one 503 from ${shop.url}.`,
    EXPECTED,
    'When it was last seen, #2 (v2) was live; it is not known what is live now.',
  ]);
});

for (const [what, fault] of [
  ['is answered 503', down],
  ['hangs', hang],
] as const) {
  scenario(`A green check does not say “is live” where the list ${what}`, async (stage) => {
    const { nodion, deploy, clock } = stage;
    const shop = await addWatchedShop(stage, 200, () =>
      nodion.fail({ on: LIST, times: 99, fault }),
    );
    const run = await deploy(shop.application, { inputs: shop.inputs });
    const endedAt = clock.now();
    expect(run.exitCode).toBe(0);
    expect(run.outputs.healthy).toBe('true');
    expect(titleOf(run)).toBe('Went live');
    expect(annotations(run, 'notice')[0]?.split('\n')).toEqual([
      `${WENT_LIVE} whether it still is live is not known.`,
      ...HEALTHY_V2,
    ]);
    // Some 5 s for that are not counted in the step's duration.
    const lastCheckAt = shop.server.checks.at(-1)?.at ?? 0;
    expect(endedAt - lastCheckAt).toBeGreaterThan(4_500);
    expect(endedAt - lastCheckAt).toBeLessThan(10_000);
    const checkedMs = lastCheckAt - (nodion.requestsTo(TRIGGER)[0]?.at ?? 0);
    expect(Number(run.outputs.duration_seconds) * 1_000).toBeLessThan(checkedMs + 3_000);
  });
}

scenario('A deployment that is no longer available after good checks is red', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addWatchedShop(stage, 200, () =>
    Object.assign(nodion.triggered[0] ?? {}, { life: [{ status: 'failed', afterMs: 0 }] }),
  );
  const run = await deploy(shop.application, {
    inputs: { ...shop.inputs, health_successes: '2', rollback: 'true' },
  });
  expect(run.exitCode).toBe(1);
  expect(titleOf(run)).toBe('No longer live');
  expect(errorLines(run)).toEqual([
    'Application shop: Deployment #2 went live, but is "failed" now.',
    "Look at it in Nodion's dashboard.",
    'No rollback: #2 is "failed" now.',
    '#1 (v1) is live.',
  ]);
  expect(run.outputs).toMatchObject({ status: 'failed', healthy: 'true', rolled_back: '' });
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
});

/** An instance that runs the version before. */
const old = { id: 'i', name: 'web-1', status: 'online', deployment: { id: 'o', deploy_number: 1 } };
const rollout = { image_tag: 'v2', verify_rollout: 'true' };

// A last look has less than a second: at the speed of reality, for machines that are busy.
scenario('A newer version is told of a rollout incomplete at the timeout', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, () => 200);
  nodion.fail({ on: INSTANCES, times: 99, fault: answer(200, { instances: [old] })(false) });
  nodion.afterAnswering = (endpoint) => {
    if (endpoint === INSTANCES && shop.application.deployments.length === 2) goLive(stage);
  };
  const run = await deploy(shop.application, { inputs: { ...rollout, timeout: '4s' } });
  expect(run.exitCode).toBe(1);
  expect(errorLines(run)).toEqual([
    'Application shop: Deployment #2 went live, but #3 superseded it before its rollout was complete.',
    'Missing: instance web-1 runs #1.',
    'Use `concurrency` in the workflow to deploy one after another.',
    '#3 (v3) is live.',
  ]);
  expect(run.outputs).toMatchObject({ reason: 'superseded', timed_out: 'true' });
});

scenario('A newer version is told of a rollout that may no longer be read', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, () => 200);
  nodion.fail({ on: INSTANCES, skip: 3, times: 99, fault: answer(403)(false) });
  nodion.afterAnswering = (endpoint) => {
    if (endpoint === INSTANCES && nodion.requestsTo(INSTANCES).length === 4) goLive(stage);
  };
  const run = await deploy(shop.application, { inputs: { ...rollout, stable_for: '1m' } });
  expect(run.exitCode).toBe(1);
  expect(errorLines(run)).toEqual([
    "Application shop: Deployment #2 went live, and its rollout was complete, but whether that lasts can't be checked.",
    'Nodion answered 403 to GET /applications/:id/instances.',
    'Check the key behind `api_key`: its scopes must cover this request, and it must belong to the project (for a user API key, see `project_id`).',
    '#3 (v3) is live.',
  ]);
  expect(run.outputs.reason).toBe('stability_not_known');
});

scenario(
  'A finished application is read just once more at the timeout of the others',
  async (stage) => {
    const { nodion, deploy } = stage;
    const checked = nodion.addApplication({ ...life(['available', 500]), name: 'checked' });
    const slow = nodion.addApplication({ ...life(['waiting', 0]), name: 'slow' });
    const run = await deploy(null, {
      inputs: {
        application_id: `${checked.id}\n${slow.id}`,
        timeout: '40s',
        verify_rollout: 'true',
      },
    });
    expect(annotations(run, 'error')[0]).toContain('when the 40 s timeout expired');
    const readsOf = ({ id }: FakeApplication) =>
      nodion.requestsTo(LIST).flatMap(({ url, at }) => (url.includes(id) ? [at] : []));
    const [first = 0, ...slowReads] = readsOf(slow);
    expect(slowReads.at(-1)).toBeGreaterThan(first + 35_000);
    expect(readsOf(checked).filter((at) => at > first + 30_000)).toHaveLength(1);
  },
);

for (const [what, end, told, isAnswered] of [
  ['failed', 'failed', '#3 (commit d77ead8) is live.', true],
  [
    'failed, and can’t be read then',
    'failed',
    'When it was last seen, #1 (commit d77ead8) was live; it is not known what is live now.',
    false,
  ],
  ['went live', 'available', 'Deployment #2 went live; now #3, which is newer, is live.', true],
  [
    'went live, and can’t be read then',
    'available',
    'Deployment #2 went live; whether it still is live is not known.',
    false,
  ],
] as const) {
  scenario(
    `What is live when the last one has ended is told of one that ${what}`,
    async (stage) => {
      const { nodion, deploy, clock } = stage;
      const early = nodion.addApplication({ ...life(['created', 0], [end, 1_000]), name: 'early' });
      nodion.addDeployment(early, { status: 'available' });
      const late = nodion.addApplication({ ...life(['created', 0], ['available', 25_000]) });
      const run = await deploy(null, {
        inputs: { application_id: `${early.id},${late.id}` },
        onLog: (text) => {
          if (!text.includes(`[early] #2 is "${end}"`)) return;
          void clock.sleep(5_000).then(() => {
            nodion.addDeployment(early, { status: 'available' });
            if (!isAnswered)
              nodion.fail({ on: LIST, of: early, times: 9, fault: answer(503)(false) });
          });
        },
      });
      const [ended] = JSON.parse(run.outputs.deployments ?? '');
      expect(ended).toMatchObject({ live_deploy_number: isAnswered ? 3 : null });
      const level = end === 'failed' ? 'error' : 'notice';
      expect(annotations(run, level)[0]).toContain(told);
      expect(renderSummary(run.summary).text).toMatch(isAnswered ? /#\u200b?3/ : /not\s+known/);
    },
  );
}

scenario('What is live no more when the last one has ended is red', async (stage) => {
  const { nodion, deploy } = stage;
  const early = nodion.addApplication({
    ...life(['created', 0], ['available', 1_000], ['failed', 4_000]),
    name: 'early',
  });
  nodion.addDeployment(early, { status: 'available' });
  const late = nodion.addApplication(life(['created', 0], ['available', 15_000]));
  const run = await deploy(null, { inputs: { application_id: `${early.id},${late.id}` } });
  expect(run.exitCode).toBe(1);
  expect(annotations(run, 'error')[0]?.split('\n')).toEqual([
    '1 of 2 applications failed.',
    'Application early: Deployment #2 went live, but is "failed" now. Look at it in Nodion\'s dashboard. #1 (commit d77ead8) is live.',
  ]);
  const [ended] = JSON.parse(run.outputs.deployments ?? '');
  expect(ended).toMatchObject({
    ...{ conclusion: 'failure', reason: 'no_longer_live', status: 'failed' },
    live_deploy_number: 1,
  });
  expect(renderSummary(run.summary).text).toContain('1 of 2 applications failed');
});

scenario('Beside a failure, one that succeeded and was replaced is told', async (stage) => {
  const { nodion, deploy, clock } = stage;
  const early = nodion.addApplication({
    ...life(['created', 0], ['available', 1_000]),
    name: 'early',
  });
  const late = nodion.addApplication({
    ...life(['created', 0], ['failed', 15_000]),
    name: 'late',
  });
  void clock.sleep(6_000).then(() => nodion.addDeployment(early, { status: 'available' }));
  const run = await deploy(null, {
    inputs: { application_id: `${early.id},${late.id}`, log_lines: '0' },
  });
  expect(run.exitCode).toBe(1);
  const lines = annotations(run, 'error')[0]?.split('\n') ?? [];
  expect(lines[0]).toBe('1 of 2 applications failed.');
  expect(lines[1]).toMatch(/^Application late: Deployment #1 failed after /);
  expect(lines.slice(2)).toEqual([
    'Application early: Deployment #1 went live; now #2, which is newer, is live.',
  ]);
});

scenario('A dry run says what is live at its end, however long it took', async (stage) => {
  const { nodion, deploy, clock } = stage;
  const shop = await addShop(stage, () => ({ status: 200, afterMs: 8_000 }));
  void clock.sleep(4_000).then(() => {
    nodion.addDeployment(shop.application, { status: 'available', image_tag: 'v3' });
  });
  const run = await deploy(shop.application, { inputs: { ...shop.inputs, dry_run: 'true' } });
  expect(run).toMatchObject({ exitCode: 0, outputs: { live_deploy_number: '2' } });
});
