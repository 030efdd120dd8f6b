import { expect } from '@jest/globals';
import type { WrongClock } from '../../fakes/clock.ts';
import { answer } from '../../fakes/faults.ts';
import type { Endpoint } from '../../fakes/nodion/state.ts';
import { life, scenario } from '../scenario.ts';

const LIST: Endpoint = 'GET /applications/:id/deployments';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';
const HOUR_MS = 3_600_000;

const WRONG: [string, WrongClock][] = [
  ['is 10 min slow', { offset: -600_000 }],
  ['is 10 min fast', { offset: 600_000 }],
  ['jumps back an hour', { jump: -HOUR_MS, jumpAfter: 5_000 }],
  ['jumps ahead an hour', { jump: HOUR_MS, jumpAfter: 5_000 }],
];

for (const [what, wrong] of WRONG) {
  scenario(`A runner’s clock that ${what} changes no duration`, async ({ nodion, deploy }) => {
    const application = nodion.addApplication(life(['created', 0], ['available', 12_000]));
    const run = await deploy(application, { wrongClock: wrong });
    expect(run.exitCode).toBe(0);
    const seconds = Number(run.outputs.duration_seconds);
    expect(seconds).toBeGreaterThan(11);
    expect(seconds).toBeLessThan(600);
    expect(run.log).not.toMatch(/after -|\d h\b/);
  });

  scenario(`A runner’s clock that ${what} hides no lost trigger`, async ({ nodion, deploy }) => {
    const application = nodion.addApplication();
    nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: true } });
    const run = await deploy(application, { wrongClock: wrong });
    expect(run.exitCode).toBe(0);
    expect(nodion.triggered).toHaveLength(1);
  });

  scenario(`A \`Retry-After\` date goes by Nodion’s clock when ours ${what}`, async (stage) => {
    const { nodion, deploy, clock } = stage;
    const until = clock.now() + 40_000;
    const date = new Date(until).toUTCString();
    nodion.fail({
      on: LIST,
      afterTrigger: true,
      fault: answer(429, '', { 'retry-after': date })(false),
    });
    const run = await deploy(nodion.addApplication(), { wrongClock: wrong });
    expect(run.exitCode).toBe(0);
    const lists = nodion.requestsTo(LIST);
    const next = lists[lists.findIndex(({ status }) => status === 429) + 1];
    // A date has no milliseconds.
    expect(next?.at).toBeGreaterThan(until - 1_000);
    expect(next?.at).toBeLessThan(until + 5 * 60_000);
  });
}
