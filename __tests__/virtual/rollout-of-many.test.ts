import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { FakeNodion } from '../../fakes/nodion/server.ts';
import type { Endpoint, FakeApplication, Phase } from '../../fakes/nodion/state.ts';
import { annotations, type Stage } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';
import { addShop } from '../shop.ts';

const LIST: Endpoint = 'GET /applications/:id/deployments';
const INSTANCES: Endpoint = 'GET /applications/:id/instances';
const APPLICATION: Endpoint = 'GET /applications/:id';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';

const SOON = life(['created', 0], ['available', 5_000]);

/** Adds an application for each name, and the input that lists them. */
function addAll(
  { nodion }: Pick<Stage, 'nodion'>,
  lives: Readonly<Record<string, { life: Phase[] }>>,
) {
  const all = Object.entries(lives).map(([name, its]) => nodion.addApplication({ name, ...its }));
  return { all, application_id: all.map(({ id }) => id).join('\n') };
}

/** The names of the applications that were triggered, in order. */
function triggeredNames(nodion: FakeNodion, all: readonly FakeApplication[]): string[] {
  return nodion.requestsTo(TRIGGER).map(({ url }) => {
    return all.find(({ id }) => url.includes(id))?.name ?? '';
  });
}

/** The most applications that were in progress at once: triggered and not final. */
function mostAtOnce(all: readonly FakeApplication[], durationMs: number): number {
  const starts = all.flatMap(({ deployments }) => deployments.map((one) => one.triggeredAt));
  return Math.max(
    ...starts.map((at) => starts.filter((other) => other <= at && at < other + durationMs).length),
  );
}

for (const [max_parallel, most] of [
  ['1', 1],
  ['2', 2],
  ['', 5],
] as const) {
  scenario(
    `At most so many are deployed at a time, in order: ${max_parallel || 'all'}`,
    async (stage) => {
      const { nodion, deploy } = stage;
      const { all, application_id } = addAll(stage, {
        a: SOON,
        b: SOON,
        c: SOON,
        d: SOON,
        e: SOON,
      });
      const run = await deploy(null, { inputs: { application_id, max_parallel } });
      expect(run.exitCode).toBe(0);
      expect(triggeredNames(nodion, all)).toEqual(['a', 'b', 'c', 'd', 'e']);
      expect(mostAtOnce(all, 5_000)).toBe(most);
      expect(run.log.includes(`At most ${max_parallel} at a time, in this order`)).toBe(
        max_parallel !== '',
      );
    },
  );
}

scenario('A new one begins as soon as one has ended, not when all have', async (stage) => {
  const { nodion, deploy } = stage;
  const { all, application_id } = addAll(stage, {
    slow: life(['created', 0], ['available', 60_000]),
    b: SOON,
    c: SOON,
    d: SOON,
  });
  const run = await deploy(null, { inputs: { application_id, max_parallel: '2' } });
  expect(run.exitCode).toBe(0);
  const [slow, ...others] = all.map(({ deployments }) => deployments[0]?.triggeredAt ?? 0);
  expect(Math.max(...others) - (slow ?? 0)).toBeLessThan(20_000);
  expect(triggeredNames(nodion, all)).toEqual(['slow', 'b', 'c', 'd']);
});

const FAILING = life(['created', 0], ['failed', 3_000]);

scenario('After the first that fails no more are triggered', async (stage) => {
  const { nodion, deploy } = stage;
  const { all, application_id } = addAll(stage, { web: FAILING, api: SOON, worker: SOON });
  nodion.addDeployment(all[1] as FakeApplication, { status: 'available' });
  const run = await deploy(null, {
    inputs: { application_id, max_parallel: '1', fail_fast: 'true', log_lines: '0' },
  });
  expect(run.exitCode).toBe(1);
  expect(triggeredNames(nodion, all)).toEqual(['web']);
  const [error = ''] = annotations(run, 'error');
  expect(error.split('\n')).toEqual([
    '1 of 3 applications failed, 2 not triggered.',
    expect.stringMatching(/^Application web: Deployment #1 failed after /),
    'Application api: Not triggered, because web failed.',
    'Application worker: Not triggered, because web failed.',
  ]);
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
    { application_name: 'web', status: 'failed', triggered: true, reason: 'deployment_failed' },
    {
      application_name: 'api',
      error: 'Not triggered, because web failed.',
      ...{ conclusion: 'failure', reason: 'skipped', status: null, triggered: false },
      live_deploy_number: 1,
    },
    { application_name: 'worker', reason: 'skipped', live_deploy_number: null },
  ]);
  expect(run.outputs).toMatchObject({ conclusion: 'failure', reason: 'deployment_failed' });
  expect(run.summary).toContain('❌ 1 of 3 applications failed, 2 not triggered');
  expect(run.summary).toContain('⏭️ 2 not triggered');
  expect(run.summary).toContain('Not triggered, because <code>web</code> failed.');
});

scenario('Without `fail_fast` the others are deployed all the same', async (stage) => {
  const { nodion, deploy } = stage;
  const { all, application_id } = addAll(stage, { web: FAILING, api: SOON });
  const run = await deploy(null, { inputs: { application_id, max_parallel: '1', log_lines: '0' } });
  expect(run.exitCode).toBe(1);
  expect(triggeredNames(nodion, all)).toEqual(['web', 'api']);
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
    { reason: 'deployment_failed' },
    { reason: 'live' },
  ]);
});

scenario('Those under way are followed to their end, of which one fails too', async (stage) => {
  const { nodion, deploy } = stage;
  const { all, application_id } = addAll(stage, {
    web: FAILING,
    slow: life(['created', 0], ['available', 40_000]),
    later: life(['created', 0], ['failed', 20_000]),
    never: SOON,
  });
  const run = await deploy(null, {
    inputs: { application_id, max_parallel: '3', fail_fast: 'true', log_lines: '0' },
  });
  expect(triggeredNames(nodion, all)).toEqual(['web', 'slow', 'later']);
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
    { reason: 'deployment_failed' },
    { reason: 'live', status: 'available' },
    { reason: 'deployment_failed' },
    { reason: 'skipped', error: 'Not triggered, because web failed.' },
  ]);
});

scenario('With all at once, what is not triggered yet is not triggered any more', async (stage) => {
  const { nodion, deploy } = stage;
  const names = Array.from({ length: 30 }, (_, index) => `app-${index + 1}`);
  const { all, application_id } = addAll(
    stage,
    Object.fromEntries(names.map((name) => [name, SOON])),
  );
  const [first, ...others] = all as [FakeApplication, ...FakeApplication[]];
  nodion.fail({ on: TRIGGER, of: first, fault: answer(422)(false) });
  for (const of of others) {
    nodion.fail({ on: TRIGGER, of, fault: { kind: 'delay', ms: 200 } });
  }
  const run = await deploy(null, { inputs: { application_id, fail_fast: 'true' } });
  expect(run.exitCode).toBe(1);
  const sent = triggeredNames(nodion, all);
  expect(sent.length).toBeLessThan(10);
  const ends = JSON.parse(run.outputs.deployments ?? '') as Record<string, unknown>[];
  const reasons = ends.map(({ reason, application_name: name }) => [name, reason]);
  expect(reasons).toEqual(
    all.map(({ name }, index) => {
      const end = sent.includes(name) ? 'live' : 'skipped';
      return [name, index === 0 ? 'trigger_refused' : end];
    }),
  );
  expect(run.stderr).toBe('');
});

scenario('A lost trigger that nothing shows fails, too', async (stage) => {
  const { nodion, deploy } = stage;
  const { all, application_id } = addAll(stage, { web: SOON, api: SOON });
  const [of] = all as [FakeApplication];
  nodion.fail({ on: TRIGGER, of, times: 9, fault: { kind: 'reset', carriedOut: false } });
  const run = await deploy(null, {
    inputs: { application_id, max_parallel: '1', fail_fast: 'true', log_lines: '0' },
  });
  expect(new Set(triggeredNames(nodion, all))).toEqual(new Set(['web']));
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
    { reason: 'outcome_unknown' },
    { reason: 'skipped', error: 'Not triggered, because web failed.' },
  ]);
});

scenario('A trigger in doubt is not sent again after another application failed', async (stage) => {
  const { nodion, deploy } = stage;
  const { all, application_id } = addAll(stage, { web: FAILING, api: SOON });
  const [, of] = all as [FakeApplication, FakeApplication];
  nodion.fail({ on: TRIGGER, of, fault: { kind: 'reset', carriedOut: false } });
  const run = await deploy(null, {
    inputs: { application_id, fail_fast: 'true', log_lines: '0' },
  });
  expect(triggeredNames(nodion, all)).toEqual(['web', 'api']);
  const [, api] = JSON.parse(run.outputs.deployments ?? '');
  expect(api).toMatchObject({ reason: 'outcome_unknown', triggered: true });
  expect(api.error).toContain(
    'It is not sent again, because another application failed (`fail_fast`).',
  );
});

scenario('An unhealthy one keeps others from being triggered while it goes back', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, (tag) => (tag === 'v2' ? 503 : 200));
  const quick = { deployment_strategy: 'prebuilt_image', image_name: 'shop' };
  const next = nodion.addApplication({ name: 'next', ...quick, ...SOON });
  const last = nodion.addApplication({ name: 'last', ...quick, ...SOON });
  const good = await stage.serve(() => 200);
  const run = await deploy(null, {
    inputs: {
      ...shop.inputs,
      application_id: [shop.application.id, next.id, last.id].join(),
      health_url: [shop.url, `${good.url}/up`, `${good.url}/up`].join('\n'),
      ...{ max_parallel: '2', fail_fast: 'true', rollback: 'true', log_lines: '0' },
      // `next` is done while `shop` goes back: its place is free then.
      stable_for: '9s',
    },
  });
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
    { reason: 'rolled_back' },
    { reason: 'live' },
    { reason: 'skipped', error: 'Not triggered, because shop failed.' },
  ]);
  expect(last.deployments).toEqual([]);
});

scenario('A signal makes `cancelled` of what was never begun', async (stage) => {
  const { nodion, deploy, cancelWhen } = stage;
  const { all, application_id } = addAll(stage, {
    web: life(['created', 0], ['waiting', 1_000]),
    api: SOON,
  });
  const run = await deploy(null, {
    inputs: { application_id, max_parallel: '1', fail_fast: 'true', log_lines: '0' },
    ...cancelWhen(() => nodion.requestsTo(LIST).length > 6),
  });
  expect(triggeredNames(nodion, all)).toEqual(['web']);
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
    { reason: 'cancelled' },
    { reason: 'cancelled', triggered: false },
  ]);
});

scenario('What the timeout leaves untriggered says so', async (stage) => {
  const { deploy } = stage;
  const { application_id } = addAll(stage, {
    web: life(['created', 0], ['waiting', 1_000]),
    api: SOON,
  });
  const run = await deploy(null, {
    inputs: {
      application_id,
      ...{ max_parallel: '1', fail_fast: 'true', log_lines: '0', timeout: '20s' },
    },
  });
  const [web, api] = JSON.parse(run.outputs.deployments ?? '');
  expect(web).toMatchObject({ reason: 'timed_out', timed_out: true });
  expect(api).toMatchObject({ reason: 'timed_out', triggered: false });
  expect(api.error).toContain('The 20 s timeout expired before anything was triggered for it.');
});

scenario('The heartbeat counts what is done, in progress and not begun', async (stage) => {
  const { deploy } = stage;
  const slow = life(['created', 0], ['available', 50_000]);
  const { application_id } = addAll(stage, { a: SOON, b: slow, c: slow, d: SOON });
  const run = await deploy(null, { inputs: { application_id, max_parallel: '2' } });
  expect(run.log).toMatch(
    /Still waiting: 1 done, 2 in progress, 1 not begun: b #1 "created" for [\d.]+ s, c #1 "created" for [\d.]+ s; at most /,
  );
});

scenario('Bad values are told before any request', async ({ nodion, deploy }) => {
  const run = await deploy(nodion.addApplication(), {
    inputs: { max_parallel: '0', fail_fast: 'yes', if_busy: 'skip' },
  });
  expect(annotations(run, 'error')[0]?.split('\n')).toEqual([
    '`max_parallel`: "0" is invalid; expected a whole number from 1 to 1000.',
    '`fail_fast`: "yes" is invalid; expected true or false. Write `true`.',
    '`if_busy`: "skip" is invalid; expected one of deploy, wait, fail.',
  ]);
  expect(nodion.requests).toEqual([]);
});

for (const status of [400, 403, 422]) {
  scenario(`The turn that a refusal leaves triggers nothing: ${status}`, async (stage) => {
    const { nodion, deploy } = stage;
    const names = Array.from({ length: 14 }, (_, index) => `app-${index + 1}`);
    const { all, application_id } = addAll(
      stage,
      Object.fromEntries(names.map((name) => [name, SOON])),
    );
    const [first, ...others] = all as [FakeApplication, ...FakeApplication[]];
    const refusal = { kind: 'answer', status, carriedOut: false, ms: 300 } as const;
    nodion.fail({ on: TRIGGER, of: first, fault: refusal });
    for (const of of others) nodion.fail({ on: TRIGGER, of, fault: { kind: 'delay', ms: 2_500 } });
    const run = await deploy(null, { inputs: { application_id, fail_fast: 'true' } });
    expect(triggeredNames(nodion, all)).toEqual(names.slice(0, 8));
    const ends = JSON.parse(run.outputs.deployments ?? '') as { reason: string }[];
    expect(ends.map(({ reason }) => reason)).toEqual([
      'trigger_refused',
      ...Array(7).fill('live'),
      ...Array(6).fill('skipped'),
    ]);
  });
}

for (const [what, fault] of [
  ['slow', { kind: 'delay', ms: 900 }],
  ['silent', { kind: 'hang', carriedOut: false }],
] as const) {
  scenario(`What is skipped holds up nothing: lists that are ${what}`, async (stage) => {
    const { nodion, clock, deploy } = stage;
    const names = Array.from({ length: 60 }, (_, index) => `app-${index + 1}`);
    const { all, application_id } = addAll(stage, {
      web: FAILING,
      ...Object.fromEntries(names.map((name) => [name, SOON])),
    });
    for (const of of all.slice(1)) nodion.fail({ on: LIST, of, skip: 1, times: 99, fault });
    const startedAt = clock.now();
    const run = await deploy(null, {
      inputs: { application_id, max_parallel: '1', fail_fast: 'true', timeout: '1m' },
    });
    expect(clock.now() - startedAt).toBeLessThan(15_000);
    const ends = JSON.parse(run.outputs.deployments ?? '') as { reason: string }[];
    expect(ends.map(({ reason }) => reason)).toEqual([
      'deployment_failed',
      ...Array(60).fill('skipped'),
    ]);
  });
}

scenario('What waits for a rollback is skipped, not timed out', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, (tag) => (tag === 'v2' ? 503 : 200), {
    ...life(['created', 0], ['available', 8_000]),
  });
  const image = { deployment_strategy: 'prebuilt_image', image_name: 'shop' };
  const next = nodion.addApplication({ name: 'next', ...image, ...SOON });
  const run = await deploy(null, {
    inputs: {
      ...shop.inputs,
      application_id: `${shop.application.id},${next.id}`,
      health_url: `${shop.url}\n${shop.url}`,
      ...{ max_parallel: '1', fail_fast: 'true', rollback: 'true', log_lines: '0' },
      timeout: '20s',
    },
  });
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
    { reason: 'rolled_back' },
    { reason: 'skipped', error: 'Not triggered, because shop failed.' },
  ]);
});

/** The fewest milliseconds from one of these requests to the 20th after it. */
function shortest20(requests: readonly { at: number }[]): number {
  expect(requests.length).toBeGreaterThan(40);
  return Math.min(...requests.slice(20).map(({ at }, index) => at - (requests[index]?.at ?? 0)));
}

scenario('Many applications share 22 polls a second, and 33 after the first end', async (stage) => {
  const { nodion, deploy } = stage;
  const names = Array.from({ length: 42 }, (_, index) => `app-${index + 1}`);
  const slow = life(['created', 0], ['available', 12_000]);
  const { all, application_id } = addAll(
    stage,
    Object.fromEntries(names.map((name) => [name, slow])),
  );
  const run = await deploy(null, { inputs: { application_id } });
  expect(run.exitCode).toBe(0);
  const triggers = nodion.requestsTo(TRIGGER).map(({ at }) => at);
  const lists = nodion.requestsTo(LIST);
  const ends = all.map(({ id, deployments: [one] }) => {
    const endedAt = (one?.triggeredAt ?? 0) + 12_000;
    return lists.find(({ url, at }) => url.includes(id) && at >= endedAt)?.at ?? 0;
  });
  // What follows is the last look at all of them.
  const polls = lists.filter(({ at }) => at > Math.max(...triggers) && at < Math.max(...ends));
  const firstEndAt = Math.min(...triggers) + 12_000;
  const before = polls.filter(({ at }) => at < firstEndAt);
  expect(shortest20(before)).toBeGreaterThan(890);
  expect(shortest20(before)).toBeLessThan(1_000);
  const after = polls.slice(before.length);
  expect(shortest20(after)).toBeGreaterThan(590);
  expect(shortest20(after)).toBeLessThan(700);
  for (const { id } of all) {
    const times = polls.filter(({ url }) => url.includes(id)).map(({ at }) => at);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    // All of them, 45 ms apart, and their own pause of a second.
    expect(Math.max(...gaps)).toBeLessThan(3_400);
    expect(Math.min(...gaps)).toBeGreaterThan(900);
  }
});

scenario('So do those that wait until a busy one is idle, or for a rollout', async (stage) => {
  const { nodion, deploy } = stage;
  const names = Array.from({ length: 40 }, (_, index) => `app-${index + 1}`);
  const { all, application_id } = addAll(
    stage,
    Object.fromEntries(names.map((name) => [name, SOON])),
  );
  for (const application of all) {
    application.instanceChangeMs = 6_000;
    nodion.addDeployment(application, { status: 'available' });
    nodion.addDeployment(application, life(['waiting', 0], ['available', 6_000]));
  }
  const run = await deploy(null, {
    inputs: { application_id, if_busy: 'wait', verify_rollout: 'true', timeout: '5m' },
  });
  expect(run.exitCode).toBe(0);
  const triggers = nodion.requestsTo(TRIGGER).map(({ at }) => at);
  const idle = nodion.requestsTo(LIST).slice(all.length);
  expect(shortest20(idle.filter(({ at }) => at < Math.min(...triggers)))).toBeGreaterThan(890);
  const looks = [...nodion.requestsTo(INSTANCES), ...nodion.requestsTo(APPLICATION)];
  const inOrder = looks.toSorted((a, b) => a.at - b.at);
  expect(shortest20(inOrder.filter(({ at }) => at > Math.max(...triggers)))).toBeGreaterThan(590);
});
