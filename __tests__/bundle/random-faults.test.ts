import { test } from '@jest/globals';
import fc from 'fast-check';
import { fastClock } from '../../fakes/clock.ts';
import { playRandomScenario, randomScenario } from '../../fakes/random-scenario.ts';
import { onStage } from '../../fakes/stage.ts';
import { SPEED } from './scenario.ts';

// 32 scenarios; `npm run soak` plays as many as you like.
test('Whatever goes wrong: never two deployments, green only when live, in time', async () => {
  const several = fc.array(randomScenario, { minLength: 16, maxLength: 16 });
  await fc.assert(
    fc.asyncProperty(several, async (scenarios) => {
      await Promise.all(
        scenarios.map((one) =>
          onStage(fastClock(SPEED), (stage) => playRandomScenario(one, stage)),
        ),
      );
    }),
    { numRuns: 2, endOnFailure: true },
  );
});
