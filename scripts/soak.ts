import fc from 'fast-check';
import pLimit from 'p-limit';
import { playRandomScenario, randomScenario } from '../fakes/random-scenario.ts';
import { onStage } from '../fakes/stage.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

/** `npm run soak [-- RUNS [SEED]]`: plays random scenarios of faults with the bundle, in virtual time. */

const runs = Number(process.argv[2] ?? 500);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000_000);
console.log(`${runs} scenarios with seed ${seed}`);
const limit = pLimit(6);
let broken = 0;
await Promise.all(
  fc.sample(randomScenario, { numRuns: runs, seed }).map((one) =>
    limit(async () => {
      try {
        await onStage(new VirtualClock(), (stage) => playRandomScenario(one, stage));
      } catch (error) {
        broken += 1;
        console.log(`${JSON.stringify(one)}\n${error instanceof Error ? error.message : error}\n`);
      }
    }),
  ),
);
console.log(`${runs - broken} passed, ${broken} failed`);
process.exitCode = broken > 0 ? 1 : 0;
