import { test } from '@jest/globals';
import { fastClock, realClock } from '../../fakes/clock.ts';
import type { Phase } from '../../fakes/nodion.ts';
import { onStage, type Stage } from '../../fakes/stage.ts';

/** How many times as fast as in reality; less for `npm run coverage`, whose steps start slowly. */
export const SPEED = process.env.STEP_COVERAGE ? 3 : 7;

/** A test that plays on a stage of its own, together with others, on a fast clock. */
export function scenario(name: string, play: (stage: Stage) => Promise<void>): void {
  test.concurrent(name, () => onStage(fastClock(SPEED), play));
}

/** A scenario at the speed of reality. */
export function realScenario(name: string, play: (stage: Stage) => Promise<void>): void {
  test.concurrent(name, () => onStage(realClock, play, { ownProcess: false }));
}

/** A scenario at the speed of reality whose steps start and end with their processes, as on a runner. */
export function ownProcessScenario(name: string, play: (stage: Stage) => Promise<void>): void {
  test.concurrent(name, () => onStage(realClock, play));
}

/**
 * A scenario with SIGINT or SIGTERM, in a process of its own: Windows has none, there the runner ends the
 * process without a word.
 */
export const signalScenario: typeof scenario = (name, play) => {
  if (process.platform === 'win32') test.skip(name, () => {});
  else test.concurrent(name, () => onStage(fastClock(SPEED), play, { ownProcess: true }));
};

/** The same at the speed of reality, and in a process that has run other steps. */
export const realSignalScenario: typeof scenario =
  process.platform === 'win32' ? (name) => test.skip(name, () => {}) : realScenario;

/** The life of an application's next deployments: each status and the milliseconds after which it comes. */
export function life(...phases: [status: string, afterMs: number][]): { life: Phase[] } {
  return { life: phases.map(([status, afterMs]) => ({ status, afterMs })) };
}
