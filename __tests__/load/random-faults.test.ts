import { test } from '@jest/globals';
import { realClock } from '../../fakes/clock.ts';
import { playSeveral } from '../../fakes/random-scenario.ts';

// They mostly sleep, the longest, with a rollback, for less than half a minute.
test('Whatever goes wrong, in processes and in real time, the same holds', () =>
  playSeveral(
    16,
    () => realClock,
    (scenario) => ({
      ...scenario,
      timeoutSeconds: Math.min(scenario.timeoutSeconds, 10),
      endAfterMs: Math.min(scenario.endAfterMs, 3_000),
    }),
  ));
