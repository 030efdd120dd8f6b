import type { ChildProcess } from 'node:child_process';
import { test } from '@jest/globals';
import { realClock } from '../../fakes/clock.ts';
import type { FakeNodion } from '../../fakes/nodion.ts';
import { onStage, type Stage } from '../../fakes/stage.ts';
import { type Write, wire } from './wire.ts';

/** At the speed of reality, and one after the other: a fast clock would leave too little time for so many bytes. */
export function largeScenario(name: string, play: (stage: Stage) => Promise<void>): void {
  test(name, () => onStage(realClock, play));
}

/** The same with SIGINT. */
export const cancelScenario: typeof largeScenario =
  process.platform === 'win32' ? (name) => test.skip(name, () => {}) : largeScenario;

/** Bytes. */
export const MIB = 2 ** 20;
/** What a step's process may have at most. */
export const LARGEST_MB = 300;

/** For a step's environment: its process says at its end how much memory it had at most. */
export const MEASURED = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(`
    import { writeSync } from 'node:fs';
    process.on('exit', () => writeSync(2, String(process.resourceUsage().maxRSS / 1_000)));`)}`,
};

/** Deploys so many applications whose lists are written so, and cancels at the second round of them. */
export async function deployAndCancel({ nodion, deploy }: Stage, count: number, write: Write) {
  const applications = Array.from({ length: count }, () => nodion.addApplication());
  let step: ChildProcess | undefined;
  let cancelledAt = 0;
  let answers = 0;
  const counted: Write = (socket, text) => {
    write(socket, text);
    answers += 1;
    if (answers !== count + 1) return;
    cancelledAt = performance.now();
    step?.kill('SIGINT');
  };
  nodion.fail({ on: 'GET /applications/:id/deployments', times: 999, fault: wire(counted) });
  const run = await deploy(null, {
    inputs: { application_id: applications.map(({ id }) => id).join(',') },
    env: MEASURED,
    onLog: (_, child) => {
      step = child;
    },
  });
  return { run, cancelledMs: performance.now() - cancelledAt };
}

/** The host of its URL. */
export const hostOf = ({ url }: FakeNodion) => new URL(url).host;

/** What users are told of an answer that is not Nodion's. */
export const ANSWER_ADVICE =
  ' Check what answers at `api_url`: Nodion itself, or a gateway or proxy before it.';
