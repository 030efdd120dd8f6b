import { test } from '@jest/globals';
import fc from 'fast-check';
import { play, scenario } from '../fakes/random-scenario.ts';

// 48 scenarios; `npm run soak` plays as many as you like.
test('Whatever goes wrong: never two deployments, green only when live, in time', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(scenario, { minLength: 12, maxLength: 12 }), async (scenarios) => {
      await Promise.all(scenarios.map(play));
    }),
    { numRuns: 4, endOnFailure: true },
  );
});
