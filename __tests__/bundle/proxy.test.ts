import type { ChildProcess } from 'node:child_process';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import { expect } from '@jest/globals';
import { CERTIFICATE, PRIVATE_KEY, TRUST } from '../../fakes/certificate.ts';
import type { FakeApplication } from '../../fakes/nodion/state.ts';
import { FakeProxy } from '../../fakes/proxy.ts';
import type { StepOptions, StepRun } from '../../fakes/runner.ts';
import { annotations, type Stage } from '../../fakes/stage.ts';
import { life, type Staging, scenario } from '../scenario.ts';

const TRIGGER = 'POST /applications/:id/deployments';
const API_URL = 'https://nodion.test/v1';
const CHECK = 'Check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY on the runner.';
const BEHIND = 'Check whether the proxy can reach that host, or run the job again later.';
const NAMED = '(from HTTPS_PROXY, HTTP_PROXY or ALL_PROXY)';

/** TLS in front of a server on loopback, and how many connections it has taken. */
async function startTlsFront(url: string) {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ cert: CERTIFICATE, key: PRIVATE_KEY }, (socket) => {
    connections += 1;
    const upstream = connect(Number(new URL(url).port), '127.0.0.1');
    for (const [one, other] of [[socket, upstream] as const, [upstream, socket] as const]) {
      sockets.add(one);
      one.on('error', () => one.destroy());
      one.on('close', () => other.destroy());
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

interface ProxyStage extends Stage {
  /** The port of Nodion behind TLS, which is `nodion.test:443` to the proxy. */
  readonly port: number;
  /** How many connections Nodion has taken. */
  readonly connections: () => number;
  /** Deploys through `https://nodion.test`, with trust in its certificate. */
  deployBy(
    env: Readonly<Record<string, string>>,
    application: FakeApplication | null,
    options?: StepOptions,
  ): Promise<StepRun>;
}

/** A scenario with Nodion behind TLS, known to the proxy as `nodion.test`, and GitHub beside it. */
function proxyScenario(
  name: string,
  play: (stage: ProxyStage) => Promise<void>,
  staging: Staging = { clock: 'real' },
): void {
  scenario(name, staging, async (stage) => {
    const { nodion, gitHub, proxy, deploy } = stage;
    const front = await startTlsFront(nodion.url);
    const gitHubFront = await startTlsFront(gitHub.url);
    const { port, connections } = front;
    proxy.hosts
      .set('nodion.test:443', `127.0.0.1:${port}`)
      .set('nodion.test:8443', `127.0.0.1:${gitHubFront.port}`);
    try {
      await play({
        ...stage,
        port,
        connections,
        deployBy: (env, application, options = {}) =>
          deploy(application, {
            ...options,
            inputs: { api_url: API_URL, ...options.inputs },
            env: { ...TRUST, ...env },
          }),
      });
    } finally {
      front.close();
      gitHubFront.close();
    }
  });
}

/** The error of a step whose requests through the proxy fail. */
function unreachable(proxy: FakeProxy, what: string, advice = CHECK): string {
  return `Can't reach nodion.test: the request through the proxy http://${proxy.address} ${NAMED} failed: ${what}.\n${advice}\nNothing was triggered.`;
}

for (const [variable, scheme] of [
  ['HTTPS_PROXY', 'http://'],
  ['https_proxy', 'http://'],
  ['HTTPS_PROXY', ''],
  ['ALL_PROXY', 'http://'],
  ['all_proxy', ''],
] as const) {
  const named = `${variable}=${scheme}…`;
  proxyScenario(
    `Every request goes through the proxy that ${named} names`,
    async (stage) => {
      const { nodion, proxy, deployBy, connections } = stage;
      const application = nodion.addApplication(life(['created', 0], ['available', 2_000]));
      const env = { [variable]: `${scheme}${proxy.address}` };
      const run = await deployBy(env, application, { inputs: { poll_interval: '0.5s' } });
      expect(run.exitCode).toBe(0);
      expect(run.stderr).toBe('');
      expect(application.deployments).toHaveLength(1);
      expect(new Set(proxy.targets)).toEqual(new Set(['nodion.test:443']));
      // Requests at once have tunnels of their own; later ones use those again.
      expect(proxy.targets.length).toBeLessThan(nodion.requests.length);
      expect(proxy.targets.length).toBe(connections());
      expect(proxy.forwarded).toEqual([]);
    },
    { clock: 'real' },
  );
}

proxyScenario('Requests to GitHub go through the proxy too', async (stage) => {
  const { nodion, gitHub, proxy, deployBy } = stage;
  const run = await deployBy(
    { HTTPS_PROXY: proxy.address, GITHUB_API_URL: 'https://nodion.test:8443' },
    nodion.addApplication(),
    { inputs: { environment: 'production' } },
  );
  expect(run.exitCode).toBe(0);
  expect(annotations(run, 'warning')).toEqual([]);
  expect(gitHub.statuses.map(({ state }) => state)).toEqual(['in_progress', 'success']);
  expect(proxy.targets).toContain('nodion.test:8443');
});

proxyScenario('A proxy that is spoken to by TLS is used', async ({ nodion, deployBy, port }) => {
  const secure = await FakeProxy.start({ isSecure: true });
  try {
    secure.credentials = 'ada:s3cret';
    secure.hosts.set('nodion.test:443', `127.0.0.1:${port}`);
    const run = await deployBy(
      { HTTPS_PROXY: `https://ada:s3cret@${secure.address}` },
      nodion.addApplication(),
    );
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toBe('');
    expect(new Set(secure.targets)).toEqual(new Set(['nodion.test:443']));
  } finally {
    secure.close();
  }
});

proxyScenario('A proxy is given its credentials, and Nodion is not', async (stage) => {
  const { nodion, proxy, deployBy } = stage;
  proxy.credentials = 'ada:s3:cr@t';
  const run = await deployBy(
    { HTTPS_PROXY: `http://ada:s3%3Acr%40t@${proxy.address}`, DEBUG: '*', RUNNER_DEBUG: '1' },
    nodion.addApplication(),
  );
  expect(run.exitCode).toBe(0);
  expect(run.stderr).toBe('');
  expectWithout(run, 's3:cr@t', 's3%3Acr%40t', btoa('ada:s3:cr@t'));
  for (const { headers } of nodion.requests) {
    expect(headers).not.toHaveProperty('proxy-authorization');
  }
});

proxyScenario('A proxy that refuses ends the step at once, credentials secret', async (stage) => {
  const { nodion, proxy, deployBy } = stage;
  proxy.credentials = 'ada:s3cret';
  const run = await deployBy(
    { HTTPS_PROXY: `http://ada:wr0ng%21@${proxy.address}`, DEBUG: '*', RUNNER_DEBUG: '1' },
    nodion.addApplication(),
  );
  expect(run.exitCode).toBe(1);
  expect(run.stderr).toBe('');
  expect(annotations(run, 'error')).toEqual([
    unreachable(
      proxy,
      'the proxy answered 407: it wants a user name and a password, as in http://user:password@host:port',
    ),
  ]);
  expect(run.log).not.toContain('Retrying');
  expectWithout(run, 'wr0ng', btoa('ada:wr0ng!'));
  // One for each of the three reads, unless the first refusal ended the step before, and the trigger's.
  expect(new Set(proxy.targets)).toEqual(new Set(['nodion.test:443']));
  expect(proxy.targets.length).toBeLessThanOrEqual(4);
});

/** None of the forms of a secret is in what a run left behind. */
function expectWithout({ log, summary, outputs }: StepRun, ...forms: readonly string[]): void {
  for (const form of forms) {
    expect(log).not.toContain(form);
    expect(summary).not.toContain(form);
    expect(JSON.stringify(outputs)).not.toContain(form);
  }
}

for (const noProxy of ['nodion.test', '*', '.example.com,*.test', 'nodion.test:PORT']) {
  proxyScenario(`The proxy is left out by NO_PROXY=${noProxy}`, async (stage) => {
    const { nodion, proxy, deployBy, connections, port } = stage;
    const run = await deployBy(
      {
        HTTPS_PROXY: proxy.address,
        NO_PROXY: noProxy.replace('PORT', String(port)),
        NODE_OPTIONS: `--import=${LOCAL_NAMES}`,
      },
      nodion.addApplication(),
      { inputs: { api_url: `https://nodion.test:${port}/v1` } },
    );
    expect(run.exitCode).toBe(0);
    expect(connections()).toBeGreaterThan(0);
    expect(proxy.targets).toEqual([]);
  });
}

/** A module that has `nodion.test` looked up as loopback, where no proxy does so. */
const LOCAL_NAMES = `data:text/javascript,${encodeURIComponent(`
  import dns from 'node:dns';
  const { lookup } = dns;
  dns.lookup = (host, ...rest) => lookup(host === 'nodion.test' ? '127.0.0.1' : host, ...rest);`)}`;

proxyScenario('A proxy never sees what is for loopback', async (stage) => {
  const { nodion, proxy, deployBy, port } = stage;
  const address = `http://${proxy.address}`;
  const everywhere = { HTTPS_PROXY: address, HTTP_PROXY: address, ALL_PROXY: address };
  for (const api_url of [
    nodion.url,
    nodion.url.replace('127.0.0.1', 'localhost'),
    `https://127.0.0.1:${port}/v1`,
    `https://localhost:${port}/v1`,
  ]) {
    const run = await deployBy(everywhere, nodion.addApplication(), { inputs: { api_url } });
    expect(run.exitCode).toBe(0);
  }
  expect(proxy.targets).toEqual([]);
  expect(proxy.forwarded).toEqual([]);
});

proxyScenario('A proxy for http only is left out for https', async (stage) => {
  const { nodion, proxy, deployBy, port } = stage;
  const run = await deployBy(
    { HTTP_PROXY: proxy.address, NODE_OPTIONS: `--import=${LOCAL_NAMES}` },
    nodion.addApplication(),
    { inputs: { api_url: `https://nodion.test:${port}/v1` } },
  );
  expect(run.exitCode).toBe(0);
  expect(proxy.targets).toEqual([]);
});

for (const [what, fault, said, advice] of [
  ['closes the connection', 'close', 'no answer (ECONNRESET)', CHECK],
  ['answers 502', 502, 'the proxy answered 502: it made no connection to the host', BEHIND],
  ['answers 404', 404, 'the proxy answered 404: it made no connection to the host', BEHIND],
  [
    'answers without end',
    'flood',
    "the answer's headers are too large (HPE_HEADER_OVERFLOW)",
    CHECK,
  ],
] as const) {
  scenario(`A proxy that ${what} at CONNECT is asked once by each try`, async (stage) => {
    const { nodion, proxy, deploy } = stage;
    proxy.fault = fault;
    const run = await deploy(nodion.addApplication(), {
      inputs: { api_url: API_URL },
      env: { HTTPS_PROXY: proxy.address },
    });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toBe('');
    expect(nodion.requests).toEqual([]);
    expect(annotations(run, 'error')).toEqual([unreachable(proxy, said, advice)]);
    const retries = run.log.match(/Retrying in/g)?.length ?? 0;
    expect(retries).toBeGreaterThan(4);
    // What gives up gives up while it waits for a retry, or while it tries; one is for the trigger.
    expect(proxy.targets.length).toBeGreaterThanOrEqual(retries);
    expect(proxy.targets.length).toBeLessThanOrEqual(retries + 3);
  });
}

proxyScenario(
  'A step is cancelled within 5 s though the proxy hangs at CONNECT',
  async ({ nodion, proxy, deployBy }) => {
    let step: ChildProcess | undefined;
    let cancelledAt = 0;
    proxy.fault = 'hang';
    proxy.onConnect = () => {
      cancelledAt ||= performance.now();
      step?.kill('SIGINT');
    };
    const run = await deployBy({ HTTPS_PROXY: proxy.address }, nodion.addApplication(), {
      onLog: (_, child) => {
        step = child;
      },
    });
    expect(performance.now() - cancelledAt).toBeLessThan(5_000);
    expect(run.exitCode).toBe(1);
    expect(annotations(run, 'error')).toEqual([
      'The step was cancelled before anything was triggered.',
    ]);
  },
  { clock: 'real', hasSignals: true },
);

proxyScenario(
  'A proxy that is down ends the step at once, and is not gone around',
  async (stage) => {
    const { nodion, proxy, deployBy } = stage;
    const { address } = proxy;
    proxy.close();
    const run = await deployBy({ HTTPS_PROXY: address }, nodion.addApplication());
    expect(run.exitCode).toBe(1);
    expect(nodion.requests).toEqual([]);
    expect(annotations(run, 'error')).toEqual([
      `Can't reach nodion.test: the request through the proxy http://${address} ${NAMED} failed: no answer (ECONNREFUSED).\n${CHECK}\nNothing was triggered.`,
    ]);
    expect(run.log).not.toContain('Retrying');
  },
);

proxyScenario('A proxy that dies in the middle of a deployment is waited for', async (stage) => {
  const { nodion, deployBy, port } = stage;
  const application = nodion.addApplication(life(['waiting', 0], ['available', 4_000]));
  // While it is dead no other server must get its port: one that the system gives to none by itself.
  const proxyPort = 20_000 + (process.pid % 10_000);
  const start = async () => {
    const proxy = await FakeProxy.start({ port: proxyPort });
    proxy.hosts.set('nodion.test:443', `127.0.0.1:${port}`);
    return proxy;
  };
  const proxy = await start();
  let next: Promise<FakeProxy> | undefined;
  try {
    const run = await deployBy({ HTTPS_PROXY: proxy.address }, application, {
      onLog: (text) => {
        if (text.includes('Triggered deployment')) proxy.close();
        if (text.includes('Retrying in')) next ??= start();
      },
    });
    const reborn = await next;
    expect(run.exitCode).toBe(0);
    expect(application.deployments).toHaveLength(1);
    expect(run.log).toMatch(
      /^Recovered from \d+ transient errors?: .*the request through the proxy \S+ \(from HTTPS_PROXY, HTTP_PROXY or ALL_PROXY\) failed: no answer \(ECONNREFUSED\)\.$/m,
    );
    expect(reborn?.targets.length).toBeGreaterThan(0);
    expect(annotations(run, 'error')).toEqual([]);
  } finally {
    proxy.close();
    (await next)?.close();
  }
});

for (const carriedOut of [true, false]) {
  const act = carriedOut ? 'carried out' : 'not carried out';
  proxyScenario(`A trigger whose tunnel is cut makes one deployment, ${act}`, async (stage) => {
    const { nodion, proxy, deployBy } = stage;
    const application = nodion.addApplication();
    const write = () => proxy.cutTunnels();
    nodion.fail({ on: TRIGGER, fault: { kind: 'wire', write, carriedOut } });
    const run = await deployBy({ HTTPS_PROXY: proxy.address }, application);
    expect(run.exitCode).toBe(0);
    expect(application.deployments).toHaveLength(1);
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(carriedOut ? 1 : 2);
  });
}

for (const [address, reason] of [
  ['socks5://127.0.0.1:1080', 'socks5:// is not supported'],
  ['http://', 'it is not a URL'],
] as const) {
  scenario(`The proxy ${address} is refused before any request`, async (stage) => {
    const { nodion, deploy } = stage;
    const run = await deploy(nodion.addApplication(), {
      inputs: { api_url: API_URL },
      env: { ALL_PROXY: address },
    });
    expect(run.exitCode).toBe(1);
    expect(nodion.requests).toEqual([]);
    expect(annotations(run, 'error')).toEqual([
      `The proxy in the environment (HTTPS_PROXY, HTTP_PROXY or ALL_PROXY) can't be used: ${reason}; allowed are http:// and https://. NO_PROXY exempts hosts.\nNothing was triggered.`,
    ]);
  });
}
