import { describe, expect, test } from '@jest/globals';
import { type Answer, RawServer } from '../../fakes/raw-server.ts';
import { type ProcessRequest, sendInProcess } from '../../fakes/transport-process.ts';
import { IDLE_CONNECTION_MS } from '../../src/time/step-clock.ts';

async function run(answer: Answer, request: Omit<ProcessRequest, 'url'> = {}) {
  const server = await RawServer.start(answer);
  try {
    const run = await sendInProcess([{ ...request, url: server.url }]);
    return { ...run, result: run.results[0] };
  } finally {
    server.close();
  }
}

describe('A process that sends a request', () => {
  test('is told that its first packed answer was cut off', async () => {
    const head = 'HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\ncontent-encoding: gzip\r\n\r\n';
    const { result } = await run((socket) => socket.write(`${head}\u001f`, () => socket.destroy()));
    expect(result?.error?.code).toBe('CUT_OFF');
  });

  test('is not held by the connection that is kept', async () => {
    const { result, exitMs } = await run((socket) =>
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'),
    );
    expect(result?.body).toBe('ok');
    expect(exitMs).toBeLessThan(IDLE_CONNECTION_MS);
  });

  test('is not held by a request that has failed', async () => {
    const { result, exitMs } = await run(() => {}, { abortAfterMs: 100 });
    expect(result?.aborted).toBe('cancelled');
    expect(exitMs).toBeLessThan(IDLE_CONNECTION_MS);
  });
});
