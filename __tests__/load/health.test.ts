import { expect } from '@jest/globals';
import { LARGEST_MB, largeScenario, MEASURED, MIB, NESTED_PAGE } from '../large.ts';

const PAGES = {
  text: { 'content-type': 'text/plain', body: 'x'.repeat(MIB) },
  'nested JSON': {
    'content-type': 'text/html',
    body: NESTED_PAGE,
  },
};

for (const [what, { body, ...headers }] of Object.entries(PAGES)) {
  largeScenario(`100 health pages of 1 MiB are small in memory: ${what}`, async (stage) => {
    const { nodion, serve, deploy } = stage;
    const server = await serve(() => ({ status: 200, body, headers }));
    const ids = Array.from(
      { length: 100 },
      (_, index) => nodion.addApplication({ name: `${index}` }).id,
    );
    const run = await deploy(null, {
      inputs: {
        application_id: ids.join(),
        health_url: ids.map(() => `${server.url}/up`).join('\n'),
        health_text: 'a/b',
        // The text is in none of them that is not JSON; the others are read on a busy machine, too.
        health_timeout: what === 'text' ? '3s' : '30s',
      },
      env: MEASURED,
    });
    expect(run.exitCode).toBe(what === 'text' ? 1 : 0);
    expect(server.mostChecksAtOnce).toBeLessThanOrEqual(8);
    expect(Number(run.stderr)).toBeLessThan(LARGEST_MB);
  });
}
