import { Interrupted } from '../time/deadline.ts';
import {
  FIRST_HOLD_MS,
  LATER_POLL_SPACING_MS,
  LONGEST_HOLD_MS,
  POLL_SPACING_MS,
} from '../time/step-clock.ts';

/** So many requests may be on their way to one host. */
export const REQUESTS_AT_ONCE = 8;
/** So many of them may be to applications that hang, so that those can't hold up the others. */
const SLOW_AT_ONCE = 4;
/** So many of them may be for what the step can do without. */
const BACKGROUND_AT_ONCE = 2;

const LANES = ['urgent', 'trigger', 'normal', 'poll', 'background'] as const;

/**
 * Whose turn is next: `urgent` requests, which don't wait for the end of a hold, then triggers, other
 * requests, polls, a little apart from each other, and what the step can do without.
 */
export type Lane = (typeof LANES)[number];

/** What waits for its turn. */
export interface Admission {
  readonly lane: Lane;
  /** Whether it is to an application that did not answer in time before. */
  readonly isSlow: boolean;
}

/** The one gate that all requests to Nodion pass: 8 at once, and none while a `Retry-After` holds them. */
export interface Gate {
  /**
   * Runs `work` when its turn has come.
   * @throws Interrupted when `signal` aborts before that.
   */
  pass<T>(options: Admission & { signal: AbortSignal }, work: () => Promise<T>): Promise<T>;
  /**
   * Holds all but urgent requests for `ms` milliseconds, with jitter; for 0 as long as a rate limit suggests.
   * @returns the milliseconds that they are held from now on.
   */
  hold(ms: number): number;
  /** Tells that requests are answered again, so the next hold without a `Retry-After` is a short one. */
  release(): void;
  /** Lets polls follow each other closer from now on. */
  hastenPolls(): void;
}

export function createGate(): Gate {
  let queue: (Admission & { readonly start: () => void })[] = [];
  const active = { all: 0, slow: 0, background: 0 };
  let heldUntilMs = 0;
  let nextHoldMs = FIRST_HOLD_MS;
  let nextPollAtMs = 0;
  let pollSpacingMs = POLL_SPACING_MS;
  let timer: NodeJS.Timeout | undefined;

  const heldMs = () => heldUntilMs - performance.now();

  function admit(): void {
    // Read once: a hold that ended between two readings would leave the queue without its timer.
    const nowMs = performance.now();
    const leftMs = heldUntilMs - nowMs;
    while (active.all < REQUESTS_AT_ONCE) {
      const inOrder = LANES.flatMap((lane) => queue.filter((one) => one.lane === lane));
      const next = inOrder.find(
        ({ lane, isSlow }) =>
          (lane === 'urgent' || leftMs <= 0) &&
          (!isSlow || active.slow < SLOW_AT_ONCE) &&
          (lane !== 'poll' || nowMs >= nextPollAtMs) &&
          (lane !== 'background' || active.background < BACKGROUND_AT_ONCE),
      );
      if (!next) break;
      queue = queue.filter((one) => one !== next);
      if (next.lane === 'poll') nextPollAtMs = nowMs + pollSpacingMs;
      next.start();
    }
    clearTimeout(timer);
    const hasPolls = queue.some(({ lane }) => lane === 'poll');
    const againMs = Math.max(leftMs, hasPolls ? nextPollAtMs - nowMs : 0);
    if (againMs > 0 && queue.length > 0) timer = setTimeout(admit, againMs);
  }

  function turn({ lane, isSlow, signal }: Admission & { signal: AbortSignal }): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = () => {
        signal.removeEventListener('abort', leave);
        active.all += 1;
        if (isSlow) active.slow += 1;
        if (lane === 'background') active.background += 1;
        resolve();
      };
      const leave = () => {
        queue = queue.filter((one) => one.start !== start);
        reject(new Interrupted(signal.reason));
      };
      // After the timeout only what is urgent still goes out.
      if (signal.aborted && lane !== 'urgent') return leave();
      if (!signal.aborted) signal.addEventListener('abort', leave, { once: true });
      queue.push({ lane, isSlow, start });
      admit();
    });
  }

  return {
    pass: async (options, work) => {
      await turn(options);
      try {
        return await work();
      } finally {
        active.all -= 1;
        if (options.isSlow) active.slow -= 1;
        if (options.lane === 'background') active.background -= 1;
        // What follows from the answer comes before the next request: it may be that nothing more is to be sent.
        setImmediate(admit);
      }
    },
    hold: (ms) => {
      // The answers to requests that were sent side by side are one refusal.
      if (ms === 0 && heldMs() > 0) return heldMs();
      const longMs = ms > 0 ? ms : nextHoldMs;
      if (ms === 0) nextHoldMs = Math.min(2 * nextHoldMs, LONGEST_HOLD_MS);
      // Up to a tenth and half a second more, so that the jobs of a matrix don't return as one.
      const jitterMs = Math.random() * (longMs / 10 + 500);
      heldUntilMs = Math.max(heldUntilMs, performance.now() + longMs + jitterMs);
      admit();
      return heldMs();
    },
    release: () => {
      nextHoldMs = FIRST_HOLD_MS;
    },
    hastenPolls: () => {
      pollSpacingMs = LATER_POLL_SPACING_MS;
    },
  };
}
