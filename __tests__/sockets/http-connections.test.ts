import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { FakeProxy } from '../../fakes/proxy.ts';
import type { Answer, RawServer } from '../../fakes/raw-server.ts';
import { openSpare } from '../../src/http/spare-connection.ts';
import { createTransport } from '../../src/http/transport.ts';
import {
  failure,
  get,
  packed,
  setEnvironment,
  TEXT,
  untilSeen,
  whole,
  withServer,
} from './requests.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

describe('A connection', () => {
  const answer: Answer = (socket) => socket.write(whole());

  test('is used again', () =>
    withServer(answer, async (server, send) => {
      for (let i = 0; i < 3; i += 1) await send(get(server.url));
      expect(server.connections).toBe(1);
    }));

  test('is used again after a packed answer', () =>
    withServer(
      (socket) => socket.write(packed('gzip', gzipSync(TEXT)), 'latin1'),
      async (server, send) => {
        for (let i = 0; i < 3; i += 1) await send(get(server.url));
        expect(server.connections).toBe(1);
      },
    ));

  test('is opened for each of several requests at once', () =>
    withServer(answer, async (server, send) => {
      await Promise.all([send(get(server.url)), send(get(server.url)), send(get(server.url))]);
      expect(server.connections).toBe(3);
    }));

  test('that the server has closed meanwhile is replaced', () =>
    withServer(
      (socket) => socket.end(whole()),
      async (server, send) => {
        await send(get(server.url));
        while (server.open > 0) await delay(10);
        await send(get(server.url, { method: 'POST' }));
        expect(server.connections).toBe(2);
      },
    ));

  test('that the server closes without an answer to a POST fails that, which is sent once', () =>
    withServer(
      (socket, count) => (count === 1 ? socket.write(whole()) : socket.destroy()),
      async (server, send) => {
        await send(get(server.url));
        const error = await failure(send(get(server.url, { method: 'POST', body: '{}' })));
        expect(error.message).toBe('no answer (ECONNRESET)');
        expect(server.requests).toHaveLength(2);
        expect(server.connections).toBe(2);
      },
    ));

  test('is left by the time that the server closes it, as that announces', () =>
    withServer(
      (socket, count) => {
        const announced = `keep-alive: timeout=${count}\r\n`;
        socket.write(whole().replace('content-length', `${announced}content-length`));
      },
      async (server, send) => {
        await send(get(server.url));
        await send(get(server.url));
        expect(server.connections).toBe(2);
        await delay(1_500);
        await send(get(server.url));
        expect(server.connections).toBe(3);
      },
    ));

  test('of its own is new and closed by its one answer, where asked for', () =>
    withServer(answer, async (server, send) => {
      await send(get(server.url));
      await send(get(server.url, { ownConnection: true }));
      expect(server.requests[1]).toContain('Connection: close\r\n');
      while (server.open > 1) await delay(10);
      await send(get(server.url));
      expect(server.connections).toBe(2);
    }));

  test('that was used before never carries a POST', () =>
    withServer(answer, async (server, send) => {
      await send(get(server.url));
      await send(get(server.url, { method: 'POST', body: '{}' }));
      expect(server.connections).toBe(2);
      expect(server.requests[1]).toContain('Connection: close\r\n');
    }));

  test('that says more than it was asked answers no later request with it', () => {
    let sendMore = () => {};
    return withServer(
      (socket, count) => {
        socket.write(whole(`{"count": ${count}}`));
        if (count === 1) sendMore = () => socket.write(whole('{"count": 99}'));
      },
      async (server, send) => {
        await send(get(server.url));
        await untilSeen();
        sendMore();
        await untilSeen();
        expect((await send(get(server.url))).body).toBe('{"count": 2}');
      },
    );
  });
});

describe('A spare connection', () => {
  const answer: Answer = (socket) => socket.write(whole());
  const connected = async (server: RawServer) => {
    while (server.connections === 0) await delay(5);
    await untilSeen();
  };

  test('carries the request that it was opened for, alone', () =>
    withServer(answer, async (server, send) => {
      const spare = openSpare(server.url);
      await connected(server);
      await send(get(server.url, { method: 'POST', spare }));
      expect(server.connections).toBe(1);
      spare.close();
      await send(get(server.url, { method: 'POST', spare }));
      expect(server.connections).toBe(2);
    }));

  test('is waited for where it is not open yet', () =>
    withServer(answer, async (server, send) => {
      await send(get(server.url, { method: 'POST', spare: openSpare(server.url) }));
      expect(server.connections).toBe(1);
    }));

  test.each<[string, (socket: Socket) => unknown]>([
    ['closes', (socket) => socket.end()],
    ['resets', (socket) => socket.resetAndDestroy()],
    ['answers unasked', (socket) => socket.end('HTTP/1.1 408 Request Timeout\r\n\r\n')],
  ])('that the server %s is not used', (_, end) =>
    withServer(answer, async (server, send) => {
      const spare = openSpare(server.url);
      await connected(server);
      server.eachConnection(end);
      await untilSeen();
      await send(get(server.url, { method: 'POST', spare }));
      expect(server.connections).toBe(2);
      expect(server.requests).toHaveLength(1);
    }),
  );

  test('is closed where it is not needed, ready or not', () =>
    withServer(answer, async (server) => {
      openSpare(server.url).close();
      const spare = openSpare(server.url);
      await connected(server);
      expect(spare.isOpen()).toBe(true);
      spare.close();
      expect(spare.isOpen()).toBe(false);
      while (server.open > 0) await delay(5);
    }));

  test('that can’t be opened leaves the failure to the request', async () => {
    const url = await withServer(answer, async (server) => server.url);
    const spare = openSpare(url);
    await untilSeen();
    expect(spare.isOpen()).toBe(false);
    const error = await failure(createTransport()(get(url, { method: 'POST', spare })));
    expect(error).toMatchObject({ code: 'ECONNREFUSED', wasSent: false });
  });

  test('ends with the request that waits for it', () =>
    withServer(
      () => {},
      async (server, send) => {
        const url = server.url.replace('http:', 'https:');
        const request = get(url, { method: 'POST', timeoutMs: 200, spare: openSpare(url) });
        expect(await failure(send(request))).toMatchObject({ code: 'TIMEOUT', wasSent: false });
        while (server.open > 0) await delay(5);
      },
    ));
});

describe('Each address of a host', () => {
  /** What the attempts to connect give each address. */
  async function attempts(url: string, how = {}): Promise<unknown[]> {
    const connect = jest.spyOn(Socket.prototype, 'connect');
    await createTransport()(get(url, how)).catch(() => {});
    const { calls } = connect.mock;
    connect.mockRestore();
    return calls.flat(2).flatMap((option: unknown) => {
      const { port, autoSelectFamilyAttemptTimeout } = Object(option);
      return port === undefined ? [] : [autoSelectFamilyAttemptTimeout];
    });
  }

  test.each(['http', 'https'])('has 2 to 3 s to answer, by %s', async (scheme) => {
    const url = `${scheme}://127.0.0.1:1/`;
    expect(await attempts(url)).toEqual([2_500]);
    expect(await attempts(url, { ownConnection: true })).toEqual([2_500]);
  });

  test.each(['http', 'https'])('of a proxy has, too, for %s', async (scheme) => {
    const proxy = await FakeProxy.start();
    proxy.fault = 502;
    setEnvironment({ ALL_PROXY: proxy.address });
    try {
      expect(await attempts(`${scheme}://nodion.test/`)).toContain(2_500);
    } finally {
      proxy.close();
    }
  });
});
