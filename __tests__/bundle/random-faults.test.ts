import { test } from '@jest/globals';
import fc from 'fast-check';
import { fastClock } from '../../fakes/clock.ts';
import { playRandomScenario, randomScenario } from '../../fakes/random-scenario.ts';
import { onStage } from '../../fakes/stage.ts';
import { SPEED } from './scenario.ts';

// 32 scenarios; `npm run soak` plays as many as you like.
test('Whatever goes wrong: never two deployments, green only when live, in time', async () => {
  const four = fc.array(randomScenario, { minLength: 4, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(four, async (scenarios) => {
      await Promise.all(
        scenarios.map((one) =>
          onStage(fastClock(SPEED), (stage) => playRandomScenario(one, stage)),
        ),
      );
    }),
    { numRuns: 8, endOnFailure: true },
  );
});
