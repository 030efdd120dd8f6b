import { createRequire, syncBuiltinESMExports } from 'node:module';

// Preloaded into a step's process: `node --import 'file:///…/fast-clock.mjs?factor=10&since=1763815200000'`.
// Time then passes `factor` times as fast; `Date` has done so since `since` (epoch milliseconds, real),
// performance.now() does from here on. Not sped up: process.hrtime(), and what Node times by itself.
// `offset`: so many milliseconds is `Date` ahead; `jump`: so many more from `jumpAfter` milliseconds on.

const realNow = Date.now;
const realPerformanceNow = performance.now.bind(performance);

/** What time goes by, and from when on performance.now() does; the real clock before the first setClock(). */
let clock = { factor: 1, since: realNow(), offset: 0, jump: 0, jumpAfter: 0 };
let setAt = 0;
let startedAt = 0;

/** Goes by another clock from now on, with performance.now() at `elapsedMs`. */
export function setClock(parameters, elapsedMs = realPerformanceNow()) {
  clock = { offset: 0, jump: 0, jumpAfter: 0, ...parameters };
  setAt = realPerformanceNow();
  startedAt = elapsedMs;
}

const now = () => {
  const elapsed = (realNow() - clock.since) * clock.factor;
  return clock.since + elapsed + clock.offset + (elapsed > clock.jumpAfter ? clock.jump : 0);
};
Date.now = now;
globalThis.Date = new Proxy(Date, {
  apply: () => new Date(now()).toString(),
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length > 0 ? args : [now()], newTarget),
});

performance.now = () => startedAt + (realPerformanceNow() - setAt) * clock.factor;

const require = createRequire(import.meta.url);
const timers = require('node:timers');
const { setTimeout: realTimeout, setInterval: realInterval } = timers;
timers.setTimeout = (callback, ms, ...args) => realTimeout(callback, ms / clock.factor, ...args);
timers.setInterval = (callback, ms, ...args) => realInterval(callback, ms / clock.factor, ...args);
globalThis.setTimeout = timers.setTimeout;
globalThis.setInterval = timers.setInterval;

const promises = require('node:timers/promises');
const { setTimeout: realDelay } = promises;
promises.setTimeout = (ms, ...rest) => realDelay(ms / clock.factor, ...rest);
syncBuiltinESMExports();

const { Socket } = require('node:net');
const { setTimeout: realSocketTimeout } = Socket.prototype;
Socket.prototype.setTimeout = function (ms, callback) {
  return realSocketTimeout.call(this, ms / clock.factor, callback);
};

const { searchParams } = new URL(import.meta.url);
if (searchParams.size > 0) {
  setClock(Object.fromEntries([...searchParams].map(([name, value]) => [name, Number(value)])));
}
