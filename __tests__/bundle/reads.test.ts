import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { Endpoint } from '../../fakes/nodion.ts';
import { annotations } from '../../fakes/stage.ts';
import { scenario } from './scenario.ts';

const LIST: Endpoint = 'GET /applications/:id/deployments';
const APPLICATION: Endpoint = 'GET /applications/:id';

scenario('A read that stalls is given up after 30 s, and repeated', async ({ nodion, deploy }) => {
  nodion.fail({ on: LIST, skip: 1, fault: { kind: 'stall', carriedOut: true } });
  const run = await deploy(nodion.addApplication());
  expect(run.exitCode).toBe(0);
  expect(run.log).toContain('no answer within 30 s');
  const [, stalled, next] = nodion.requestsTo(LIST);
  const gaveUpAfterMs = (next?.at ?? 0) - (stalled?.at ?? 0);
  expect(gaveUpAfterMs).toBeGreaterThan(29_500);
  expect(gaveUpAfterMs).toBeLessThan(150_000);
});

scenario('A deployment missing from one list is looked for again', async ({ nodion, deploy }) => {
  nodion.fail({ on: LIST, skip: 1, fault: answer(200, { deployments: [] })(false) });
  const run = await deploy(nodion.addApplication());
  expect(run.exitCode).toBe(0);
  expect(run.log).toContain('Deployment #1 is missing from the list; trying again in');
});

for (const form of ['seconds', 'a date'] as const) {
  scenario(`\`Retry-After\` in ${form} is obeyed`, async ({ nodion, deploy, clock }) => {
    const until = clock.now() + 60_000;
    const retryAfter = form === 'seconds' ? '30' : new Date(until).toUTCString();
    nodion.fail({
      on: LIST,
      skip: 1,
      fault: answer(429, '', { 'retry-after': retryAfter })(false),
    });
    const run = await deploy(nodion.addApplication());
    expect(run.exitCode).toBe(0);
    const [, refused, next] = nodion.requestsTo(LIST);
    const earliest = form === 'seconds' ? (refused?.at ?? 0) + 30_000 : until;
    // A date has no milliseconds.
    expect(next?.at).toBeGreaterThan(earliest - 1_000);
  });
}

for (const status of [401, 403, 404]) {
  scenario(`A poll that is answered ${status} is final at once`, async ({ nodion, deploy }) => {
    nodion.fail({ on: LIST, skip: 1, times: 99, fault: answer(status)(false) });
    const run = await deploy(nodion.addApplication());
    expect(run.exitCode).toBe(1);
    expect(nodion.requestsTo(LIST)).toHaveLength(2);
    expect(run.outputs.deploy_number).toBe('1');
    expect(annotations(run, 'error')[0]).toMatch(
      new RegExp(`Nodion answered ${status}\\. Check .* \\(deployment #1: it goes on at Nodion`),
    );
  });
}

for (const status of [301, 302, 307, 308]) {
  scenario(`A redirect (${status}) is not followed, its origin named`, async (stage) => {
    const { nodion, gitHub, deploy } = stage;
    const location = `${gitHub.url}/applications`;
    nodion.fail({ on: APPLICATION, fault: answer(status, '', { location })(false) });
    const run = await deploy(nodion.addApplication());
    expect(run.exitCode).toBe(1);
    expect(annotations(run, 'error')[0]).toContain(
      `a redirect to ${gitHub.url}. Redirects are not followed`,
    );
    expect(gitHub.requests).toEqual([]);
  });
}
