import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { Answer } from '../../fakes/raw-server.ts';
import { failure, get, packed, TEXT, whole, withServer } from './wire.ts';

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

  test('that the server closes just as a POST goes out fails that, which is sent once', () =>
    withServer(
      (socket, count) => (count === 1 ? socket.write(whole()) : socket.destroy()),
      async (server, send) => {
        await send(get(server.url));
        const error = await failure(send(get(server.url, { method: 'POST', body: '{}' })));
        expect(error.message).toBe('no answer (ECONNRESET)');
        expect(server.requests).toHaveLength(2);
        expect(server.connections).toBe(1);
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

  test('that says more than it was asked answers no later request with it', () =>
    withServer(
      (socket, count) => {
        socket.write(whole(`{"count": ${count}}`));
        if (count === 1) setTimeout(() => socket.write(whole('{"count": 99}')), 50);
      },
      async (server, send) => {
        await send(get(server.url));
        await delay(200);
        expect((await send(get(server.url))).body).toBe('{"count": 2}');
      },
    ));
});
