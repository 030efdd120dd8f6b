import { createRequire, syncBuiltinESMExports } from 'node:module';

// Preloaded into a step's process: `node --import 'file:///…/fast-clock.mjs?factor=10&since=1763815200000'`.
// Time then passes `factor` times as fast; `Date` has done so since `since` (epoch milliseconds, real),
// performance.now() does from here on. Not sped up: process.hrtime(), and what Node times by itself.
// `offset`: so many milliseconds is `Date` ahead; `jump`: so many more from `jumpAfter` milliseconds on.

const { searchParams } = new URL(import.meta.url);
const factor = Number(searchParams.get('factor'));
const since = Number(searchParams.get('since'));
const offset = Number(searchParams.get('offset'));
const jump = Number(searchParams.get('jump'));
const jumpAfter = Number(searchParams.get('jumpAfter'));

const realNow = Date.now;
const now = () => {
  const elapsed = (realNow() - since) * factor;
  return since + elapsed + offset + (elapsed > jumpAfter ? jump : 0);
};
Date.now = now;
globalThis.Date = new Proxy(Date, {
  apply: () => new Date(now()).toString(),
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length > 0 ? args : [now()], newTarget),
});

const realPerformanceNow = performance.now.bind(performance);
const preloadedAt = realPerformanceNow();
performance.now = () => preloadedAt + (realPerformanceNow() - preloadedAt) * factor;

const require = createRequire(import.meta.url);
const timers = require('node:timers');
const { setTimeout: realTimeout, setInterval: realInterval } = timers;
timers.setTimeout = (callback, ms, ...args) => realTimeout(callback, ms / factor, ...args);
timers.setInterval = (callback, ms, ...args) => realInterval(callback, ms / factor, ...args);
globalThis.setTimeout = timers.setTimeout;
globalThis.setInterval = timers.setInterval;

const promises = require('node:timers/promises');
const { setTimeout: realDelay } = promises;
promises.setTimeout = (ms, ...rest) => realDelay(ms / factor, ...rest);
syncBuiltinESMExports();

const { Socket } = require('node:net');
const { setTimeout: realSocketTimeout } = Socket.prototype;
Socket.prototype.setTimeout = function (ms, callback) {
  return realSocketTimeout.call(this, ms / factor, callback);
};
