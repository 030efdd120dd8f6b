import { expect } from '@jest/globals';
import type { Reply } from '../../fakes/application-server.ts';
import type { FakeNodion } from '../../fakes/nodion/server.ts';
import type { Endpoint } from '../../fakes/nodion/state.ts';
import { scenario } from '../scenario.ts';
import { addShop, errorLines } from '../shop.ts';

// Only answers of the application prove that it is bad.

const TRIGGER: Endpoint = 'POST /applications/:id/deployments';
const UNCERTAIN = 'No rollback: it is not certain that the deployment is bad.';
const LIVE = '#2 (v2) is live.';

/** The tags that were triggered. */
function triggers(nodion: FakeNodion): unknown[] {
  return nodion.requestsTo(TRIGGER).map(({ body }) => JSON.parse(body).image_tag);
}

for (const [what, reply, found, next] of [
  [
    'is bad up to it',
    () => 503,
    'not healthy: N of N answers were bad, the last one 503 from URL.',
    "look at the application's log.",
  ],
  [
    'was bad once',
    (count: number) => (count === 2 ? 503 : 200),
    /^Application shop: Deployment #2 is live but not healthy: 1 of \d answers were bad, the last bad one 503 from /,
    "look at the application's log.",
  ],
  [
    'was never bad',
    () => 200,
    /^Application shop: Deployment #2 is live but not yet healthy: got \d good answers, needed 20\.$/,
    'no answer was bad. Raise `timeout`, or lower `poll_interval` (1 s).',
  ],
] as const) {
  scenario(`A health check that the timeout ends proves nothing: it ${what}`, async (stage) => {
    const { nodion, deploy } = stage;
    let asked = 0;
    const shop = await addShop(stage, (tag): Reply => {
      if (tag === 'v1') return 200;
      asked += 1;
      return reply(asked);
    });
    const run = await deploy(shop.application, {
      inputs: {
        ...shop.inputs,
        ...{ rollback: 'true', health_successes: '20', health_timeout: '2m', timeout: '6s' },
      },
    });
    expect(run.exitCode).toBe(1);
    expect(triggers(nodion)).toEqual(['v2']);
    expect(run.outputs).toMatchObject({ healthy: 'false', timed_out: 'true', rolled_back: '' });
    const [first, ...lines] = errorLines(run);
    if (typeof found === 'string') {
      const named = found.replace('URL', shop.url);
      expect(first).toBe(`Application shop: Deployment #2 is live but ${named}`);
    } else expect(first).toMatch(found);
    expect(lines).toEqual([
      `20 consecutive good answers were needed before the 6 s timeout expired: ${next}`,
      'No rollback: `timeout` ended the health check, which proves nothing.',
      LIVE,
    ]);
  });
}

scenario('The answers of a cache prove nothing', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, (tag) =>
    tag === 'v1' ? 200 : { status: 503, headers: { age: '3600' } },
  );
  const run = await deploy(shop.application, { inputs: { ...shop.inputs, rollback: 'true' } });
  expect(run.exitCode).toBe(1);
  expect(triggers(nodion)).toEqual(['v2']);
  expect(run.outputs).toMatchObject({ healthy: 'false', rolled_back: '' });
  expect(errorLines(run)).toEqual([
    `Application shop: Deployment #2 is live but not healthy: N of N answers were bad, the last one 503 from ${shop.url}, which a cache has had for 3600 s: it may be from before the deployment went live.`,
    '3 consecutive good answers were needed within 8 s (`health_timeout`): give an address in `health_url` that no cache keeps.',
    UNCERTAIN,
    LIVE,
  ]);
});

for (const [when, status, dies, found] of [
  ['between two good probes', 200, 'answered', /not yet healthy: got 1 good answer, needed 3\.$/],
  [
    'after a bad probe',
    503,
    'answered',
    /not healthy: N of N answers were bad, the last one 503 from /,
  ],
  [
    'during a probe',
    200,
    'asked',
    /not healthy: N of N answers were bad, the last one no answer from .*\(ECONNRESET\)\.$/,
  ],
] as const) {
  scenario(`A proxy of the runner that dies ${when} proves nothing`, async (stage) => {
    const { nodion, proxy, deploy } = stage;
    const shop = await addShop(stage, (tag) => {
      if (tag === 'v1') return 200;
      if (dies === 'asked') proxy.close();
      else proxy.onForwarded = () => proxy.close();
      return status;
    });
    proxy.hosts.set('shop.test:80', shop.server.address);
    const { address } = proxy;
    const run = await deploy(shop.application, {
      inputs: { ...shop.inputs, health_url: 'http://shop.test/up', rollback: 'true' },
      env: { HTTP_PROXY: address },
    });
    expect(run.exitCode).toBe(1);
    expect(triggers(nodion)).toEqual(['v2']);
    expect(run.outputs.rolled_back).toBe('');
    const [first, next, ...lines] = errorLines(run);
    expect(first).toMatch(found);
    if (status === 200 && dies === 'answered') {
      expect(next).toContain(
        `no answer was bad, and a probe got none: no answer from http://shop.test/up: the request through the proxy http://${address} (from HTTPS_PROXY, HTTP_PROXY or ALL_PROXY) failed: no answer (ECONNREFUSED). Raise`,
      );
    }
    expect(lines).toEqual([UNCERTAIN, LIVE]);
  });
}

scenario('A proxy of the runner that dies within `stable_for` proves nothing', async (stage) => {
  const { nodion, proxy, deploy } = stage;
  let asked = 0;
  const shop = await addShop(stage, (tag) => {
    if (tag === 'v2') asked += 1;
    if (asked === 5) proxy.onForwarded = () => proxy.close();
    return 200;
  });
  proxy.hosts.set('shop.test:80', shop.server.address);
  const run = await deploy(shop.application, {
    inputs: {
      ...shop.inputs,
      ...{
        health_url: 'http://shop.test/up',
        rollback: 'true',
        stable_for: '10s',
        timeout: '30s',
      },
    },
    env: { HTTP_PROXY: proxy.address },
  });
  expect(run.exitCode).toBe(1);
  expect(triggers(nodion)).toEqual(['v2']);
  expect(run.outputs).toMatchObject({ healthy: 'true', rolled_back: '', timed_out: 'true' });
  const [first, next, ...lines] = errorLines(run);
  expect(first).toBe(
    'Application shop: Deployment #2 is live, but the 30 s timeout expired before it was known to be stable for 10 s.',
  );
  expect(next).toMatch(
    /^The last probe says nothing about the application: no answer from http:\/\/shop\.test\/up: the request through the proxy .*\(ECONNREFUSED\)\.$/,
  );
  expect(lines).toEqual(['Raise `timeout`, if it often takes longer.', UNCERTAIN, LIVE]);
});

scenario('A 404 that the runner’s proxy may have sent proves nothing', async (stage) => {
  const { nodion, proxy, deploy } = stage;
  const shop = await addShop(stage, (tag) => (tag === 'v1' ? 200 : 404));
  proxy.hosts.set('shop.test:80', shop.server.address);
  const run = await deploy(shop.application, {
    inputs: { ...shop.inputs, health_url: 'http://shop.test/up', rollback: 'true' },
    env: { HTTP_PROXY: proxy.address },
  });
  expect(run.exitCode).toBe(1);
  expect(triggers(nodion)).toEqual(['v2']);
  expect(errorLines(run).slice(1)).toEqual([
    '3 consecutive good answers were needed within 8 s (`health_timeout`): check the path in `health_url`.',
    UNCERTAIN,
    LIVE,
  ]);
});

for (const [fault, last] of [
  [
    502,
    /, the last one: no answer from https:\/\/shop\.test\/up: .*: the proxy answered 502: it made no connection to the host\.$/,
  ],
  ['hang', /within 8 s \(`health_timeout`\)\.$/],
] as const) {
  scenario(`A proxy that lets nothing through tells nothing else: ${fault}`, async (stage) => {
    const { nodion, proxy, deploy } = stage;
    const shop = await addShop(stage, () => 200);
    proxy.fault = fault;
    const run = await deploy(shop.application, {
      inputs: { ...shop.inputs, health_url: 'https://shop.test/up', rollback: 'true' },
      env: { HTTPS_PROXY: proxy.address },
    });
    expect(run.exitCode).toBe(1);
    expect(triggers(nodion)).toEqual(['v2']);
    expect(run.outputs).toMatchObject({ healthy: '', rolled_back: '' });
    const [first, ...lines] = errorLines(run);
    expect(first).toContain(
      'Application shop: Deployment #2 went live, but its health is not known: no probe got an answer from the application within 8 s (`health_timeout`)',
    );
    expect(first).toMatch(last);
    expect(lines).toEqual([
      "Check the runner's proxy, or exempt the host in NO_PROXY.",
      UNCERTAIN,
      LIVE,
    ]);
  });
}
