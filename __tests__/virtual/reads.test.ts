import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { Endpoint } from '../../fakes/nodion/state.ts';
import { annotations } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';

const LIST: Endpoint = 'GET /applications/:id/deployments';
const APPLICATION: Endpoint = 'GET /applications/:id';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';

scenario('A read that stalls is given up after 10 s, the next time after 30 s', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication();
  nodion.fail({ on: LIST, times: 2, fault: { kind: 'stall', carriedOut: true } });
  const run = await deploy(application);
  expect(run.exitCode).toBe(0);
  expect(application.deployments).toHaveLength(1);
  const [first, second, third] = nodion.requestsTo(LIST).map(({ at }) => at);
  expect(run.log).toMatch(/no whole answer within 10 s\. .*\n.*no whole answer within 30 s\. /);
  expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(10_000);
  expect((third ?? 0) - (second ?? 0)).toBeGreaterThan(30_000);
});

scenario('A deployment missing from one list is looked for again', async ({ nodion, deploy }) => {
  nodion.fail({ on: LIST, afterTrigger: true, fault: answer(200, { deployments: [] })(false) });
  const run = await deploy(nodion.addApplication());
  expect(run.exitCode).toBe(0);
  expect(run.log).toContain('Deployment #1 is missing from the list. Retrying in ');
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

const FINAL: [status: number, told: string][] = [
  [
    401,
    'Nodion refused the API key (401 Unauthorized).\nCreate a new key and update the secret behind `api_key`.',
  ],
  [
    403,
    'Nodion answered 403 to GET /applications/:id/deployments.\nCheck the key behind `api_key`: its scopes must cover this request, and it must belong to the project (for a user API key, see `project_id`).',
  ],
  [
    404,
    'Nodion answered 404 to GET /applications/:id/deployments.\nThe application was there before: it may have been deleted, or the key or a gateway may lack this endpoint.',
  ],
];

for (const [status, told] of FINAL) {
  scenario(`A poll that is answered ${status} is final at once`, async ({ nodion, deploy }) => {
    nodion.fail({ on: LIST, afterTrigger: true, times: 99, fault: answer(status)(false) });
    const run = await deploy(nodion.addApplication());
    expect(run.exitCode).toBe(1);
    const refused = nodion.requestsTo(LIST).filter((request) => request.status === status);
    expect(refused).toHaveLength(1);
    expect(run.outputs.deploy_number).toBe('1');
    expect(annotations(run, 'error')).toEqual([
      [
        'Application My App: Deployment #1 was "created" when it could no longer be read.',
        told,
        ...(status === 404
          ? []
          : [
              'The deployment goes on at Nodion, where nothing can cancel it: follow it in the dashboard.',
            ]),
        'When it was last seen, nothing was live; it is not known what is live now.',
      ].join('\n'),
    ]);
  });
}

for (const status of [301, 302, 307, 308]) {
  scenario(`A redirect (${status}) is not followed, its origin named`, async (stage) => {
    const { nodion, gitHub, deploy } = stage;
    const location = `${gitHub.url}/applications`;
    nodion.fail({ on: APPLICATION, fault: answer(status, '', { location })(false) });
    const run = await deploy(nodion.addApplication());
    expect(run.exitCode).toBe(1);
    expect(annotations(run, 'error')[0]?.split('\n')).toEqual([
      `${new URL(nodion.url).host} answered ${status} to GET /applications/:id, a redirect to ${gitHub.url}.`,
      'Redirects are not followed, since the key would go along: set `api_url` to the final address, if you trust it.',
      'Nothing was triggered.',
    ]);
    expect(gitHub.requests).toEqual([]);
  });
}

scenario(
  'A gateway that restarts, and answers 404 in its own words, is waited for',
  async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication(life(['created', 0], ['available', 6_000]));
    const fault = answer(404, '404 page not found\n', { 'content-type': 'text/plain' })(false);
    nodion.fail({ on: LIST, afterTrigger: true, times: 3, fault }, { on: TRIGGER, fault });
    const run = await deploy(application);
    expect(run.exitCode).toBe(0);
    expect(application.deployments).toHaveLength(1);
  },
);

scenario(
  'A gateway that only ever answers 404 in its own words ends the step at once',
  async (stage) => {
    const { nodion, deploy } = stage;
    nodion.fail({ on: LIST, times: 99, fault: answer(404, '404 page not found\n')(false) });
    const run = await deploy(nodion.addApplication());
    expect(run.exitCode).toBe(1);
    expect(nodion.requestsTo(LIST)).toHaveLength(1);
    expect(run.log).toContain("but not in Nodion's format: a gateway or proxy may have.");
    expect(run.log).toContain('Nothing was triggered.');
  },
);
