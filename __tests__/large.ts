import type { ChildProcess } from 'node:child_process';
import { test } from '@jest/globals';
import { realClock } from '../fakes/clock.ts';
import type { FakeNodion } from '../fakes/nodion/server.ts';
import { PRINT_PEAK_MEMORY } from '../fakes/peak-memory.ts';
import { writeEndlessly } from '../fakes/raw-server.ts';
import { onStage, type Stage } from '../fakes/stage.ts';
import { OK, type Write, wire } from './wire.ts';

/** At the speed of reality, in a process of its own, and one after the other. */
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
export const MEASURED = { NODE_OPTIONS: PRINT_PEAK_MEMORY };

/** An old deployment, in a list of many. */
export const OLD_DEPLOYMENT = {
  ...{ id: 'x', status: 'failed', deploy_number: 0 },
  ...{ commit_message: `🚀 ${'x'.repeat(60)}`, committer_name: 'Jane Doe' },
};

/** 7,340,032 lists in one another. */
export const NESTED = Buffer.from(`${'['.repeat(7 * MIB)}${']'.repeat(7 * MIB)},`);

/** As many of `item` as 16 MiB have room for. */
export function many(item: object): Buffer {
  const text = JSON.stringify(item);
  const count = Math.floor((16 * MIB - 50_000) / (Buffer.byteLength(text) + 1));
  return Buffer.from(`${Array(count).fill(text).join()},`);
}

/** Puts more items, each with a comma after it, at the beginning of lists: of each list the next of `items`. */
export function stuffed(...items: readonly Buffer[]): Write {
  let answers = 0;
  return (socket, text) => {
    const bytes = items[answers % items.length] ?? Buffer.alloc(0);
    answers += 1;
    const start = text.indexOf('[') + 1;
    const isEmpty = text[start] === ']';
    const added = isEmpty ? bytes.subarray(0, -1) : bytes;
    socket.write(`${OK}content-length: ${Buffer.byteLength(text) + added.length}\r\n\r\n`);
    socket.write(text.slice(0, start));
    socket.write(added);
    socket.write(text.slice(start));
  };
}

/** A packed answer that says that it never ends. */
export function packedEndlessly(encoding: string, bytes: Buffer): Write {
  return (socket) => {
    socket.write(`${OK}content-encoding: ${encoding}\r\ncontent-length: 999999999\r\n\r\n`);
    writeEndlessly(socket, bytes);
  };
}

/** A page of JSON, a MiB deep, that says `a/b`. */
export const NESTED_PAGE = `["a\\/b",${'['.repeat(MIB / 2 - 10)}${']'.repeat(MIB / 2 - 9)}`;

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
