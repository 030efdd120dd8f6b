import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { Endpoint } from '../../fakes/nodion.ts';
import { annotations } from '../../fakes/stage.ts';
import { scenario } from './scenario.ts';

const LIST: Endpoint = 'GET /applications/:id/deployments';
const APPLICATION: Endpoint = 'GET /applications/:id';

scenario('A read that stalls is given up after 10 s, the next time after 30 s', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication();
  nodion.fail({ on: LIST, times: 2, fault: { kind: 'stall', carriedOut: true } });
  const run = await deploy(application);
  expect(run.exitCode).toBe(0);
  expect(application.deployments).toHaveLength(1);
  const [first, second, third] = nodion.requestsTo(LIST).map(({ at }) => at);
  expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(9_500);
  expect((third ?? 0) - (second ?? 0)).toBeGreaterThan(29_500);
});

scenario('A deployment missing from one list is looked for again', async ({ nodion, deploy }) => {
  nodion.fail({ on: LIST, afterTrigger: true, fault: answer(200, { deployments: [] })(false) });
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
      afterTrigger: true,
      fault: answer(429, '', { 'retry-after': retryAfter })(false),
    });
    const run = await deploy(nodion.addApplication());
    expect(run.exitCode).toBe(0);
    const lists = nodion.requestsTo(LIST);
    const refusedAt = lists.findIndex(({ status }) => status === 429);
    const [refused, next] = lists.slice(refusedAt);
    const earliest = form === 'seconds' ? (refused?.at ?? 0) + 30_000 : until;
    // A date has no milliseconds.
    expect(next?.at).toBeGreaterThan(earliest - 1_000);
  });
}

for (const status of [401, 403, 404]) {
  scenario(`A poll that is answered ${status} is final at once`, async ({ nodion, deploy }) => {
    nodion.fail({ on: LIST, afterTrigger: true, times: 99, fault: answer(status)(false) });
    const run = await deploy(nodion.addApplication());
    expect(run.exitCode).toBe(1);
    const refused = nodion.requestsTo(LIST).filter((request) => request.status === status);
    expect(refused).toHaveLength(1);
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
