import { describe, expect, test } from '@jest/globals';
import type { FakeNodion } from '../fakes/nodion.ts';
import { FakeProxy } from '../fakes/proxy.ts';
import { annotations, deploy, withNodion } from '../fakes/scenario.ts';

async function withProxy<T>(play: (proxy: FakeProxy, nodion: FakeNodion) => Promise<T>) {
  const proxy = await FakeProxy.start();
  try {
    return await withNodion((nodion) => play(proxy, nodion));
  } finally {
    proxy.close();
  }
}

describe('A proxy in the environment', () => {
  test.concurrent.each([
    ['HTTP_PROXY', 'http://'],
    ['http_proxy', 'http://'],
    ['HTTP_PROXY', ''],
    ['ALL_PROXY', 'http://'],
  ])('named by %s as %saddress is used for every request', (variable, scheme) =>
    withProxy(async (proxy, nodion) => {
      const run = await deploy(nodion, nodion.addApplication(), {
        env: { [variable]: `${scheme}${proxy.address}` },
      });
      expect(run.exitCode).toBe(0);
      expect(run.stderr).toBe('');
      expect(proxy.targets.length).toBeGreaterThan(0);
      expect(new Set(proxy.targets)).toEqual(new Set([new URL(nodion.url).host]));
    }),
  );

  test.concurrent('is given its credentials', () =>
    withProxy(async (proxy, nodion) => {
      proxy.credentials = 'ada:s3cret';
      const run = await deploy(nodion, nodion.addApplication(), {
        env: { HTTP_PROXY: `http://ada:s3cret@${proxy.address}` },
      });
      expect(run.exitCode).toBe(0);
    }));

  test.concurrent.each(['127.0.0.1', '*', '.example.com,127.0.0.1'])(
    'is left out by NO_PROXY=%s',
    (no) =>
      withProxy(async (proxy, nodion) => {
        const run = await deploy(nodion, nodion.addApplication(), {
          env: { HTTP_PROXY: `http://${proxy.address}`, no_proxy: no },
        });
        expect(run.exitCode).toBe(0);
        expect(proxy.targets).toEqual([]);
      }),
  );

  test.concurrent('for https only is left out for http', () =>
    withProxy(async (proxy, nodion) => {
      const run = await deploy(nodion, nodion.addApplication(), {
        env: { HTTPS_PROXY: `http://${proxy.address}` },
      });
      expect(run.exitCode).toBe(0);
      expect(proxy.targets).toEqual([]);
    }));

  test.concurrent('that refuses ends the step at once, without its credentials in the log', () =>
    withProxy(async (proxy, nodion) => {
      proxy.credentials = 'ada:s3cret';
      const run = await deploy(nodion, nodion.addApplication(), {
        env: { HTTP_PROXY: `http://ada:wr0ng@${proxy.address}` },
      });
      expect(run.exitCode).toBe(1);
      expect(nodion.requests).toEqual([]);
      expect(annotations(run, 'error')).toEqual([
        `A request through the proxy http://${proxy.address} (from HTTPS_PROXY, HTTP_PROXY or ALL_PROXY) failed: the proxy answered 407\nNothing was triggered.`,
      ]);
      expect(run.log).not.toContain('wr0ng');
    }));

  test.concurrent('that is down ends the step saying so, never going around it', () =>
    withNodion(async (nodion) => {
      const run = await deploy(nodion, nodion.addApplication(), {
        env: { HTTP_PROXY: 'http://127.0.0.1:9' },
        inputs: { timeout: '3s' },
      });
      expect(run.exitCode).toBe(1);
      expect(nodion.requests).toEqual([]);
      expect(annotations(run, 'error')[0]).toContain(
        'A request through the proxy http://127.0.0.1:9',
      );
    }));

  test.concurrent.each([
    ['socks5://127.0.0.1:1080', 'socks5:// is not supported'],
    ['http://', 'it is not a URL'],
  ])("that can't be used is told before any request: %s", (address, reason) =>
    withNodion(async (nodion) => {
      const run = await deploy(nodion, nodion.addApplication(), { env: { ALL_PROXY: address } });
      expect(run.exitCode).toBe(1);
      expect(nodion.requests).toEqual([]);
      expect(annotations(run, 'error')).toEqual([
        `The proxy in the environment (HTTPS_PROXY, HTTP_PROXY or ALL_PROXY) can't be used: ${reason}; allowed are http:// and https://. NO_PROXY exempts hosts`,
      ]);
    }),
  );
});
