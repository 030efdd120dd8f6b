import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { RawServer } from '../../fakes/raw-server.ts';
import { createTransport } from '../../src/http/transport.ts';
import { failure, get, packed, TEXT, withServer } from './requests.ts';

describe('A failure', () => {
  const gzip = gzipSync(TEXT);
  const brotli = brotliCompressSync(TEXT);
  const junk = Buffer.from('junk');
  const half = TEXT.slice(0, 10);
  const ok = 'HTTP/1.1 200 OK\r\n';
  const length = `${ok}content-length: 5\r\n`;
  const chunked = `${ok}transfer-encoding: chunked\r\n`;
  test.each([
    ['no bytes', '', 'ECONNRESET'],
    ['headers that are cut off', `${ok}content-le`, 'ECONNRESET'],
    [
      'a switch of protocol',
      'HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
      'ECONNRESET',
    ],
    ['a body shorter than its length', `${length}\r\nfour`, 'CUT_OFF'],
    ['chunks that are cut off', `${chunked}\r\na\r\n${half}\r\n`, 'CUT_OFF'],
    ['packed text that is cut off', packed('gzip', gzip).slice(0, -9), 'CUT_OFF'],
    ['gzip that ends early', packed('gzip', gzip.subarray(0, -9)), 'BAD_ENCODING'],
    ['brotli that ends early', packed('br', brotli.subarray(0, -3)), 'BAD_ENCODING'],
    ['more behind gzip', packed('gzip', Buffer.concat([gzip, junk])), 'BAD_ENCODING'],
    [
      'more behind deflate',
      packed('deflate', Buffer.concat([deflateSync(TEXT), junk])),
      'BAD_ENCODING',
    ],
    ['more behind brotli', packed('br', Buffer.concat([brotli, junk])), 'BAD_ENCODING'],
    ['what is no gzip', packed('gzip', Buffer.from(TEXT)), 'BAD_ENCODING'],
    ['what is no brotli', packed('br', Buffer.from(TEXT)), 'BAD_ENCODING'],
    ['deflate without its frame', packed('deflate', deflateRawSync(TEXT)), 'BAD_ENCODING'],
    ['an unknown encoding', packed('zstd', junk), 'BAD_ENCODING'],
    ['two encodings', packed('gzip, br', brotliCompressSync(gzip)), 'BAD_ENCODING'],
    ['a body longer than its length', `${length}\r\n{"a":1}`, 'HPE_INVALID_CONSTANT'],
    ['two lengths', `${length}content-length: 6\r\n\r\nfive!`, 'HPE_UNEXPECTED_CONTENT_LENGTH'],
    [
      'a length and chunks',
      `${length}transfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      'HPE_INVALID_TRANSFER_ENCODING',
    ],
    ['a chunk without a length', `${chunked}\r\nfive!\r\n0\r\n\r\n`, 'HPE_INVALID_CHUNK_SIZE'],
    ['64 kB of headers', `${ok}x: ${'y'.repeat(65_536)}\r\n\r\n`, 'HPE_HEADER_OVERFLOW'],
    ['what is no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', 'HPE_INVALID_CONSTANT'],
  ])('is what becomes of an answer with %s', (_, bytes, code) => {
    const message =
      {
        ECONNRESET: 'no answer (ECONNRESET)',
        CUT_OFF: 'the answer was cut off',
        BAD_ENCODING: "the answer can't be unpacked",
        HPE_HEADER_OVERFLOW: "the answer's headers are too large (HPE_HEADER_OVERFLOW)",
      }[code] ?? `the answer is not valid HTTP (${code})`;
    return withServer(bytes, async (server, send) => {
      const error = await failure(send(get(server.url, { method: 'POST' })));
      expect({ ...error, message: error.message }).toEqual({
        name: 'HttpError',
        message,
        code,
        host: server.address,
        proxy: null,
        isFinal: false,
        status: { ECONNRESET: null, CUT_OFF: 200, BAD_ENCODING: 200 }[code] ?? error.status,
        wasSent: true,
      });
      expect(server.requests).toHaveLength(1);
    });
  });

  test.each([
    ['an unknown encoding', packed('zstd', junk).slice(0, -1)],
    ['broken gzip', packed('gzip', Buffer.from(TEXT)).slice(0, -1)],
    ['more behind brotli', packed('br', Buffer.concat([brotli, junk])).slice(0, -1)],
    ['more than was said', `${length}\r\n{"a":1}`],
  ])('closes the connection of an answer with %s', (_, bytes) =>
    withServer(
      (socket) => socket.write(bytes, 'latin1'),
      async (server, send) => {
        await failure(send(get(server.url, { timeoutMs: 2_000 })));
        while (server.open > 0) await delay(10);
      },
    ),
  );

  test.each([
    ['before', '', 'no answer (ECONNRESET)'],
    ['in the middle of', `${length}\r\nfo`, 'the answer was cut off'],
  ])('is a connection that is reset %s an answer', (_, bytes, message) =>
    withServer(
      (socket) => socket.write(bytes, () => socket.resetAndDestroy()),
      async (server, send) => {
        expect((await failure(send(get(server.url)))).message).toBe(message);
      },
    ),
  );

  test('is a port where nobody listens', async () => {
    const server = await RawServer.start(() => {});
    const { url } = server;
    server.close();
    const error = await failure(createTransport()(get(url)));
    expect(error.message).toBe('no answer (ECONNREFUSED)');
    expect(error).toMatchObject({ isFinal: false, wasSent: false });
  });

  test('is a server without TLS that is spoken to by it', () =>
    withServer('HTTP/1.1 400 Bad Request\r\n\r\n', async (server, send) => {
      const error = await failure(send(get(server.url.replace('http:', 'https:'))));
      expect(error.message).toMatch(/^no answer \((?:EPROTO|ERR_SSL_\w+)\)$/);
      expect(error).toMatchObject({ isFinal: false, wasSent: false });
    }));

  test('is a name that nobody knows, and nothing was sent', async () => {
    const error = await failure(createTransport()(get('https://nodion.invalid/')));
    expect(error.code).toMatch(/^(?:ENOTFOUND|EAI_AGAIN)$/);
    expect(error.wasSent).toBe(false);
  });

  test('is a server that never gets to TLS, and nothing was sent', () =>
    withServer(
      () => {},
      async (server, send) => {
        const url = server.url.replace('http:', 'https:');
        const error = await failure(send(get(url, { method: 'POST', timeoutMs: 300 })));
        expect(error).toMatchObject({ code: 'TIMEOUT', wasSent: false });
      },
    ));

  test.each([
    ['never answers', () => {}, 'TIMEOUT'],
    ['resets the connection', (socket: Socket) => socket.resetAndDestroy(), 'ECONNRESET'],
  ])('that comes when a server %s may have been sent', (_, answer, code) =>
    withServer(answer, async (server, send) => {
      const error = await failure(send(get(server.url, { method: 'POST', timeoutMs: 300 })));
      expect(error).toMatchObject({ code, wasSent: true });
    }),
  );

  test('is final for a certificate that is not trusted, and says what to do', async () => {
    const server = await RawServer.start(() => {}, { isSecure: true });
    try {
      const error = await failure(createTransport()(get(server.url)));
      expect(error.message).toBe(
        'no answer (DEPTH_ZERO_SELF_SIGNED_CERT). The runner does not trust the certificate: name its authority in NODE_EXTRA_CA_CERTS',
      );
      expect(error).toMatchObject({ isFinal: true, wasSent: false });
      expect(server.requests).toEqual([]);
    } finally {
      server.close();
    }
  });
});
