import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import * as clock from '../../src/time/step-clock.ts';

/** What GitHub's runner gives a step that runs in the background, from SIGINT to SIGKILL. */
const KILLED_AFTER_MS = 7_500;
/** For what no limit counts: a busy machine, and the process's own exit. */
const SLACK_MS = 200;

test('No request waits longer than 30 s', () => {
  const limits = [
    clock.REQUEST_LIMIT_MS,
    clock.QUICK_READ_MS,
    clock.PROBE_LIMIT_MS,
    clock.GITHUB_LIMIT_MS,
  ];
  expect(Math.max(...limits)).toBeLessThanOrEqual(30_000);
});

test('The wait ends within a second of the timeout, and the report 5 s later', () => {
  // The answer to a trigger on its way is waited for within the time of the last look.
  expect(clock.POST_GRACE_MS).toBeLessThan(clock.LAST_LOOK_MS);
  expect(clock.LAST_LOOK_MS + SLACK_MS).toBeLessThanOrEqual(1_000);
  expect(clock.REPORT_MS).toBeLessThanOrEqual(5_000);
});

test('A signal ends the step within 5 s, whatever is under way', () => {
  // An answer to the trigger, then a look at what is live, within the time of the report.
  const toldAfterMs = clock.CANCELLED_POST_GRACE_MS + clock.CANCELLED_LOOK_MS;
  expect(toldAfterMs + SLACK_MS).toBeLessThan(clock.CANCELLED_REPORT_MS);
  expect(clock.CANCELLED_REPORT_MS + SLACK_MS).toBeLessThan(5_000);
  expect(5_000).toBeLessThan(KILLED_AFTER_MS);
});

test('A trigger follows a list of at most a second, or 1.5 to 2 s after a limiter refused it', () => {
  expect(clock.OLDEST_LIST_MS).toBe(1_000);
  expect(2 * clock.LIMITED_PAUSE_MS).toBeLessThanOrEqual(1_000);
});

test('A lost trigger is searched for some 10 s, an accepted one 2 min', () => {
  const sum = (delaysMs: readonly number[]) => delaysMs.reduce((all, ms) => all + ms, 0);
  expect(sum(clock.SEARCH_DELAYS_MS)).toBe(9_000);
  expect(sum(clock.ACCEPTED_DELAYS_MS)).toBe(120_000);
});

test('An API that is down is given up before the trigger within a minute', () => {
  expect(clock.OUTAGE_LIMIT_MS).toBeLessThan(60_000);
  // A hold may double up to its longest several times within it.
  expect(clock.LONGEST_HOLD_MS).toBeLessThan(clock.OUTAGE_LIMIT_MS / 3);
});

test('No other file has a limit or a pause of its own', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.includes('step-clock'),
  );
  const own = files.flatMap((file) =>
    [...readFileSync(join('src', file), 'utf8').matchAll(/const ([A-Z_]+_MS)\b/g)].map(
      ([, name]) => name,
    ),
  );
  // What of a timeline is drawn, the longest input, and the names of units.
  expect(own.sort()).toEqual([
    'LONGEST_DURATION_MS',
    'LONGEST_END_MS',
    'LONG_TRIGGER_MS',
    'SHORTEST_CHART_MS',
    'UNITS_MS',
  ]);
});
