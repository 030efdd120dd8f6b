import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Answer, RawServer, writeEndlessly } from '../../fakes/raw-server.ts';
import { type ProcessRequest, TransportProcess } from '../../fakes/transport-process.ts';
import { IDLE_CONNECTION_MS } from '../../src/time/step-clock.ts';

let program: TransportProcess;
beforeAll(() => {
  program = new TransportProcess();
});
afterAll(() => program.remove());

async function run(answer: Answer, request: Omit<ProcessRequest, 'url'> = {}) {
  const server = await RawServer.start(answer);
  try {
    const run = await program.send([{ ...request, url: server.url }]);
    return { ...run, result: run.results[0] };
  } finally {
    server.close();
  }
}

/** Each byte as a chunk of its own. */
function inChunks(bytes: Buffer): string {
  return Array.from(bytes.toString('latin1'), (byte) => `1\r\n${byte}\r\n`).join('');
}

describe('A process that sends a request', () => {
  const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
  const packed = (encoding: string) =>
    `HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\ncontent-encoding: ${encoding}\r\n\r\n`;
  test.each([
    ['1xx', '', 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n'],
    ['chunks of one byte', chunked, '1\r\nx\r\n'],
    [
      'packed chunks of one byte',
      chunked.replace('\r\n', '\r\ncontent-encoding: gzip\r\n'),
      inChunks(gzipSync('x')),
    ],
    ['chunk extensions', `${chunked}1`, ';x=y'],
    ['trailers', `${chunked}0\r\n`, 'x: y\r\n'],
    ['headers', 'HTTP/1.1 200 OK\r\n', 'x: y\r\n'],
  ])('stays below 300 MB for %s without end, until its time is over', async (_, head, piece) => {
    const { result, peakMemoryMb } = await run(
      (socket) => {
        socket.write(head);
        writeEndlessly(socket, Buffer.from(piece.repeat(1_000), 'latin1'));
      },
      { timeoutMs: 700 },
    );
    expect(result?.error?.code).toMatch(/^(?:TIMEOUT|HPE_\w+|TOO_LARGE)$/);

    expect(peakMemoryMb).toBeLessThan(300);
  });

  test('is told that its first packed answer was cut off', async () => {
    const { result } = await run((socket) =>
      socket.write(`${packed('gzip')}\u001f`, () => socket.destroy()),
    );
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
