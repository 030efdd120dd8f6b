import { expect } from '@jest/globals';
import { TRUST } from '../../fakes/certificate.ts';
import type { Endpoint } from '../../fakes/nodion/state.ts';
import { NO_HOST_NAMES } from '../../fakes/payloads.ts';
import type { Stage } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';
import { addShop, errorLines, expected } from '../shop.ts';

const DOMAINS: Endpoint = 'GET /applications/:id/domains';

/** A module that knows no host of the name `gone.test`. */
const NO_SUCH_HOST = `data:text/javascript,${encodeURIComponent(`
  import dns from 'node:dns';
  dns.lookup = (host, options, done) => done(Object.assign(new Error(), { code: 'ENOTFOUND' }));`)}`;

const UNREACHABLE: [
  string,
  (stage: Stage) => Promise<{ url: string; env?: object }>,
  phrase: string,
  advice: string,
][] = [
  [
    'has a name that nobody knows',
    async () => ({
      url: 'http://gone.test',
      env: { NODE_OPTIONS: `--import=${NO_SUCH_HOST}` },
    }),
    "the name can't be resolved (ENOTFOUND)",
    'check the domain, and `health_url`',
  ],
  [
    'has a certificate that nobody trusts',
    async ({ serve }) => ({ url: (await serve(() => 200, { isSecure: true })).url }),
    'its certificate is not accepted (DEPTH_ZERO_SELF_SIGNED_CERT)',
    "check the domain's certificate, and `health_url`",
  ],
];

for (const [what, prepare, phrase, advice] of UNREACHABLE) {
  scenario(`An application that ${what} is red`, { clock: 'real' }, async (stage) => {
    const { url, env = {} } = await prepare(stage);
    const shop = await addShop(stage, () => 200);
    const run = await stage.deploy(shop.application, {
      inputs: { ...shop.inputs, health_url: `${url}/up` },
      env: { ...env },
    });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toBe('');
    expect(errorLines(run)).toEqual([
      `Application shop: Deployment #2 is live but not healthy: N of N answers were bad, the last one no answer from ${url}/up: ${phrase}.`,
      expected(advice),
      '#2 (v2) is live.',
    ]);
  });
}

/** Has `https://<name>` lead to the server: the environment of a step. */
function reachAs(stage: Stage, name: string, address: string): Record<string, string> {
  stage.proxy.hosts.set(`${name}:443`, address);
  return { ...TRUST, HTTPS_PROXY: stage.proxy.address };
}

for (const [chosen, domains] of [
  [
    'nodion.test',
    [
      ['proxy.test', 'available', 'sub'],
      ['pending.test', 'pending', 'main'],
      ...NO_HOST_NAMES.map((name) => [name, 'available', 'main'] as const),
      ['nodion.test', 'available', 'main'],
      ['localhost', 'available', 'main'],
    ],
  ],
  [
    'proxy.test',
    [
      ['nodion.test', 'pending', 'main'],
      ['proxy.test', 'available', 'sub'],
    ],
  ],
] as const) {
  scenario(
    `A path is asked at the application's own address: ${chosen}`,
    { clock: 'real' },
    async (stage) => {
      const { nodion, proxy, gitHub, serve, deploy } = stage;
      const application = nodion.addApplication(life(['available', 0]));
      for (const [name, status, domain_type] of domains) {
        nodion.addDomain(application, name, { status, domain_type });
      }
      const server = await serve(() => 200, { isSecure: true });
      const run = await deploy(application, {
        inputs: { health_url: '/up?deep=1', environment: 'production' },
        env: reachAs(stage, chosen, server.address),
      });
      expect(run.exitCode).toBe(0);
      expect(run.stderr).toBe('');
      expect(run.outputs).toMatchObject({ url: `https://${chosen}`, healthy: 'true' });
      expect(proxy.targets).toEqual(Array(3).fill(`${chosen}:443`));
      expect(server.checks).toHaveLength(3);
      for (const { url, headers } of server.checks) {
        expect([url, headers.host]).toEqual(['/up?deep=1', chosen]);
        expect(headers).not.toHaveProperty('authorization');
      }
      expect(nodion.requestsTo(DOMAINS)).toHaveLength(1);
      expect(run.commands.filter(({ name }) => name === 'error')).toEqual([]);
      expect(gitHub.statuses.at(-1)).toMatchObject({
        state: 'success',
        environment_url: `https://${chosen}`,
      });
    },
  );
}
