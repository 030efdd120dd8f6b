import { expect } from '@jest/globals';
import { TRUST } from '../../fakes/certificate.ts';
import type { FakeNodion } from '../../fakes/nodion/server.ts';
import type { Endpoint } from '../../fakes/nodion/state.ts';
import { annotations } from '../../fakes/stage.ts';
import { scenario } from '../scenario.ts';
import { addShop, errorLines } from '../shop.ts';

// Only answers of the application prove that it is bad.

const TRIGGER: Endpoint = 'POST /applications/:id/deployments';

/** The tags that were triggered. */
function triggers(nodion: FakeNodion): unknown[] {
  return nodion.requestsTo(TRIGGER).map(({ body }) => JSON.parse(body).image_tag);
}

scenario(
  'A health check that the proxy prevented before the trigger is unknown',
  { clock: 'real' },
  async (stage) => {
    const { nodion, proxy, serve, deploy } = stage;
    const shop = await addShop(stage, () => 200);
    const { address } = await serve(() => 503, { isSecure: true });
    proxy.hosts.set('proxy.test:443', address);
    proxy.onConnect = () => {
      const isBefore = nodion.liveDeployment(shop.application)?.deploy_number === 1;
      proxy.fault = isBefore ? 502 : null;
    };
    const run = await deploy(shop.application, {
      inputs: { ...shop.inputs, health_url: 'https://proxy.test/up', rollback: 'true' },
      env: { ...TRUST, HTTPS_PROXY: proxy.address },
    });
    expect(run.exitCode).toBe(1);
    expect(triggers(nodion)).toEqual(['v2']);
    expect(run.outputs).toMatchObject({ healthy: 'false', rolled_back: '' });
    const before = `no answer from https://proxy.test/up: the request through the proxy http://${proxy.address} (from HTTPS_PROXY, HTTP_PROXY or ALL_PROXY) failed: the proxy answered 502: it made no connection to the host.`;
    expect(annotations(run, 'warning')).toEqual([
      `Application shop: it is not known whether it is healthy now: ${before} If a deployment of this step turns out bad, it stays live.`,
    ]);
    expect(errorLines(run)[2]).toBe(
      `No rollback: it is not known whether the application was healthy before: ${before}`,
    );
  },
);

for (const [status, whose, tags] of [
  [502, 'the application’s', ['v2', 'v1']],
  [404, 'its own', ['v2']],
] as const) {
  scenario(
    `A ${status} of a proxy that has let a probe through is ${whose}`,
    { clock: 'real' },
    async (stage) => {
      const { nodion, proxy, serve, deploy } = stage;
      const shop = await addShop(stage, () => 200);
      const { address } = await serve(() => 200, { isSecure: true });
      proxy.hosts.set('proxy.test:443', address);
      proxy.onConnect = () => {
        const isBad = nodion.liveDeployment(shop.application)?.deploy_number === 2;
        proxy.fault = isBad ? status : null;
      };
      const run = await deploy(shop.application, {
        inputs: {
          ...shop.inputs,
          health_url: 'https://proxy.test/up',
          health_timeout: '5s',
          rollback: 'true',
        },
        env: { ...TRUST, HTTPS_PROXY: proxy.address },
      });
      expect(run.exitCode).toBe(1);
      expect(triggers(nodion)).toEqual(tags);
      expect(run.outputs).toMatchObject(
        status === 502
          ? { reason: 'rolled_back', rolled_back: 'true' }
          : { reason: 'health_not_known', rolled_back: '', healthy: '' },
      );
    },
  );
}

scenario(
  'A runner that stands still proves nothing',
  { clock: 'real', hasSignals: true },
  async (stage) => {
    const { nodion, deploy } = stage;
    let freeze = () => {};
    let asked = 0;
    const shop = await addShop(stage, (tag) => {
      if (tag === 'v1') return 200;
      asked += 1;
      if (asked > 1) return 200;
      freeze();
      return 'reset';
    });
    const run = await deploy(shop.application, {
      inputs: { ...shop.inputs, rollback: 'true', health_timeout: '6s', poll_interval: '0.3s' },
      onLog: (_, child) => {
        freeze = () => {
          child.kill('SIGSTOP');
          setTimeout(() => child.kill('SIGCONT'), 8_000);
        };
      },
    });
    expect(run.exitCode).toBe(0);
    expect(triggers(nodion)).toEqual(['v2']);
    expect(run.outputs.healthy).toBe('true');
    expect(run.log).toContain(', while the runner stood still');
  },
);

scenario(
  'A runner that stands still watches nothing meanwhile',
  { clock: 'real', hasSignals: true },
  async (stage) => {
    let freeze = () => {};
    const shop = await addShop(stage, (_, { count }) => {
      if (count === 1) freeze();
      return 200;
    });
    const run = await stage.deploy(shop.application, {
      inputs: {
        ...shop.inputs,
        ...{ health_successes: '1', poll_interval: '0.3s', stable_for: '3s' },
      },
      onLog: (_, child) => {
        freeze = () => {
          setTimeout(() => child.kill('SIGSTOP'), 300);
          setTimeout(() => child.kill('SIGCONT'), 4_300);
        };
      },
    });
    expect(run.exitCode).toBe(0);
    // Some ten in 3 s of watching, with as long again for a busy machine.
    expect(shop.server.checks.length).toBeGreaterThan(5);
  },
);
