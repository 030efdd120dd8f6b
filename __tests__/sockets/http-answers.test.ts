import { setTimeout as delay } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { writeEndlessly } from '../../fakes/raw-server.ts';
import { failure, get, packed, TEXT, whole, withServer } from './requests.ts';

describe('A request', () => {
  test('goes out as it is, with its body', () =>
    withServer(whole(), async (server, send) => {
      await send(
        get(`${server.url}v1/applications?name=%C3%A4#top`, {
          method: 'POST',
          headers: { authorization: 'Bearer key', 'content-type': 'application/json' },
          body: '{"image_tag":"ä"}',
        }),
      );
      expect(server.requests).toEqual([
        [
          'POST /v1/applications?name=%C3%A4 HTTP/1.1',
          'authorization: Bearer key',
          'content-type: application/json',
          `Host: ${server.address}`,
          'Connection: close',
          'Content-Length: 18',
          '',
          '{"image_tag":"ä"}',
        ].join('\r\n'),
      ]);
    }));

  test('without a body says so where one is usual', () =>
    withServer(whole(), async (server, send) => {
      await send(get(server.url, { method: 'POST' }));
      expect(server.requests[0]).toContain('Content-Length: 0\r\n');
    }));

  test('with a header that HTTP does not allow is refused without showing it', () =>
    withServer(whole(), async (server, send) => {
      const error = await failure(
        send(get(server.url, { headers: { authorization: 'Bearer s3cret\n' } })),
      );
      expect(error.message).toBe('Invalid character in header content ["authorization"]');
      expect(server.connections).toBe(0);
    }));
});

describe('An answer', () => {
  test('has its status, headers, body and times', () =>
    withServer(
      [
        'HTTP/1.1 503 Whatever',
        'Date: Sun, 06 Nov 1994 08:49:37 GMT',
        'Retry-After: 7',
        'Link: <a>',
        'LINK: <b>',
        'Set-Cookie: c=1',
        'Set-Cookie: d=2',
        'Content-Length: 5',
        '',
        'h\u00c3\u00a4 !',
      ].join('\r\n'),
      async (server, send) => {
        const before = performance.now();
        const { answeredAtMs, ...answer } = await send(get(server.url));
        expect(answer).toEqual({
          status: 503,
          headers: {
            date: 'Sun, 06 Nov 1994 08:49:37 GMT',
            'retry-after': '7',
            link: '<a>, <b>',
            'set-cookie': 'c=1,d=2',
            'content-length': '5',
          },
          body: 'hä !',
          dateMs: Date.UTC(1994, 10, 6, 8, 49, 37),
        });
        expect(answeredAtMs).toBeGreaterThan(before);
        expect(answeredAtMs).toBeLessThanOrEqual(performance.now());
      },
    ));

  test.each(['', 'Date: yesterday 5\r\n', 'Date: Sun Nov  6 08:49:37 1994\r\n'])(
    'has no date without one in the usual form: %j',
    (header) =>
      withServer(`HTTP/1.1 200 OK\r\n${header}\r\n`, async (server, send) => {
        expect((await send(get(server.url))).dateMs).toBeNull();
      }),
  );

  const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
  test.each([
    ['in odd chunks', `${chunked}1\r\n{\r\n13;x=y\r\n${TEXT.slice(1)}\r\n0\r\nx: y\r\n\r\n`, TEXT],
    ["until the connection's end", `HTTP/1.1 200 OK\r\n\r\n${TEXT}`, TEXT],
    ['of HTTP/1.0', `HTTP/1.0 200 OK\r\n\r\n${TEXT}`, TEXT],
    [
      'after 1xx',
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${whole()}`,
      TEXT,
    ],
    ['with a byte order mark', whole('\u00ef\u00bb\u00bf{}'), '{}'],
    ['in broken UTF-8', whole('{\u00e4}'), '{\ufffd}'],
    ['without a body', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', ''],
    ['in gzip', packed('gzip', gzipSync(TEXT)), TEXT],
    ['in gzip by another name', packed('X-GZIP', gzipSync(TEXT)), TEXT],
    [
      'in several members of gzip',
      packed('gzip', Buffer.concat([gzipSync('{'), gzipSync('}')])),
      '{}',
    ],
    ['in deflate', packed('deflate', deflateSync(TEXT)), TEXT],
    ['in brotli', packed('br', brotliCompressSync(TEXT)), TEXT],
    ...['identity', '', 'none', 'UTF-8', 'identity, Identity', 'iso-8859-1'].map((name) => [
      `in no packing, called "${name}"`,
      packed(name, Buffer.from(TEXT)),
      TEXT,
    ]),
    ['in gzip and a charset', packed('utf-8, gzip', gzipSync(TEXT)), TEXT],
    ['without a packed body', packed('gzip', Buffer.alloc(0)), ''],
  ])('%s is read', (_, bytes, body) =>
    withServer(bytes, async (server, send) => {
      expect((await send(get(server.url))).body).toBe(body);
    }),
  );

  test.each([204, 304])(
    'of status %i that only says how its body would be packed is read',
    (status) =>
      withServer(`HTTP/1.1 ${status} x\r\ncontent-encoding: gzip\r\n\r\n`, async (server, send) => {
        expect(await send(get(server.url))).toMatchObject({ status, body: '' });
      }),
  );

  test.each(['', 'none', 'UTF-8', 'ISO-8859-1', 'identity, identity', ' , '])(
    'is not packed where its encoding is %j',
    (encoding) =>
      withServer(packed(encoding, Buffer.from(TEXT)), async (server, send) => {
        expect((await send(get(server.url))).body).toBe(TEXT);
      }),
  );

  test('is unpacked where it says that it is, and more that is no packing', () =>
    withServer(packed('identity, GZIP', gzipSync(TEXT)), async (server, send) => {
      expect((await send(get(server.url))).body).toBe(TEXT);
    }));

  test.each(['content-length: 9000000\r\n', ''])(
    'that is no success has its status, however large it is (%j)',
    (length) =>
      withServer(
        (socket) => {
          socket.write(`HTTP/1.1 502 Bad Gateway\r\n${length}\r\n`);
          writeEndlessly(socket, 'x'.repeat(65_536));
        },
        async (server, send) => {
          const { status, body } = await send(get(server.url, { maxBytes: 2 ** 24 }));
          expect([status, body.length]).toEqual([502, 2 ** 20]);
          while (server.open > 0) await delay(10);
        },
      ),
  );

  test('is read when it comes byte by byte', () => {
    const bytes = packed('gzip', gzipSync(TEXT));
    return withServer(
      async (socket) => {
        for (const byte of bytes) {
          socket.write(byte, 'latin1');
          await delay(1);
        }
      },
      async (server, send) => {
        expect((await send(get(server.url))).body).toBe(TEXT);
      },
    );
  });

  test.each([301, 307, 308, 421, 500, 503])(
    'of status %i is neither followed nor repeated',
    (status) =>
      withServer(
        `HTTP/1.1 ${status} x\r\nlocation: /elsewhere\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n`,
        async (server, send) => {
          expect((await send(get(server.url, { method: 'POST' }))).status).toBe(status);
          expect(server.requests).toHaveLength(1);
        },
      ),
  );
});
