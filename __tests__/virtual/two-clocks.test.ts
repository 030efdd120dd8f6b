import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { Endpoint } from '../../fakes/nodion/state.ts';
import { annotations } from '../../fakes/stage.ts';
import { scenario } from '../scenario.ts';

const LIST: Endpoint = 'GET /applications/:id/deployments';
const APPLICATION: Endpoint = 'GET /applications/:id';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';

for (const aheadMs of [200, 1_100, 5_000, -5_000, 3_600_000]) {
  scenario(`A gateway’s clock ${aheadMs} ms ahead makes no second deployment`, async (stage) => {
    const { nodion, deploy } = stage;
    nodion.gatewaySkewMs = aheadMs;
    nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: true } });
    const run = await deploy(nodion.addApplication());
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
    // By an hour it can't be told from what was there before.
    expect(run.exitCode).toBe(aheadMs > 60_000 ? 1 : 0);
  });
}

for (const [status, aheadMs] of [
  [502, 10_000],
  [429, 60_000],
  [404, 3_600_000],
] as const) {
  scenario(`One wrong \`Date\`, of a ${status}, makes no second deployment`, async (stage) => {
    const { nodion, deploy, clock } = stage;
    const date = new Date(clock.now() + aheadMs).toUTCString();
    nodion.fail(
      { on: 'GET /applications/:id/domains', fault: answer(status, '', { date })(false) },
      { on: APPLICATION, fault: answer(status === 404 ? 503 : status, '', { date })(false) },
      { on: LIST, fault: answer(200, { deployments: [] }, { date })(false) },
      { on: TRIGGER, fault: { kind: 'reset', carriedOut: true } },
    );
    const run = await deploy(nodion.addApplication());
    expect(run.exitCode).toBe(0);
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
    expect(run.outputs.triggered).toBe('true');
  });
}

scenario(
  'What was accepted and never appears is red after 2 min, naming the answer',
  async ({ nodion, deploy }) => {
    nodion.fail({ on: TRIGGER, fault: answer(202, 'Accepted')(false) });
    const run = await deploy(nodion.addApplication());
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
    expect(run.outputs).toMatchObject({ id: '', triggered: 'true', timed_out: 'false' });
    expect(run.durationMs).toBeGreaterThan(115_000);
    expect(run.durationMs).toBeLessThan(180_000);
    const { host } = new URL(nodion.url);
    expect(annotations(run, 'error')[0]?.split('\n')).toEqual([
      'Application My App: Nodion answered the trigger with success (202), but its deployment is not known: none has appeared since.',
      `${host} answered 202 to POST /applications/:id/deployments, but not as documented: not JSON.`,
      'A deployment may have been made and be in progress.',
      "Look for number 1 or above in Nodion's dashboard before you trigger again.",
      'No deployment of the application is live.',
    ]);
  },
);

scenario(
  'A timeout of the search names the answer of success, whatever failed since',
  async (stage) => {
    const { nodion, deploy } = stage;
    nodion.fail(
      { on: TRIGGER, fault: { kind: 'cut-off', carriedOut: false } },
      { on: LIST, afterTrigger: true, times: 99, fault: answer(503)(false) },
    );
    const run = await deploy(nodion.addApplication(), { inputs: { timeout: '12s' } });
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
    expect(annotations(run, 'error')[0]?.split('\n').slice(0, 2)).toEqual([
      'Application My App: The 12 s timeout expired before it was clear whether anything was triggered.',
      'Nodion answered the trigger with success (200).',
    ]);
  },
);
