import { gzipSync } from 'node:zlib';
import { expect } from '@jest/globals';
import type { Endpoint } from '../../fakes/nodion/state.ts';
import {
  LARGEST_MB,
  MEASURED,
  MIB,
  many,
  NESTED,
  NESTED_PAGE,
  OLD_DEPLOYMENT,
  packedEndlessly,
  stuffed,
} from '../large.ts';
import { life, scenario } from '../scenario.ts';
import { wire } from '../wire.ts';

// One of each kind in one step. The files beside it have as many of one kind as a step meets at worst.

const LIST: Endpoint = 'GET /applications/:id/deployments';
const LINES = 2_500;

scenario('Large answers of each kind are small in memory', { clock: 'real' }, async (stage) => {
  const { nodion, serve, deploy } = stage;
  const large = nodion.addApplication({ name: 'large', ...life(['available', 0]) });
  const failing = nodion.addApplication({
    name: 'failing',
    ...life(['failed', 0]),
    logs: Array.from({ length: LINES }, (_, line) => ({
      ts: '2100-01-01T12:00:00.000Z',
      msg: `${line} ${'x'.repeat(110)}`,
      instance_id: 'i',
    })),
  });
  const bomb = packedEndlessly('gzip', gzipSync(Buffer.alloc(64 * MIB)));
  const lists = [bomb, stuffed(NESTED), stuffed(many(OLD_DEPLOYMENT))];
  nodion.fail(...lists.map((write) => ({ on: LIST, of: large, fault: wire(write) })));
  const server = await serve(() => ({ status: 200, body: NESTED_PAGE }));
  const run = await deploy(null, {
    inputs: {
      application_id: `${large.id},${failing.id}`,
      health_url: `${server.url}/up\n${server.url}/up`,
      health_text: 'a/b',
      health_timeout: '1m',
      log_lines: String(LINES),
    },
    env: { ...MEASURED, RUNNER_DEBUG: '1' },
  });
  // Too long to be shown.
  const missing = [
    ': the answer is larger than 16 MiB',
    ': an item of the answer is larger than 128 KiB',
    '::group::Last log lines',
  ].filter((text) => !run.log.includes(text));
  expect(missing).toEqual([]);
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
    { status: 'available', healthy: true },
    { status: 'failed' },
  ]);
  expect(Number(run.stderr)).toBeLessThan(LARGEST_MB);
});
