import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { fastClock } from '../../fakes/clock.ts';

// Waits for a minute by each kind of timer; prints what every clock says of it, in milliseconds.
const SCRIPT = `
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import timers from 'node:timers';
import { setTimeout as delay } from 'node:timers/promises';

const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const socket = connect(server.address().port, '127.0.0.1');
const realMs = () => Number(process.hrtime.bigint()) / 1e6;
/** All clocks at one moment: again, where the machine was busy in between. */
const readClocks = () => {
  for (;;) {
    const real = realMs();
    const clocks = [Date.now(), new Date().getTime(), performance.now(), real];
    if (realMs() - real < 3) return clocks;
  }
};
const startedAt = readClocks();
const waits = {
  setTimeout: new Promise((resolve) => setTimeout(resolve, 60_000)),
  setInterval: new Promise((resolve) => { const timer = setInterval(() => resolve(clearInterval(timer)), 60_000); }),
  'node:timers': new Promise((resolve) => timers.setTimeout(resolve, 60_000)),
  'node:timers/promises': delay(60_000),
  'AbortSignal.timeout': once(AbortSignal.timeout(60_000), 'abort'),
  'socket.setTimeout': once(socket.setTimeout(60_000), 'timeout'),
};
const waited = Object.entries(waits).map(async ([name, wait]) => {
  await wait;
  const endedAt = readClocks();
  return [name, endedAt.map((ms, clock) => ms - startedAt[clock])];
});
console.log(JSON.stringify(await Promise.all(waited)));
socket.destroy();
server.close();
`;

test('A fast clock speeds up every timer and clock of a process alike', () => {
  const { nodeArguments } = fastClock(100);
  const output = execFileSync(
    process.execPath,
    [...nodeArguments, '--input-type=module', '-e', SCRIPT],
    { encoding: 'utf8' },
  );
  const waits: [string, number[]][] = JSON.parse(output);
  expect(waits).toHaveLength(6);
  for (const [name, [now = 0, newDate = 0, performanceNow = 0, real = 0]] of waits) {
    for (const fast of [now, newDate, performanceNow]) {
      // A timer may be a millisecond early, a hundred of the fast ones.
      expect([name, fast > 59_700]).toEqual([name, true]);
      expect([name, fast > real * 50 && fast < real * 200]).toEqual([name, true]);
    }
    expect(real).toBeLessThan(30_000);
  }
});

test('A fast clock shows the same time to a process as to the fakes', () => {
  const clock = fastClock(100);
  const before = clock.now();
  const output = execFileSync(
    process.execPath,
    [...clock.nodeArguments, '-p', '[Date.now(), new Date().getTime(), Date.parse(Date())]'],
    { encoding: 'utf8' },
  );
  for (const shown of JSON.parse(output)) {
    expect(shown).toBeGreaterThanOrEqual(before - 1_000);
    expect(shown).toBeLessThanOrEqual(clock.now());
  }
});
