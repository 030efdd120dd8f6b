import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { Fault } from '../../fakes/nodion/faults.ts';
import type { Endpoint } from '../../fakes/nodion/state.ts';
import { annotations } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';

const LIST: Endpoint = 'GET /applications/:id/deployments';
const APPLICATION: Endpoint = 'GET /applications/:id';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';
const hang: Fault = { kind: 'hang', carriedOut: false };
const idsOf = (applications: { id: string }[]) => applications.map(({ id }) => id).join();

scenario('A queue of more than a minute before the trigger is no fault', async (stage) => {
  const { nodion, deploy } = stage;
  const applications = Array.from({ length: 40 }, () => nodion.addApplication());
  for (const on of [APPLICATION, LIST, TRIGGER]) {
    nodion.fail({ on, times: 999, fault: { kind: 'delay', ms: 6_500 } });
  }
  const run = await deploy(null, {
    inputs: { application_id: idsOf(applications), wait: 'false' },
  });
  expect(annotations(run, 'error')).toEqual([]);
  expect(run.exitCode).toBe(0);
  expect(run.durationMs).toBeGreaterThan(60_000);
  expect(applications.every(({ deployments }) => deployments.length === 1)).toBe(true);
  expect(nodion.mostRequestsAtOnce).toBeLessThanOrEqual(8);
});

scenario('Applications that hang hold up the others only once', async ({ nodion, deploy }) => {
  const applications = Array.from({ length: 20 }, (_, index) =>
    nodion.addApplication({
      name: `${index < 12 ? 'hanging' : 'healthy'}-${index}`,
      ...life(['created', 0], ['available', 25_000]),
    }),
  );
  for (const of of applications.slice(0, 12)) {
    nodion.fail({ on: LIST, of, afterTrigger: true, times: 99, fault: hang });
  }
  const run = await deploy(null, {
    inputs: { application_id: idsOf(applications), timeout: '90s', log_lines: '0' },
  });
  expect(run.exitCode).toBe(1);
  const lines = run.log.split('\n');
  const secondTry = lines.findIndex((line) => line.includes('no answer within 30 s'));
  expect(secondTry).toBeGreaterThan(0);
  const live = lines.filter((line) => /^\[healthy-\d+\] #1 is "available"/.test(line));
  expect(live).toHaveLength(8);
  for (const line of live) expect(lines.indexOf(line)).toBeLessThan(secondTry);
  expect(nodion.mostRequestsAtOnce).toBeLessThanOrEqual(8);
});

scenario('Triggers go before polls', async ({ nodion, deploy }) => {
  const applications = Array.from({ length: 40 }, () =>
    nodion.addApplication(life(['created', 0], ['available', 20_000])),
  );
  for (const on of [LIST, TRIGGER]) {
    nodion.fail({ on, times: 999, fault: { kind: 'delay', ms: 1_500 } });
  }
  const run = await deploy(null, { inputs: { application_id: idsOf(applications) } });
  expect(run.exitCode).toBe(0);
  const triggers = nodion.requestsTo(TRIGGER);
  const lastTrigger = Math.max(...triggers.map(({ at }) => at));
  const polls = nodion.requestsTo(LIST).filter(({ url, at }) => {
    const triggeredAt = triggers.find((trigger) => trigger.url === url)?.at ?? 0;
    return triggeredAt < at && at < lastTrigger;
  });
  // Those that took the place of the last triggers but one, while the last were on their way.
  expect(polls.length).toBeLessThanOrEqual(8);
});

scenario(
  'However many applications hang before the trigger: red in a minute and a half',
  async (stage) => {
    const { nodion, deploy } = stage;
    const applications = Array.from({ length: 20 }, () => nodion.addApplication());
    nodion.fail(
      { on: LIST, times: 999, fault: hang },
      { on: APPLICATION, times: 999, fault: hang },
    );
    const run = await deploy(null, { inputs: { application_id: idsOf(applications) } });
    expect(run.exitCode).toBe(1);
    // The timeout is 15 min.
    expect(run.durationMs).toBeLessThan(90_000);
    expect(nodion.requestsTo(TRIGGER)).toEqual([]);
    expect(annotations(run, 'error')).toEqual([expect.stringContaining('Nothing was triggered.')]);
  },
);

scenario('An application that hangs does not keep the others’ triggers waiting', async (stage) => {
  const { nodion, deploy } = stage;
  // 8 that hang would take every place; what they take is given back before their second try.
  const applications = Array.from({ length: 12 }, (_, index) =>
    nodion.addApplication({ name: `service-${index}`, ...life(['available', 0]) }),
  );
  const slow = nodion.addApplication({ name: 'slow' });
  nodion.fail({ on: 'GET /applications', fault: answer(403)(false) });
  nodion.fail({ on: APPLICATION, of: slow, fault: { kind: 'delay', ms: 5_000 } });
  for (const of of applications.slice(0, 8)) {
    // The list just before the trigger, which is the second one.
    nodion.fail({ on: LIST, of, skip: 1, times: 99, fault: hang });
  }
  const run = await deploy(null, {
    inputs: { application_id: idsOf([...applications, slow]), timeout: '60s', log_lines: '0' },
  });
  expect(run.exitCode).toBe(1);
  const statuses = JSON.parse(run.outputs.deployments ?? '').map(
    ({ status }: { status: string | null }) => status,
  );
  expect(statuses).toEqual([...Array(8).fill(null), ...Array(5).fill('available')]);
});
