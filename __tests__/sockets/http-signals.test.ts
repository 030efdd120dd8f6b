import { getEventListeners, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { createTransport } from '../../src/http/transport.ts';
import { failure, get, packed, TEXT, whole, withServer } from './requests.ts';

describe('A signal', () => {
  /** Aborts after a moment, as a cancelled workflow does. */
  function cancelledSoon(afterMs = 200): AbortSignal {
    const controller = new AbortController();
    setTimeout(() => controller.abort('cancelled'), afterMs);
    return controller.signal;
  }

  /** The reason that a request ends with, which must be long before its limit of 30 s. */
  async function reasonOf(request: Promise<unknown>): Promise<unknown> {
    const startedAt = performance.now();
    const reason = await failure(request);
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    return reason;
  }

  test('that has aborted lets nothing be sent', () =>
    withServer(whole(), async (server, send) => {
      const signal = AbortSignal.abort('cancelled');
      expect(await reasonOf(send(get(server.url, { signal })))).toBe('cancelled');
      expect(server.connections).toBe(0);
    }));

  test.each([
    ['no headers come', ''],
    ['the body stalls', whole().slice(0, -1)],
    ['a packed body stalls', packed('br', brotliCompressSync(TEXT)).slice(0, -1)],
  ])('ends a request when %s, and its connection', (_, bytes) =>
    withServer(
      (socket) => socket.write(bytes, 'latin1'),
      async (server, send) => {
        expect(await reasonOf(send(get(server.url, { signal: cancelledSoon() })))).toBe(
          'cancelled',
        );
        while (server.open > 0) await delay(10);
      },
    ),
  );

  test('ends a request in the middle of TLS', () =>
    withServer(
      () => {},
      async (server, send) => {
        const url = `https://${server.address}/`;
        expect(await reasonOf(send(get(url, { signal: cancelledSoon() })))).toBe('cancelled');
        while (server.open > 0) await delay(10);
      },
    ));

  test('ends a request in the middle of unpacking', () => {
    const bomb = packed('gzip', gzipSync(Buffer.alloc(2 ** 28)));
    return withServer(
      (socket) => socket.write(bomb, 'latin1'),
      async (server, send) => {
        const signal = cancelledSoon(20);
        const request = get(server.url, { signal, maxBytes: 2 ** 29 });
        expect(await reasonOf(send(request))).toBe('cancelled');
      },
    );
  });

  test('ends a request in the middle of a body without end', () =>
    withServer(
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const dripping = setInterval(() => socket.write('x'), 10);
        socket.on('close', () => clearInterval(dripping));
      },
      async (server, send) => {
        expect(await reasonOf(send(get(server.url, { signal: cancelledSoon() })))).toBe(
          'cancelled',
        );
        while (server.open > 0) await delay(10);
      },
    ));

  test('is left as it was', () =>
    withServer(whole(), async (server, send) => {
      const { signal } = new AbortController();
      await send(get(server.url, { signal }));
      await failure(send(get(server.url, { signal, maxBytes: 1 })));
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    }));

  // Where nobody accepts connections, Linux lets some wait and then no longer answers.
  const onLinux = process.platform === 'linux' ? test : test.skip;
  onLinux('ends a request that is not even connected', async () => {
    const code = `
      const server = require('node:net').createServer().listen(0, '127.0.0.1', 1, () => {
        require('node:worker_threads').parentPort.postMessage(server.address().port);
        setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), 0);
      });`;
    const worker = new Worker(code, { eval: true });
    const waiting: Socket[] = [];
    try {
      const [port] = await once(worker, 'message');
      await delay(100);
      for (let isConnected = true; isConnected; ) {
        const socket = connect(port, '127.0.0.1').on('error', () => {});
        waiting.push(socket);
        isConnected = await Promise.race([
          once(socket, 'connect').then(() => true),
          delay(300, false),
        ]);
      }
      const request = get(`http://127.0.0.1:${port}/`, { signal: cancelledSoon() });
      expect(await reasonOf(createTransport()(request))).toBe('cancelled');
    } finally {
      for (const socket of waiting) socket.destroy();
      await worker.terminate();
    }
  });
});
