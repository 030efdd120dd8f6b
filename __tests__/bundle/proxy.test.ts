import { expect } from '@jest/globals';
import { annotations } from '../../fakes/stage.ts';
import { scenario } from './scenario.ts';

for (const [variable, scheme] of [
  ['HTTP_PROXY', 'http://'],
  ['http_proxy', 'http://'],
  ['HTTP_PROXY', ''],
  ['ALL_PROXY', 'http://'],
] as const) {
  const named = `${variable}=${scheme}…`;
  scenario(`Every request goes through the proxy that ${named} names`, async (stage) => {
    const { nodion, proxy, deploy } = stage;
    const run = await deploy(nodion.addApplication(), {
      env: { [variable]: `${scheme}${proxy.address}` },
    });
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toBe('');
    expect(proxy.targets.length).toBeGreaterThan(0);
    expect(new Set(proxy.targets)).toEqual(new Set([new URL(nodion.url).host]));
  });
}

scenario('A proxy is given its credentials', async ({ nodion, proxy, deploy }) => {
  proxy.credentials = 'ada:s3cret';
  const run = await deploy(nodion.addApplication(), {
    env: { HTTP_PROXY: `http://ada:s3cret@${proxy.address}` },
  });
  expect(run.exitCode).toBe(0);
  expect(proxy.targets.length).toBeGreaterThan(0);
});

for (const no_proxy of ['127.0.0.1', '*', '.example.com,127.0.0.1']) {
  scenario(`The proxy is left out by NO_PROXY=${no_proxy}`, async ({ nodion, proxy, deploy }) => {
    const run = await deploy(nodion.addApplication(), {
      env: { HTTP_PROXY: `http://${proxy.address}`, no_proxy },
    });
    expect(run.exitCode).toBe(0);
    expect(proxy.targets).toEqual([]);
  });
}

scenario('A proxy for https only is left out for http', async ({ nodion, proxy, deploy }) => {
  const run = await deploy(nodion.addApplication(), {
    env: { HTTPS_PROXY: `http://${proxy.address}` },
  });
  expect(run.exitCode).toBe(0);
  expect(proxy.targets).toEqual([]);
});

scenario('A proxy that refuses ends the step, its credentials kept secret', async (stage) => {
  const { nodion, proxy, deploy } = stage;
  proxy.credentials = 'ada:s3cret';
  const run = await deploy(nodion.addApplication(), {
    env: { HTTP_PROXY: `http://ada:wr0ng@${proxy.address}` },
  });
  expect(run.exitCode).toBe(1);
  expect(nodion.requests).toEqual([]);
  expect(annotations(run, 'error')).toEqual([
    `A request through the proxy http://${proxy.address} (from HTTPS_PROXY, HTTP_PROXY or ALL_PROXY) failed: the proxy answered 407\nNothing was triggered.`,
  ]);
  expect(run.log).not.toContain('wr0ng');
});

scenario('A proxy that is down is never gone around', async ({ nodion, deploy }) => {
  const run = await deploy(nodion.addApplication(), {
    env: { HTTP_PROXY: 'http://127.0.0.1:9' },
  });
  expect(run.exitCode).toBe(1);
  expect(nodion.requests).toEqual([]);
  expect(annotations(run, 'error')[0]).toContain('A request through the proxy http://127.0.0.1:9');
});

for (const [address, reason] of [
  ['socks5://127.0.0.1:1080', 'socks5:// is not supported'],
  ['http://', 'it is not a URL'],
] as const) {
  scenario(`The proxy ${address} is refused before any request`, async ({ nodion, deploy }) => {
    const run = await deploy(nodion.addApplication(), { env: { ALL_PROXY: address } });
    expect(run.exitCode).toBe(1);
    expect(nodion.requests).toEqual([]);
    expect(annotations(run, 'error')).toEqual([
      `The proxy in the environment (HTTPS_PROXY, HTTP_PROXY or ALL_PROXY) can't be used: ${reason}; allowed are http:// and https://. NO_PROXY exempts hosts`,
    ]);
  });
}
