import { test } from '@jest/globals';
import fc from 'fast-check';
import type { Clock } from '../../fakes/clock.ts';
import { fastClock } from '../../fakes/clock.ts';
import { playRandomScenario, randomScenario } from '../../fakes/random-scenario.ts';
import { onStage } from '../../fakes/stage.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { SPEED } from '../scenario.ts';

// `npm run soak` plays as many as you like.
test.each([
  ['in virtual time', 200, () => new VirtualClock()],
  ['in processes', 16, () => fastClock(SPEED)],
] as const)(
  'Whatever goes wrong: never two deployments, green only when live, in time (%s)',
  async (_, count, clock: () => Clock) => {
    const several = fc.array(randomScenario, { minLength: count, maxLength: count });
    await fc.assert(
      fc.asyncProperty(several, async (scenarios) => {
        await Promise.all(
          scenarios.map((one) => onStage(clock(), (stage) => playRandomScenario(one, stage))),
        );
      }),
      { numRuns: 1, endOnFailure: true },
    );
  },
);
