import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { expect } from '@jest/globals';
import { writeEndlessly } from '../../fakes/raw-server.ts';
import { annotations } from '../../fakes/stage.ts';
import {
  ANSWER_ADVICE,
  cancelScenario,
  deployAndCancel,
  hostOf,
  LARGEST_MB,
  MIB,
  packedEndlessly,
} from '../large.ts';
import { CHUNKED, chunk, OK, type Write } from '../wire.ts';

const ZEROS = Buffer.alloc(64 * MIB);
const QUICKLY = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };
const TOO_LARGE: Record<string, Write> = {
  'a plain stream': (socket) => {
    socket.write(`${OK}\r\n`);
    writeEndlessly(socket, ZEROS.subarray(0, 65_536));
  },
  'a gzip bomb': packedEndlessly('gzip', gzipSync(ZEROS)),
  'a brotli bomb': packedEndlessly('br', brotliCompressSync(ZEROS, QUICKLY)),
  'a list without end': (socket) => {
    socket.write(`${CHUNKED}${chunk('{"deployments": [')}`);
    writeEndlessly(socket, chunk(`{"x":"${'x'.repeat(200)}"},`.repeat(300)));
  },
};

for (const [what, write] of Object.entries(TOO_LARGE)) {
  cancelScenario(`8 × ${what} as the list is too large, and small in memory`, async (stage) => {
    const { run, cancelledMs } = await deployAndCancel(stage, 8, write);
    expect(cancelledMs).toBeLessThan(5_000);
    expect(run.exitCode).toBe(1);
    const [error = ''] = annotations(run, 'error');
    const failed = `The step was cancelled before anything was triggered.\nThe last failure: The request to ${hostOf(stage.nodion)} (GET /applications/:id/deployments) failed: `;
    // On a busy machine eight of them take longer than 10 s.
    if (!error.startsWith(`${failed}no whole answer within 10 s.`)) {
      expect(error).toBe(`${failed}the answer is larger than 16 MiB.${ANSWER_ADVICE}`);
    }
    expect(Number(run.stderr)).toBeLessThan(LARGEST_MB);
  });
}
