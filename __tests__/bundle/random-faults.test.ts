import { test } from '@jest/globals';
import fc from 'fast-check';
import { fastClock } from '../../fakes/clock.ts';
import { playRandomScenario, randomScenario } from '../../fakes/random-scenario.ts';
import { onStage } from '../../fakes/stage.ts';
import { SPEED } from './scenario.ts';

// 32 scenarios; `npm run soak` plays as many as you like.
test('Whatever goes wrong: never two deployments, green only when live, in time', async () => {
  const eight = fc.array(randomScenario, { minLength: 8, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(eight, async (scenarios) => {
      await Promise.all(
        scenarios.map((one) =>
          onStage(fastClock(SPEED), (stage) => playRandomScenario(one, stage)),
        ),
      );
    }),
    { numRuns: 4, endOnFailure: true },
  );
});
