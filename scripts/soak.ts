import fc from 'fast-check';
import pLimit from 'p-limit';
import { play, scenario } from '../fakes/random-scenario.ts';

/** `npm run soak [-- RUNS [SEED]]`: plays random scenarios of faults on the bundle, 12 at once. */

const runs = Number(process.argv[2] ?? 500);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000_000);
console.log(`${runs} scenarios with seed ${seed}`);
const limit = pLimit(12);
let broken = 0;
await Promise.all(
  fc.sample(scenario, { numRuns: runs, seed }).map((one) =>
    limit(async () => {
      try {
        await play(one);
      } catch (error) {
        broken += 1;
        console.log(`${JSON.stringify(one)}\n${error instanceof Error ? error.message : error}\n`);
      }
    }),
  ),
);
console.log(`${runs - broken} passed, ${broken} failed`);
process.exitCode = broken > 0 ? 1 : 0;
