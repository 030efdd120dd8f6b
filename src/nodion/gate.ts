import { Interrupted } from '../time/deadline.ts';

const REQUESTS_AT_ONCE = 8;
/** So many of them may be to applications that hang, so that those can't hold up the others. */
const SLOW_AT_ONCE = 4;
/** A `429` without a `Retry-After` holds all for so long, doubled by each that follows it. */
const HOLD_MS = 1_000;
const LONGEST_HOLD_MS = 15_000;

/**
 * Whose turn is next: `urgent` requests don't wait for the end of a hold; triggers go before polls; `slow`
 * ones, to what hung before, come last.
 */
export type Lane = 'urgent' | 'trigger' | 'normal' | 'slow';

const LANES: readonly Lane[] = ['urgent', 'trigger', 'normal', 'slow'];

/** The one gate that all requests to Nodion pass: 8 at once, and none while a `Retry-After` holds them. */
export interface Gate {
  /**
   * Runs `work` when its turn has come.
   * @throws Interrupted when `signal` aborts before that.
   */
  pass<T>(options: { lane: Lane; signal: AbortSignal }, work: () => Promise<T>): Promise<T>;
  /** Holds all but urgent requests for `ms` milliseconds, with jitter; for 0 as long as a rate limit suggests. */
  hold(ms: number): void;
  /** Tells that requests are answered again, so the next hold without a `Retry-After` is a short one. */
  release(): void;
}

export function createGate(): Gate {
  const queues: Record<Lane, (() => void)[]> = { urgent: [], trigger: [], normal: [], slow: [] };
  const active = { all: 0, slow: 0 };
  let heldUntilMs = 0;
  let nextHoldMs = HOLD_MS;
  let timer: NodeJS.Timeout | undefined;

  function takeNext(): (() => void) | undefined {
    const isHeld = performance.now() < heldUntilMs;
    const lane = LANES.find(
      (one) =>
        queues[one].length > 0 &&
        (one === 'urgent' || !isHeld) &&
        (one !== 'slow' || active.slow < SLOW_AT_ONCE),
    );
    return lane && queues[lane].shift();
  }

  function admit(): void {
    while (active.all < REQUESTS_AT_ONCE) {
      const start = takeNext();
      if (!start) break;
      start();
    }
    const heldMs = heldUntilMs - performance.now();
    clearTimeout(timer);
    if (heldMs > 0) timer = setTimeout(admit, heldMs);
  }

  function turn({ lane, signal }: { lane: Lane; signal: AbortSignal }): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = () => {
        signal.removeEventListener('abort', leave);
        active.all += 1;
        if (lane === 'slow') active.slow += 1;
        resolve();
      };
      const leave = () => {
        queues[lane] = queues[lane].filter((other) => other !== start);
        reject(new Interrupted(signal.reason));
      };
      // After the timeout only what is urgent still goes out.
      if (signal.aborted && lane !== 'urgent') return leave();
      if (!signal.aborted) signal.addEventListener('abort', leave, { once: true });
      queues[lane].push(start);
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
        if (options.lane === 'slow') active.slow -= 1;
        admit();
      }
    },
    hold: (ms) => {
      const heldMs = ms > 0 ? ms : nextHoldMs;
      if (ms === 0) nextHoldMs = Math.min(2 * nextHoldMs, LONGEST_HOLD_MS);
      // Up to a tenth and half a second more, so that the jobs of a matrix don't return as one.
      const jitterMs = Math.random() * (heldMs / 10 + 500);
      heldUntilMs = Math.max(heldUntilMs, performance.now() + heldMs + jitterMs);
      admit();
    },
    release: () => {
      nextHoldMs = HOLD_MS;
    },
  };
}
