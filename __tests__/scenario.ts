import { expect, test } from '@jest/globals';
import { realClock } from '../fakes/clock.ts';
import type { Phase } from '../fakes/nodion/state.ts';
import type { StepRun } from '../fakes/runner.ts';
import { onStage, type Stage } from '../fakes/stage.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { REASONS } from './reasons.ts';

/** What a scenario's steps go by. */
export interface Staging {
  /**
   * `virtual`, the default: in this process, in no time. `real`: in a process that starts and ends with the
   * step, as on a runner, with all that is on a wire.
   */
  readonly clock?: 'virtual' | 'real';
  /** Whether the process gets SIGINT or SIGTERM. Windows has none: there the scenario is skipped. */
  readonly hasSignals?: boolean;
}

type Play = (stage: Stage) => Promise<void>;

/** A test that plays on a stage of its own, together with others. */
export function scenario(name: string, play: Play): void;
export function scenario(name: string, staging: Staging, play: Play): void;
export function scenario(name: string, given: Staging | Play, then?: Play): void {
  const play = then ?? (given as Play);
  const { clock = 'virtual', hasSignals } = then ? (given as Staging) : {};
  if (hasSignals && clock !== 'virtual' && process.platform === 'win32') {
    test.skip(name, () => {});
    return;
  }
  const clocks = {
    virtual: () => new VirtualClock(),
    real: () => realClock,
  };
  test.concurrent(name, () =>
    onStage(clocks[clock](), (stage) =>
      play({ ...stage, run: checked(stage.run), deploy: checked(stage.deploy) }),
    ),
  );
}

/** Each reason that a step gives comes with a conclusion that it may have. */
function checked<T extends unknown[]>(run: (...given: T) => Promise<StepRun>): typeof run {
  return async (...given) => {
    const ended = await run(...given);
    const { conclusion, reason, deployments = '[]' } = ended.outputs;
    for (const end of [{ conclusion, reason }, ...JSON.parse(deployments)]) {
      if (end.reason)
        expect(REASONS).toHaveProperty(end.reason, expect.stringContaining(end.conclusion));
    }
    return ended;
  };
}

/** The life of an application's next deployments: each status and the milliseconds after which it comes. */
export function life(...phases: [status: string, afterMs: number][]): { life: Phase[] } {
  return { life: phases.map(([status, afterMs]) => ({ status, afterMs })) };
}
