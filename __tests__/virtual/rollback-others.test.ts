import type { ChildProcess } from 'node:child_process';
import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { FakeNodion } from '../../fakes/nodion/server.ts';
import type { Endpoint } from '../../fakes/nodion/state.ts';
import type { Stage } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';
import { addShop, EXPECTED, errorLines, type Shop } from '../shop.ts';

// What others deploy, and what is read too late or not at all, decides whether to go back.

const TRIGGER: Endpoint = 'POST /applications/:id/deployments';
const LIST: Endpoint = 'GET /applications/:id/deployments';
const INSTANCES: Endpoint = 'GET /applications/:id/instances';
const DATA = 'Data and migrations are not undone.';
const HOUR_MS = 3_600_000;

/** The tags that were triggered. */
function triggers(nodion: FakeNodion): unknown[] {
  return nodion.requestsTo(TRIGGER).map(({ body }) => JSON.parse(body).image_tag);
}

const v2IsBad = (tag: string) => (tag === 'v2' ? 503 : 200);
const bad = ({ url }: Shop) => `N of N answers were bad, the last one 503 from ${url}.`;

/** The lines of a rollback that failed, before what is live. */
const WAS_TO_GO_BACK = (shop: Shop) => [
  `It was meant to restore docker.io/shop:v1 (#1), because deployment #2 was not healthy: ${bad(shop)}`,
  DATA,
  "Look at the application in Nodion's dashboard, and deploy a tag that is known to be good.",
];

scenario('A rollback that a newer version replaces has failed', async (stage) => {
  const { nodion, deploy } = stage;
  let asked = 0;
  const shop = await addShop(stage, (tag) => {
    asked += nodion.triggered.length === 2 ? 1 : 0;
    if (asked === 2) {
      nodion.addDeployment(shop.application, { status: 'available', image_tag: 'v3' });
    }
    return v2IsBad(tag);
  });
  const run = await deploy(shop.application, { inputs: { ...shop.inputs, rollback: 'true' } });
  expect(run.exitCode).toBe(1);
  expect(triggers(nodion)).toEqual(['v2', 'v1']);
  expect(errorLines(run)).toEqual([
    'Application shop: The rollback failed too: Deployment #3 went live, but #4, which is newer, is live now.',
    ...WAS_TO_GO_BACK(shop),
    '#4 (v3) is live.',
  ]);
  expect(run.outputs).toMatchObject({ rolled_back: 'false', rollback_deploy_number: '3' });
});

scenario('A deployment that may be another’s is not rolled back', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, v2IsBad);
  nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: true } });
  nodion.afterAnswering = (endpoint, application) => {
    if (endpoint === TRIGGER) nodion.addDeployment(application, { image_tag: 'v2' });
  };
  const run = await deploy(shop.application, { inputs: { ...shop.inputs, rollback: 'true' } });
  expect(run.exitCode).toBe(1);
  expect(triggers(nodion)).toEqual(['v2']);
  expect(errorLines(run)).toEqual([
    `Application shop: Deployment #3 is live but not healthy: ${bad(shop)}`,
    EXPECTED,
    "No rollback: the deployment may not be this step's.",
    '#3 (v2) is live.',
  ]);
});

scenario('Nothing is rolled back when another version went live in between', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, v2IsBad);
  const other = nodion.addDeployment(shop.application, { status: 'waiting', image_tag: 'v9' });
  nodion.afterAnswering = (endpoint) => {
    if (endpoint === TRIGGER) other.life = [{ status: 'available', afterMs: 0 }];
  };
  const run = await deploy(shop.application, { inputs: { ...shop.inputs, rollback: 'true' } });
  expect(run.exitCode).toBe(1);
  expect(triggers(nodion)).toEqual(['v2']);
  expect(errorLines(run)).toEqual([
    `Application shop: Deployment #3 is live but not healthy: ${bad(shop)}`,
    EXPECTED,
    `No rollback: #2, which is not this step's, is "available" as well.`,
    '#3 (v2) is live.',
  ]);
});

for (const isLost of [false, true]) {
  const how = isLost ? ', also where its trigger’s answer was lost' : '';
  scenario(`A rollback names what it overtook${how}`, async (stage) => {
    const { nodion, deploy } = stage;
    const shop = await addShop(stage, v2IsBad);
    if (isLost) nodion.fail({ on: TRIGGER, skip: 1, fault: { kind: 'reset', carriedOut: true } });
    nodion.beforeRecording = (application) => {
      if (nodion.triggered.length === 1) {
        nodion.addDeployment(application, { status: 'available', image_tag: 'v3' });
      }
    };
    const run = await deploy(shop.application, { inputs: { ...shop.inputs, rollback: 'true' } });
    expect(run.exitCode).toBe(1);
    expect(triggers(nodion)).toEqual(['v2', 'v1']);
    expect(errorLines(run)).toEqual([
      `Application shop: Rolled back to docker.io/shop:v1 (#1, now #4): deployment #2 was not healthy: ${bad(shop)}`,
      "#3 (v3), which was not in the list from just before the rollback's trigger, was overtaken by #4: see whether it is meant to be live.",
      DATA,
      'Find out what was wrong before you deploy it again.',
      '#4 (v1) is live.',
    ]);
  });
}

scenario('A lost rollback is not repeated once somebody else has deployed', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, v2IsBad);
  nodion.fail({ on: TRIGGER, skip: 1, fault: { kind: 'reset', carriedOut: false } });
  nodion.afterAnswering = (endpoint, application) => {
    if (endpoint !== TRIGGER || nodion.requestsTo(TRIGGER).length !== 2) return;
    nodion.addDeployment(application, { status: 'available', image_tag: 'v3' });
  };
  const run = await deploy(shop.application, { inputs: { ...shop.inputs, rollback: 'true' } });
  expect(run.exitCode).toBe(1);
  expect(triggers(nodion)).toEqual(['v2', 'v1']);
  expect(errorLines(run)).toEqual([
    'Application shop: The rollback failed too: The trigger was not answered as documented.',
    '#3, which is newer, has appeared.',
    'A deployment may have been made and be in progress.',
    "Look for number 3 or above in Nodion's dashboard before you trigger again.",
    ...WAS_TO_GO_BACK(shop),
    '#3 (v3) is live.',
  ]);
  expect(run.log).not.toContain('trying again');
  expect(run.outputs).toMatchObject({ rolled_back: 'false', rollback_deploy_number: '' });
});

/**
 * A shop whose v2 dies while Nodion asks for a pause of half a minute: the rollback's trigger waits that
 * long, and reads the list once more. `onList` is called with each list from its last look on, counted.
 */
async function addPausedShop(stage: Stage, onList: (count: number) => void): Promise<Shop> {
  const { nodion } = stage;
  const [looks, pause] = [2, answer(503, '', { 'retry-after': '30' })(false)];
  nodion.fail({ on: INSTANCES, skip: looks, fault: pause });
  const isPaused = () => nodion.requestsTo(INSTANCES).length > looks;
  let lists = 0;
  nodion.afterAnswering = (endpoint) => {
    if (endpoint !== LIST || !isPaused()) return;
    lists += 1;
    onList(lists);
  };
  const shop = await addShop(stage, (tag) => (tag === 'v2' && isPaused() ? 503 : 200));
  const inputs = {
    ...shop.inputs,
    health_successes: '1',
    verify_rollout: 'true',
    stable_for: '20s',
    log_lines: '0',
    rollback: 'true',
  };
  return { ...shop, inputs };
}

const DIED = ({ url }: Shop) =>
  `healthy: it was, until 3 answers in a row were bad, the last one 503 from ${url}.`;

scenario('An old list without our deployment is read again: another is newer', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addPausedShop(stage, (count) => {
    if (count === 1) nodion.fail({ on: LIST, fault: { kind: 'stale', ageMs: HOUR_MS / 2 } });
    if (count === 2) {
      nodion.addDeployment(shop.application, { status: 'available', image_tag: 'v3' });
    }
  });
  const run = await deploy(shop.application, { inputs: shop.inputs });
  expect(run.exitCode).toBe(1);
  expect(triggers(nodion)).toEqual(['v2']);
  expect(errorLines(run)).toEqual([
    `Application shop: Deployment #2 is live but not ${DIED(shop)}`,
    "Look at the application's log.",
    'No rollback: #3, which is newer, has appeared.',
    '#3 (v3) is live.',
  ]);
  expect(run.log).toContain('Deployment #2 is missing from the list. Retrying in ');
  expect(run.outputs).toMatchObject({ rolled_back: '', rollback_deploy_number: '' });
});

scenario('An old list without our deployment is read again: none is newer', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addPausedShop(stage, (count) => {
    if (count === 1) nodion.fail({ on: LIST, fault: { kind: 'stale', ageMs: HOUR_MS / 2 } });
  });
  const run = await deploy(shop.application, { inputs: shop.inputs });
  expect(triggers(nodion)).toEqual(['v2', 'v1']);
  expect(run.outputs).toMatchObject({ rolled_back: 'true', rollback_deploy_number: '3' });
});

scenario('A bad version that is no longer live by then is not rolled back', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addPausedShop(stage, (count) => {
    const bad = shop.application.deployments.find(({ deploy_number }) => deploy_number === 2);
    if (count === 1 && bad) Object.assign(bad, life(['expired', 0]));
  });
  const run = await deploy(shop.application, { inputs: shop.inputs });
  expect(run.exitCode).toBe(1);
  expect(triggers(nodion)).toEqual(['v2']);
  expect(errorLines(run)).toContain('No rollback: #2 is "expired" now.');
});

scenario('A rollback kept from its trigger by a `Retry-After` says what is live', async (stage) => {
  const { nodion, deploy } = stage;
  const fault = answer(429, '', { 'retry-after': '3600' })(false);
  const shop = await addPausedShop(stage, (count) => {
    if (count === 1) nodion.fail({ on: LIST, fault });
  });
  const run = await deploy(shop.application, { inputs: { ...shop.inputs, timeout: '45s' } });
  expect(run.exitCode).toBe(1);
  expect(triggers(nodion)).toEqual(['v2']);
  expect(errorLines(run).at(-1)).toBe('#2 (v2) is live.');
});

scenario('A step cancelled before a rollback’s trigger triggers nothing', async (stage) => {
  const { nodion, deploy } = stage;
  let step: ChildProcess | undefined;
  const shop = await addPausedShop(stage, (count) => {
    if (count === 1) nodion.fail({ on: LIST, fault: { kind: 'hang', carriedOut: true } });
    if (count === 2) step?.kill('SIGINT');
  });
  const run = await deploy(shop.application, {
    inputs: shop.inputs,
    onLog: (_, child) => {
      step = child;
    },
  });
  expect(run.exitCode).toBe(1);
  expect(triggers(nodion)).toEqual(['v2']);
  expect(errorLines(run)).toEqual([
    `Application shop: Deployment #2 is live but not ${DIED(shop)}`,
    "Look at the application's log.",
    'No rollback: the step was cancelled.',
    '#2 (v2) is live.',
    'The step was cancelled meanwhile.',
  ]);
  expect(run.outputs.rolled_back).toBe('');
});
