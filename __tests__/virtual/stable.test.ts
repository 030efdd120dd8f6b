import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { Endpoint } from '../../fakes/nodion/state.ts';
import { annotations } from '../../fakes/stage.ts';
import { renderSummary } from '../../fakes/summary.ts';
import { scenario } from '../scenario.ts';
import { addShop, errorLines } from '../shop.ts';

const INSTANCES: Endpoint = 'GET /applications/:id/instances';
const LOOKS_OF_A_ROLLOUT = 2;

scenario('An application that dies within `stable_for` is red, after three asks', async (stage) => {
  const { deploy, gitHub } = stage;
  let healthyAt = 0;
  const isDead = (at: number) => healthyAt > 0 && at - healthyAt > 20_000;
  const shop = await addShop(stage, (_, { count, at }) => {
    if (count === 3) healthyAt = at;
    return isDead(at) ? 503 : 200;
  });
  const run = await deploy(shop.application, {
    inputs: { ...shop.inputs, stable_for: '1m', environment: 'production' },
  });
  expect(run.exitCode).toBe(1);
  expect(run.outputs).toMatchObject({ healthy: 'false', status: 'available', timed_out: 'false' });
  expect(errorLines(run)).toEqual([
    `Application shop: Deployment #2 is live but not healthy: it was, until 3 answers in a row were bad, the last one 503 from ${shop.url}.`,
    "Look at the application's log.",
    '#2 (v2) is live.',
  ]);
  expect(run.commands.find(({ name }) => name === 'error')?.properties).toEqual({
    title: 'Live, but not stable',
  });
  expect(shop.server.checks.filter(({ at }) => isDead(at))).toHaveLength(3);
  expect(renderSummary(run.summary).text).toContain(
    'good at first, then 3 bad answers in a row, the last one 503',
  );
  expect(gitHub.statuses.map(({ state }) => state)).toEqual(['in_progress', 'failure']);
});

scenario('Two bad answers and then a good one are stable', async (stage) => {
  const bad = [5, 6, 8, 9];
  const shop = await addShop(stage, (_, { count }) => (bad.includes(count) ? 'reset' : 200));
  const run = await stage.deploy(shop.application, {
    inputs: { ...shop.inputs, stable_for: '12s' },
  });
  expect(run.exitCode).toBe(0);
  expect(run.outputs).toMatchObject({ healthy: 'true', timed_out: 'false' });
  expect(shop.server.checks.length).toBeGreaterThan(9);
  expect(annotations(run, 'notice')[0]).toMatch(
    /^Application shop: Deployment #2 is live and healthy after [\d.]+ s, and stable for 1\d(?:\.\d)? s\.$/m,
  );
});

for (const [bad, exitCode, asked] of [
  [1, 0, 6],
  [2, 0, 7],
  [3, 1, 7],
] as const) {
  const what = `${bad} bad at its end`;
  scenario(`\`stable_for\` ends with a good answer or three bad ones: ${what}`, async (stage) => {
    // It lasts from the third answer to the middle between the fifth and the sixth.
    const shop = await addShop(stage, (_, { count }) =>
      count >= 5 && count < 5 + bad ? 503 : 200,
    );
    const run = await stage.deploy(shop.application, {
      inputs: { ...shop.inputs, health_timeout: '1m', poll_interval: '4s', stable_for: '10s' },
    });
    expect(run.exitCode).toBe(exitCode);
    expect(run.outputs.healthy).toBe(String(exitCode === 0));
    expect(shop.server.checks).toHaveLength(asked);
  });
}

scenario('A timeout within `stable_for` is red, though nothing was bad', async (stage) => {
  const { deploy, gitHub } = stage;
  const shop = await addShop(stage, () => 200);
  const run = await deploy(shop.application, {
    inputs: { ...shop.inputs, timeout: '6s', stable_for: '6s', environment: 'production' },
  });
  expect(run.exitCode).toBe(1);
  expect(run.outputs).toMatchObject({ healthy: 'true', timed_out: 'true', status: 'available' });
  expect(errorLines(run)).toEqual([
    'Application shop: Deployment #2 is live, but the 6 s timeout expired before it was known to be stable for 6 s.',
    'Raise `timeout`, if it often takes longer.',
    '#2 (v2) is live.',
  ]);
  expect(run.commands.find(({ name }) => name === 'error')?.properties).toEqual({
    title: 'Stability not known',
  });
  expect(gitHub.statuses.at(-1)?.state).toBe('error');
});

scenario('A timeout within `stable_for` names the bad answer before it', async (stage) => {
  // The second answer comes at some 32 s, the third would at 62 s.
  const shop = await addShop(stage, (_, { count }) => (count === 1 ? 200 : 503));
  const run = await stage.deploy(shop.application, {
    inputs: {
      ...shop.inputs,
      health_successes: '1',
      poll_interval: '30s',
      timeout: '45s',
      stable_for: '40s',
    },
  });
  expect(run.exitCode).toBe(1);
  expect(run.outputs).toMatchObject({ healthy: 'true', timed_out: 'true' });
  expect(errorLines(run).slice(0, 2)).toEqual([
    'Application shop: Deployment #2 is live, but the 45 s timeout expired before it was known to be stable for 40 s.',
    `The last answer was bad: 503 from ${shop.url}.`,
  ]);
});

scenario('A timeout within `stable_for` says what could not be read', async (stage) => {
  const { nodion, deploy } = stage;
  nodion.fail({ on: INSTANCES, skip: LOOKS_OF_A_ROLLOUT, times: 99, fault: answer(503)(false) });
  const shop = await addShop(stage, () => 200);
  const run = await deploy(shop.application, {
    inputs: { image_tag: 'v2', verify_rollout: 'true', timeout: '30s', stable_for: '20s' },
  });
  expect(run.exitCode).toBe(1);
  expect(errorLines(run).slice(0, 2)).toEqual([
    'Application shop: Deployment #2 is live, but the 30 s timeout expired before it was known to be stable for 20 s.',
    `The last read failed: ${new URL(nodion.url).host} answered 503 to GET /applications/:id/instances.`,
  ]);
  expect(run.log).not.toContain('Recovered from');
});

/** An instance that does not say what it runs. */
const mute = { id: 'i', name: 'web-1', status: 'online', deployment: null };

for (const [what, on, problem] of [
  ['an instance that no longer says what it runs', INSTANCES, 'instance web-1 does not say'],
  ['an application without a status', 'GET /applications/:id', 'the application is of no status'],
] as const) {
  scenario(`Within \`stable_for\` ${what} proves nothing`, async (stage) => {
    const { nodion, deploy } = stage;
    const shop = await addShop(stage, () => 200);
    const application = { ...shop.application, status: null };
    const body = on === INSTANCES ? { instances: [mute] } : { application };
    nodion.fail({ on, skip: LOOKS_OF_A_ROLLOUT + 2, times: 99, fault: answer(200, body)(false) });
    const run = await deploy(shop.application, {
      inputs: {
        ...{ image_tag: 'v2', verify_rollout: 'true', rollback: 'true' },
        ...{ stable_for: '12s', timeout: '40s' },
      },
    });
    expect(run.exitCode).toBe(1);
    expect(run.outputs).toMatchObject({ reason: 'stability_not_known', rolled_back: '' });
    expect(nodion.triggered).toHaveLength(1);
    expect(errorLines(run)[1]).toContain(
      `The last probe says nothing about the application: ${problem}`,
    );
  });
}

scenario(
  'A newer one that instances run keeps from a rollback, though no list has it',
  async (stage) => {
    const { nodion, deploy } = stage;
    const newer = { ...mute, deployment: { id: 'other', deploy_number: 3 } };
    const fault = answer(200, { instances: [newer] })(false);
    nodion.fail({ on: INSTANCES, skip: LOOKS_OF_A_ROLLOUT, times: 99, fault });
    const shop = await addShop(stage, () => 200);
    const run = await deploy(shop.application, {
      inputs: { image_tag: 'v2', verify_rollout: 'true', rollback: 'true', stable_for: '12s' },
    });
    expect(run.outputs).toMatchObject({ reason: 'unstable', rolled_back: '' });
    expect(nodion.triggered).toHaveLength(1);
    expect(errorLines(run)).toContain('No rollback: #3, which is newer, has appeared.');
  },
);

scenario('What says nothing among three bad looks proves nothing', async (stage) => {
  const { nodion, deploy } = stage;
  const bad = { ...mute, deployment: { id: 'o', deploy_number: 1 } };
  for (const [skip, instance] of [
    [LOOKS_OF_A_ROLLOUT, bad],
    [0, bad],
    [0, mute],
    [0, bad],
  ] as const) {
    nodion.fail({ on: INSTANCES, skip, fault: answer(200, { instances: [instance] })(false) });
  }
  const shop = await addShop(stage, () => 200);
  const run = await deploy(shop.application, {
    inputs: { image_tag: 'v2', verify_rollout: 'true', rollback: 'true', stable_for: '12s' },
  });
  expect(run.exitCode).toBe(1);
  expect(run.outputs).toMatchObject({ reason: 'unstable', rolled_back: '' });
  expect(nodion.triggered).toHaveLength(1);
});

/** An instance that runs the version before. */
const old = { id: 'i', name: 'web-1', status: 'online', deployment: { id: 'o', deploy_number: 1 } };
const withdrawn = answer(200, { instances: [old] })(false);

for (const [times, exitCode] of [
  [2, 0],
  [3, 1],
] as const) {
  const end = exitCode === 0 ? 'green' : 'red';
  scenario(`A rollout that is incomplete for ${times} looks is ${end}`, async (stage) => {
    const { nodion, deploy } = stage;
    nodion.fail({ on: INSTANCES, skip: LOOKS_OF_A_ROLLOUT + 2, times, fault: withdrawn });
    const shop = await addShop(stage, () => 200);
    const run = await deploy(shop.application, {
      inputs: { image_tag: 'v2', verify_rollout: 'true', stable_for: '12s' },
    });
    expect(run.exitCode).toBe(exitCode);
    expect(shop.server.checks).toEqual([]);
    expect(run.outputs).toMatchObject({ healthy: '', timed_out: 'false' });
    if (exitCode === 0) {
      expect(annotations(run, 'notice')[0]).toMatch(
        /^Application shop: Deployment #2 is live on 1 of 1 online instances after [\d.]+ s, and stable for 1\d(?:\.\d)? s\.$/m,
      );
      return;
    }
    expect(errorLines(run)).toEqual([
      'Application shop: Deployment #2 is live, but its rollout did not last: 3 looks found it incomplete, with none complete in between, the last one: instance web-1 runs #1.',
      "Look at the application in Nodion's dashboard.",
      '#2 (v2) is live.',
    ]);
    expect(run.commands.find(({ name }) => name === 'error')?.properties).toEqual({
      title: 'Live, but not stable',
    });
    // The row does not say how many instances ran it at first.
    expect(renderSummary(run.summary).text).toContain(
      'complete at first, then not: instance web-1 runs #\u200b1',
    );
    expect(run.summary).not.toContain('1 of 1');
    // Nothing is asked any more after the third look.
    expect(nodion.requestsTo(INSTANCES)).toHaveLength(LOOKS_OF_A_ROLLOUT + 2 + 3);
  });
}

scenario('The log says how the checks stand every 30 s', async (stage) => {
  let firstAt = 0;
  const shop = await addShop(stage, (_, { at }) => {
    firstAt ||= at;
    return at - firstAt < 40_000 ? 503 : 200;
  });
  const run = await stage.deploy(shop.application, {
    inputs: { ...shop.inputs, health_timeout: '2m', poll_interval: '4s', stable_for: '40s' },
  });
  expect(run.exitCode).toBe(0);
  const beats = run.log.match(/(?<=^Still waiting: ).*(?=; at most)/gm) ?? [];
  expect(beats.map((beat) => beat.replace(/(?<= for ).* s(?= \()/, '…'))).toEqual([
    '#2 "available" for … (not healthy yet)',
    '#2 "available" for … (healthy)',
  ]);
});
