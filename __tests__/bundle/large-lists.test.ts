import { expect } from '@jest/globals';
import { annotations } from '../../fakes/stage.ts';
import { life } from '../scenario.ts';
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

/** As many of `item` as 16 MiB have room for. */
function many(item: object): Buffer {
  const text = JSON.stringify(item);
  const count = Math.floor((16 * MIB - 50_000) / (Buffer.byteLength(text) + 1));
  return Buffer.from(`${Array(count).fill(text).join()},`);
}

/** Puts more items, each with a comma after it, at the beginning of lists: of each list the next of `items`. */
function stuffed(...items: readonly Buffer[]): Write {
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

cancelScenario(
  '8 × 7,340,032 lists in one another are refused, and small in memory',
  async (stage) => {
    const nested = Buffer.from(`${'['.repeat(7 * MIB)}${']'.repeat(7 * MIB)},`);
    const { run, cancelledMs } = await deployAndCancel(stage, 8, stuffed(nested));
    expect(cancelledMs).toBeLessThan(5_000);
    expect(run.exitCode).toBe(1);
    expect(annotations(run, 'error')).toEqual([
      `The step was cancelled before anything was triggered.\nThe last failure: The request to ${hostOf(stage.nodion)} (GET /applications/:id/deployments) failed: an item of the answer is larger than 128 KiB.${ANSWER_ADVICE}`,
    ]);
    expect(Number(run.stderr)).toBeLessThan(LARGEST_MB);
  },
);

const OLD = { id: 'x', status: 'failed', deploy_number: 0 };
const TEXTS = 'status git_sha commit_message committer_name strategy created_at'.split(' ');
const LARGE = {
  'old deployments, then messages of 15 MiB,': {
    items: [
      many({ ...OLD, commit_message: `🚀 ${'x'.repeat(60)}`, committer_name: 'Jane Doe' }),
      Buffer.from(`${JSON.stringify({ ...OLD, commit_message: 'x'.repeat(15 * MIB) })},`),
    ],
    inputs: { wait: 'true' },
  },
  'the longest texts': {
    items: [
      many({ ...OLD, ...Object.fromEntries(TEXTS.map((name) => [name, `Ā${'x'.repeat(999)}`])) }),
    ],
    // Slow to read: once.
    inputs: { wait: 'false' },
  },
};

for (const [what, { items, inputs }] of Object.entries(LARGE)) {
  largeScenario(`Eight lists of ${what} are read in less than 300 MB`, async (stage) => {
    const { nodion, deploy } = stage;
    const applications = Array.from({ length: 8 }, () =>
      nodion.addApplication(life(['available', 0])),
    );
    const fault = wire(stuffed(...items));
    nodion.fail({ on: 'GET /applications/:id/deployments', times: 999, fault });
    const run = await deploy(null, {
      inputs: { ...inputs, application_id: applications.map(({ id }) => id).join(',') },
      env: MEASURED,
    });
    expect(run.exitCode).toBe(0);
    for (const { deployments } of applications) expect(deployments).toHaveLength(1);
    expect(Number(run.stderr)).toBeLessThan(LARGEST_MB);
  });
}
