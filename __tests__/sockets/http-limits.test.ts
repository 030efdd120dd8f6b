import { setTimeout as delay } from 'node:timers/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { writeEndlessly } from '../../fakes/raw-server.ts';
import { failure, get, packed, TEXT, whole, withServer } from './requests.ts';

describe('A limit of time', () => {
  // At once, with time for headers to arrive on a busy machine.
  test.concurrent.each([
    ['no headers come', '', 'no answer within 2 s'],
    ['1xx come', 'HTTP/1.1 103 Early Hints\r\n\r\n', 'no answer within 2 s'],
    ['the body stalls', `${whole().slice(0, -1)}`, 'no whole answer within 2 s'],
    [
      'a packed body stalls',
      packed('gzip', gzipSync(TEXT)).slice(0, -1),
      'no whole answer within 2 s',
    ],
  ])('ends a request when %s, and its connection', (_, bytes, message) =>
    withServer(
      (socket) => socket.write(bytes, 'latin1'),
      async (server, send) => {
        const error = await failure(send(get(server.url, { timeoutMs: 2_000 })));
        expect([error.code, error.message]).toEqual(['TIMEOUT', message]);
        while (server.open > 0) await delay(10);
      },
    ),
  );

  test.concurrent('is one for the whole, however often something comes', () =>
    withServer(
      async (socket) => {
        for (const byte of whole()) {
          socket.write(byte);
          await delay(50);
        }
      },
      async (server, send) => {
        const error = await failure(send(get(server.url, { timeoutMs: 1_000 })));
        expect(error.message).toMatch(/^no (?:whole )?answer within 1 s$/);
      },
    ));
});

describe('A limit of size', () => {
  const head = (length: number) => `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\n`;

  test('lets exactly 16 MiB through, and not one byte more', async () => {
    const body = 'x'.repeat(2 ** 24);
    await withServer(head(body.length) + body, async (server, send) => {
      expect((await send(get(server.url))).body.length).toBe(2 ** 24);
    });
    await withServer(`${head(body.length + 1)}${body}x`, async (server, send) => {
      const error = await failure(send(get(server.url)));
      expect([error.code, error.message]).toEqual([
        'TOO_LARGE',
        'the answer is larger than 16 MiB',
      ]);
    });
  });

  test('is that of the unpacked body', () =>
    withServer(packed('gzip', gzipSync('x'.repeat(2 ** 21))), async (server, send) => {
      const error = await failure(send(get(server.url, { maxBytes: 2 ** 20 })));
      expect(error.message).toBe('the answer is larger than 1 MiB');
    }));

  test.concurrent.each([
    ['100 bytes', `${head(100)}${'x'.repeat(100)}`],
    ['packed bytes', packed('br', brotliCompressSync('x'.repeat(10_000)))],
    ['too many bytes for one read', `${head(9_000_000)}${'x'.repeat(9_000_000)}`],
    ['no end', 'HTTP/1.1 200 OK\r\n\r\n'],
  ])('is up to who takes the body: no more than that of an answer with %s', (_, bytes) =>
    withServer(
      (socket) => {
        socket.write(bytes, 'latin1');
        if (bytes.endsWith('\r\n\r\n')) writeEndlessly(socket, 'x'.repeat(65_536));
      },
      async (server, send) => {
        let taken = '';
        const answer = await send(
          get(server.url, {
            maxBytes: 10,
            takeBody: async (chunks, { status }) => {
              for await (const chunk of chunks) {
                taken += `${status} ${chunk.subarray(0, 10)}`;
                break;
              }
            },
          }),
        );
        expect([taken, answer.body]).toEqual([`200 ${'x'.repeat(10)}`, '']);
        while (server.open > 0) await delay(10);
      },
    ),
  );

  test.each([
    ['is cut off', `${head(100)}x`],
    ["can't be unpacked", packed('zstd', Buffer.from('x'))],
    ['has no end', 'HTTP/1.1 200 OK\r\n\r\n'],
  ])('can be left unread, also where it %s', (_, bytes) =>
    withServer(
      (socket) => {
        if (bytes.endsWith('\r\n\r\n')) writeEndlessly(socket.setNoDelay(), bytes);
        else socket.end(bytes, 'latin1');
      },
      async (server, send) => {
        const answer = await send(get(server.url, { takeBody: async () => {} }));
        expect(answer).toMatchObject({ status: 200, body: '' });
        while (server.open > 0) await delay(10);
      },
    ),
  );
});
