import { test } from '@jest/globals';
import fc from 'fast-check';
import { type Clock, realClock } from '../../fakes/clock.ts';
import {
  playRandomScenario,
  type RandomScenario,
  randomScenario,
} from '../../fakes/random-scenario.ts';
import { onStage } from '../../fakes/stage.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

// `npm run soak` plays as many as you like.

/** Plays so many at once. */
async function playSeveral(
  count: number,
  clock: () => Clock,
  change = (scenario: RandomScenario) => scenario,
): Promise<void> {
  const several = fc.array(randomScenario, { minLength: count, maxLength: count });
  const plays = fc.asyncProperty(several, async (scenarios) => {
    const play = (one: RandomScenario) =>
      onStage(clock(), (stage) => playRandomScenario(change(one), stage), { ownProcess: false });
    await Promise.all(scenarios.map(play));
  });
  await fc.assert(plays, { numRuns: 1, endOnFailure: true });
}

/** At the speed of reality they mostly sleep, and the longest two of these, for a rollback, take half a minute. */
const LONGEST_SECONDS = 12;

test('Whatever goes wrong: never two deployments, green only when live, in time', () =>
  playSeveral(200, () => new VirtualClock()));

test('The same holds in processes, at the speed of reality', () =>
  playSeveral(
    16,
    () => realClock,
    (scenario) => ({
      ...scenario,
      timeoutSeconds: Math.min(scenario.timeoutSeconds, LONGEST_SECONDS),
    }),
  ));
