import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { checkHealth } from '../../src/deploy/checks/check-health.ts';
import { createHealthProbe } from '../../src/deploy/checks/probe-health.ts';
import type { SendRequest } from '../../src/http/transport.ts';
import { whole, withServer } from './requests.ts';

/** Checks one application, which has been live for a minute. */
function check(url: string, transport: SendRequest, timeoutMs: number, text: string | null = null) {
  const liveSinceMs = performance.now() - 60_000;
  return checkHealth(
    {
      pollIntervalMs: 100,
      health: { at: { kind: 'urls', urls: [url] }, text, successes: 1, timeoutMs },
    },
    {
      probe: createHealthProbe({ url, text, liveSinceMs }, transport),
      signal: new AbortController().signal,
      onEvent: () => {},
    },
  );
}

test.concurrent('At most 8 are asked at once, and waiting for a turn takes no time of the check', () => {
  let mostOpen = 0;
  return withServer(
    async (socket) => {
      await delay(500);
      socket.end(whole());
    },
    async (server, send) => {
      const counting = setInterval(() => {
        mostOpen = Math.max(mostOpen, server.open);
      }, 5);
      // Eight turns of half a second, of which each check sees one: a stall of two more does no harm.
      const checks = Array.from({ length: 64 }, () => check(server.url, send, 3_000));
      const healths = await Promise.all(checks);
      clearInterval(counting);
      expect(healths.every(({ isHealthy, answers }) => isHealthy && answers === 1)).toBe(true);
      expect(server.connections).toBe(64);
      expect(mostOpen).toBeLessThanOrEqual(8);
    },
  );
});

test.concurrent.each([
  ['0', true, '0'],
  ['2 s less than the deployment is live', true, (liveS: number) => liveS - 2],
  ['5 s more than the deployment is live', false, (liveS: number) => liveS + 5],
  ['999999', false, '999999'],
  ['new', true, 'new'],
  ['-7', true, '-7'],
] as const)('An answer with an Age of %s is good: %s', (_, isHealthy, age) => {
  const startedAt = performance.now();
  return withServer(
    (socket) => {
      // Of now, however long the machine stood still: the check takes the deployment as live for a minute.
      const liveS = 60 + Math.floor((performance.now() - startedAt) / 1_000);
      const shown = typeof age === 'string' ? age : age(liveS);
      socket.end(`HTTP/1.1 200 OK\r\nAge: ${shown}\r\ncontent-length: 0\r\n\r\n`);
    },
    async (server, send) => {
      const health = await check(server.url, send, isHealthy ? 30_000 : 1_000);
      expect(health).toMatchObject({ isHealthy, isProof: false });
    },
  );
});

test.concurrent('A redirect out of a cache is told as a redirect, and proves nothing', () =>
  withServer(
    'HTTP/1.1 301 x\r\nage: 900\r\nlocation: /in\r\ncontent-length: 0\r\n\r\n',
    async (server, send) => {
      const { lastBad, isProof } = await check(server.url, send, 1_000);
      expect([lastBad?.trouble, isProof]).toEqual(['redirect', false]);
      expect(String(lastBad?.phrase)).toBe(
        `301 from ${server.url}, a redirect to ${server.url}in, which a cache has had for 900 s: it may be from before the deployment went live`,
      );
    },
  ));

test.concurrent('A text that has come is good though the body has no end', () =>
  withServer(
    (socket) => socket.write('HTTP/1.1 200 OK\r\n\r\nversion v2\n'),
    async (server, send) => {
      const health = await check(server.url, send, 30_000, 'v2');
      expect(health).toMatchObject({ isHealthy: true, answers: 1 });
    },
  ));

test.concurrent('Silence for all of the time is a proof, and a bad answer too', async () => {
  await withServer(
    () => {},
    async (server, send) => {
      const health = await check(server.url, send, 300);
      expect(health).toMatchObject({ isHealthy: false, answers: 0, isProof: true });
    },
  );
  await withServer('HTTP/1.1 503 x\r\ncontent-length: 0\r\n\r\n', async (server, send) => {
    const health = await check(server.url, send, 300);
    expect(health).toMatchObject({ isHealthy: false, isProof: true });
  });
});
