import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { Endpoint } from '../../fakes/nodion/state.ts';
import { annotations } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';

const LIST: Endpoint = 'GET /applications/:id/deployments';
const APPLICATION: Endpoint = 'GET /applications/:id';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';
/** So long that the polls alone are more than the limit lets through. */
const LONG = life(['created', 0], ['available', 25_000]);
const retryAfter = (seconds: number) => ({ 'retry-after': String(seconds) });

for (const [hasRetryAfter, count] of [
  [true, 30],
  [false, 20],
] as const) {
  const requests = (count * 6) / 5;
  const limit = `${requests} requests in 10 s, ${hasRetryAfter ? 'with' : 'without'} advice`;
  scenario(`${count} applications go live at ${limit}`, async (stage) => {
    const { nodion, deploy } = stage;
    nodion.rateLimit = { requests, perMs: 10_000, hasRetryAfter };
    const applications = Array.from({ length: count }, (_, index) =>
      nodion.addApplication({ name: `service-${index}`, ...LONG }),
    );
    const run = await deploy(null, {
      inputs: { application_id: applications.map(({ id }) => id).join() },
    });
    expect(annotations(run, 'error')).toEqual([]);
    expect(run.exitCode).toBe(0);
    expect(applications.map(({ deployments }) => deployments.length)).toEqual(Array(count).fill(1));
    expect(nodion.mostRequestsAtOnce).toBeLessThanOrEqual(8);
    expect(nodion.requests.some(({ status }) => status === 429)).toBe(true);
  });
}

scenario('A `Retry-After` of a minute before the trigger is waited out', async (stage) => {
  const { nodion, deploy } = stage;
  nodion.fail({ on: APPLICATION, fault: answer(429, '', retryAfter(60))(false) });
  const run = await deploy(nodion.addApplication());
  expect(run.exitCode).toBe(0);
  const [refused, next] = nodion.requestsTo(APPLICATION);
  expect((next?.at ?? 0) - (refused?.at ?? 0)).toBeGreaterThan(59_000);
});

scenario('A `Retry-After` holds the requests of all applications', async (stage) => {
  const { nodion, deploy } = stage;
  const applications = Array.from({ length: 10 }, () =>
    nodion.addApplication(life(['created', 0], ['available', 30_000])),
  );
  const limited = applications[3];
  if (!limited) throw new Error('unreachable');
  nodion.fail({
    on: LIST,
    of: limited,
    afterTrigger: true,
    fault: answer(503, '', retryAfter(60))(false),
  });
  const run = await deploy(null, {
    inputs: { application_id: applications.map(({ id }) => id).join() },
  });
  expect(run.exitCode).toBe(0);
  const refused = nodion.requests.find(({ status }) => status === 503);
  // Those that were on their way already don't count.
  const held = nodion.requests.filter(
    ({ at }) => at > (refused?.at ?? 0) + 10_000 && at < (refused?.at ?? 0) + 59_000,
  );
  expect(held).toEqual([]);
});

for (const [what, headers] of [
  ['without advice', {}],
  ['with a `Retry-After`', retryAfter(20)],
] as const) {
  scenario(`A trigger is repeated until it is let through: 429 ${what}`, async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication();
    nodion.fail({ on: TRIGGER, times: 6, fault: answer(429, '', headers)(false) });
    const run = await deploy(application);
    expect(run.exitCode).toBe(0);
    expect(application.deployments).toHaveLength(1);
    const triggers = nodion.requestsTo(TRIGGER).map(({ at }) => at);
    expect(triggers).toHaveLength(7);
    const lists = nodion.requestsTo(LIST).map(({ at }) => at);
    for (const [index, sentAt] of triggers.slice(1).entries()) {
      const before = triggers[index] ?? 0;
      expect(lists.some((at) => at > before && at <= sentAt)).toBe(true);
    }
  });
}

scenario(
  'A trigger passes a limiter that lets nothing through within 400 ms of a list',
  async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication();
    nodion.rateLimit = { requests: 1, perMs: 400, hasRetryAfter: false };
    const run = await deploy(application, { inputs: { timeout: '3m' } });
    expect(run.exitCode).toBe(0);
    expect(application.deployments).toHaveLength(1);
    expect(nodion.requestsTo(TRIGGER).length).toBeLessThanOrEqual(4);
  },
);

scenario('A trigger that is never let through is red at the timeout', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication();
  nodion.fail({ on: TRIGGER, times: 99, fault: answer(429)(false) });
  const run = await deploy(application, { inputs: { timeout: '2m' } });
  expect(run.exitCode).toBe(1);
  expect(run.outputs.timed_out).toBe('true');
  expect(run.durationMs).toBeGreaterThan(119_000);
  expect(nodion.requestsTo(TRIGGER).length).toBeGreaterThan(3);
});

scenario('A trigger’s `Retry-After` that is no rate limit holds nobody else', async (stage) => {
  const { nodion, deploy } = stage;
  const limited = nodion.addApplication({ name: 'limited' });
  const other = nodion.addApplication({
    name: 'other',
    ...life(['created', 0], ['available', 20_000]),
  });
  nodion.fail({
    on: TRIGGER,
    of: limited,
    times: 9,
    fault: answer(503, '', retryAfter(3_600))(false),
  });
  const run = await deploy(null, {
    inputs: { application_id: `${limited.id},${other.id}`, timeout: '50s' },
  });
  expect(run.exitCode).toBe(1);
  expect(run.log).toContain('[other] #1 is "available"');
  const polls = nodion.requestsTo(LIST).filter(({ url }) => url.includes(other.id));
  expect(polls.length).toBeGreaterThan(5);
});

for (const status of [429, 503]) {
  scenario(`A trigger carried out is found within a \`Retry-After\` (${status})`, async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication();
    nodion.fail({ on: TRIGGER, fault: answer(status, '', retryAfter(3_600))(true) });
    const run = await deploy(application, { inputs: { timeout: '60s' } });
    expect(run.exitCode).toBe(0);
    expect(run.outputs).toMatchObject({ id: nodion.triggered[0]?.id, triggered: 'true' });
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
  });
}
