import { setTimeout as delay } from 'node:timers/promises';

/** The time that the fakes and the steps go by. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => delay(ms),
};

/** How a runner's clock is wrong, in milliseconds: ahead, and so many more after a time. */
export interface WrongClock {
  readonly offset?: number;
  readonly jump?: number;
  readonly jumpAfter?: number;
}
