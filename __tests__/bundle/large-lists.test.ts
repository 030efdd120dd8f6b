import { expect } from '@jest/globals';
import type { Endpoint } from '../../fakes/nodion.ts';
import { annotations } from '../../fakes/stage.ts';
import {
  ANSWER_ADVICE,
  cancelScenario,
  deployAndCancel,
  hostOf,
  LARGEST_MB,
  largeScenario,
  MEASURED,
  MIB,
} from './large.ts';
import { OK, type Write, wire } from './wire.ts';

const LIST: Endpoint = 'GET /applications/:id/deployments';

/** So many of `item`, as long as all is at most 16 MiB. */
function many(item: string, count = Number.POSITIVE_INFINITY): string[] {
  const most = Math.floor((16 * MIB - 5_000) / (item.length + 1));
  return Array(Math.min(count, most)).fill(item);
}

/** Puts more items at a list's beginning. */
function stuffed(items: readonly string[]): Write {
  const bytes = Buffer.from(`${items.join()},`);
  return (socket, text) => {
    const start = text.indexOf('[') + 1;
    const isEmpty = text[start] === ']';
    const added = isEmpty ? bytes.subarray(0, -1) : bytes;
    socket.write(`${OK}content-length: ${Buffer.byteLength(text) + added.length}\r\n\r\n`);
    socket.write(text.slice(0, start));
    socket.write(added);
    socket.write(text.slice(start));
  };
}

/** Names that no two objects share. */
const NAMES = Array.from({ length: 480_000 }, (_, index) => `"n${index}"`);
const TWENTIES = NAMES.filter((_, index) => index % 20 === 0).map(
  (_, index) => `{${NAMES.slice(20 * index, 20 * index + 20).join(':0,')}:0}`,
);
const TOO_MUCH: Record<string, [items: readonly string[], problem: string]> = {
  'deployments in 16 MiB': [
    many('{"id":"x","status":"failed","deploy_number":0}'),
    'too many values',
  ],
  'nulls in 16 MiB': [many('null'), 'too many values'],
  'numbers in 16 MiB': [many('1'), 'too many values'],
  'empty objects in 16 MiB': [many('{}'), 'too many values'],
  'empty lists in 16 MiB': [many('[]'), 'too many values'],
  '7,340,032 lists in one another': [
    [`${'['.repeat(7 * MIB)}${']'.repeat(7 * MIB)}`],
    'too many values',
  ],
  'objects with room for 35 more': [many('{"35":0.5}', 249_000), 'too many values'],
  'objects of 20 names of their own': [TWENTIES, 'too many names'],
  'objects in one another': [
    [`${NAMES.map((name) => `{${name}:`).join('')}0${'}'.repeat(NAMES.length)}`],
    'too many names',
  ],
};

for (const [what, [items, problem]] of Object.entries(TOO_MUCH)) {
  cancelScenario(`A list of ${what} is refused, and small in memory`, async (stage) => {
    const { run, cancelledMs } = await deployAndCancel(stage, 1, stuffed(items));
    expect(cancelledMs).toBeLessThan(5_000);
    expect(run.exitCode).toBe(1);
    expect(annotations(run, 'error')).toEqual([
      `The workflow was cancelled before anything was triggered.\nThe last failure: ${hostOf(stage.nodion)} answered 200 to GET /applications/:id/deployments, but not as documented: ${problem}.${ANSWER_ADVICE}`,
    ]);
    expect(Number(run.stderr)).toBeLessThan(LARGEST_MB);
  });
}

const OLD = '{"id":"x","status":"failed","deploy_number":0}';
const MESSAGE = 'x'.repeat(15 * MIB);
/** Eight answers of 16 MiB at once take more than one does: V8 does not give back all of it in between. */
const EIGHT_LARGEST_MB = 500;
const LARGE: Record<string, [item: string, mostMb: (count: number) => number]> = {
  '100,000 old deployments': [OLD, () => LARGEST_MB],
  'a commit message of 15 MiB': [
    `{"id":"x","deploy_number":0,"commit_message":"${MESSAGE}"}`,
    (count) => (count === 1 ? LARGEST_MB : EIGHT_LARGEST_MB),
  ],
};

for (const [what, [item, mostMb]] of Object.entries(LARGE)) {
  for (const count of [1, 8]) {
    largeScenario(
      `Lists with ${what} are read for ${count}, in at most ${mostMb(count)} MB`,
      async (stage) => {
        const { nodion, deploy } = stage;
        const applications = Array.from({ length: count }, () => nodion.addApplication());
        nodion.fail({ on: LIST, times: 999, fault: wire(stuffed(many(item, 100_000))) });
        const run = await deploy(null, {
          inputs: { application_id: applications.map(({ id }) => id).join(',') },
          env: MEASURED,
        });
        expect(run.exitCode).toBe(0);
        for (const { deployments } of applications) expect(deployments).toHaveLength(1);
        expect(Number(run.stderr)).toBeLessThan(mostMb(count));
      },
    );
  }
}

largeScenario(
  'What looks like names in commit messages is not counted',
  async ({ nodion, deploy }) => {
    const commit_message = NAMES.slice(0, 2_000).join(':[1,');
    const item = JSON.stringify({ id: 'x', deploy_number: 0, commit_message });
    nodion.fail({ on: LIST, times: 999, fault: wire(stuffed(many(item, 20))) });
    expect((await deploy(nodion.addApplication())).exitCode).toBe(0);
  },
);
