import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { RawServer, writeEndlessly } from '../../fakes/raw-server.ts';
import { sendInProcess } from '../../fakes/transport-process.ts';

/** Each byte as a chunk of its own. */
function inChunks(bytes: Buffer): string {
  return Array.from(bytes.toString('latin1'), (byte) => `1\r\n${byte}\r\n`).join('');
}

describe('A process that sends a request', () => {
  const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
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
    const server = await RawServer.start((socket) => {
      socket.write(head);
      writeEndlessly(socket, Buffer.from(piece.repeat(1_000), 'latin1'));
    });
    const { results, peakMemoryMb } = await sendInProcess([{ url: server.url, timeoutMs: 700 }]);
    server.close();
    expect(results[0]?.error?.code).toMatch(/^(?:TIMEOUT|HPE_\w+|TOO_LARGE)$/);
    expect(peakMemoryMb).toBeLessThan(300);
  });
});
