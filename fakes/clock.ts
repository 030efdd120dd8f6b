import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

/** The time that the fakes and the processes of steps go by. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  sleep(ms: number): Promise<void>;
  /** How many times as fast as the real one. */
  readonly factor: number;
  /** What makes a Node process go by this clock too, for its command line. */
  readonly nodeArguments: readonly string[];
  /** The same for `setClock()` of `fast-clock.mjs`. */
  readonly parameters: Readonly<Record<string, number>>;
}

export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => delay(ms),
  factor: 1,
  nodeArguments: [],
  parameters: { factor: 1, since: 0 },
};

/** How a runner's clock is wrong, in milliseconds: ahead, and so many more after a time. */
export interface WrongClock {
  readonly offset?: number;
  readonly jump?: number;
  readonly jumpAfter?: number;
}

/**
 * A clock that shows the real time now and then runs `factor` times as fast.
 * @param wrong how the processes that go by it differ.
 */
export function fastClock(factor: number, wrong: WrongClock = {}): Clock {
  const since = Date.now();
  const preload = pathToFileURL(resolve('fakes/fast-clock.mjs'));
  const parameters = { factor, since, ...wrong };
  preload.search = Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  return {
    now: () => since + (Date.now() - since) * factor,
    sleep: (ms) => delay(ms / factor),
    factor,
    nodeArguments: ['--import', preload.href],
    parameters,
  };
}
