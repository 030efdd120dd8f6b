import { setTimeout as delay } from 'node:timers/promises';

/** Why work ended early: the step's `timeout`, a cancelled workflow, or a limit of the work's own. */
export type InterruptReason = 'timed_out' | 'cancelled' | 'gave_up';

/** Thrown in place of a result when a signal ends the work; every signal's reason is an {@link InterruptReason}. */
export class Interrupted extends Error {
  readonly reason: InterruptReason;
  /** The last failure before the interruption; null when nothing had failed. */
  readonly lastError: Error | null;

  constructor(reason: InterruptReason, lastError: Error | null = null) {
    super(reason);
    this.name = 'Interrupted';
    this.reason = reason;
    this.lastError = lastError;
  }
}

/** The interruption came before the request was sent, so it had no effect. */
export class NotSent extends Interrupted {}

/** Whether `error` is the interruption by the step's `timeout`. */
export function isTimeout(error: unknown): error is Interrupted {
  return error instanceof Interrupted && error.reason === 'timed_out';
}

/**
 * Sleeps for `ms` milliseconds.
 * @throws Interrupted as soon as `signal` aborts.
 */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch {
    throw new Interrupted(signal.reason);
  }
}

/** Aborts `controller` with the reason `gave_up` after `ms`, without keeping the process alive for it. */
export function abortAfter(ms: number, controller: AbortController): void {
  setTimeout(() => controller.abort('gave_up' satisfies InterruptReason), ms).unref();
}

/**
 * Runs `work` with a signal of its own that aborts with the reason `gave_up` after `ms`, or with `signal`'s
 * reason when that aborts; `graceMs` is how long after `signal` in case of its timeout.
 *
 * AbortSignal.any() would do the same, but leaks its followers on a long-lived signal in Node 20.
 */
export async function withLimit<T>(
  options: { ms: number; signal: AbortSignal; graceMs?: number },
  work: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const { ms, signal, graceMs = 0 } = options;
  const controller = new AbortController();
  const gaveUp: InterruptReason = 'gave_up';
  const timers = [setTimeout(() => controller.abort(gaveUp), ms)];
  const follow = () => {
    if (signal.reason === 'timed_out' && graceMs > 0) {
      timers.push(setTimeout(() => controller.abort(signal.reason), graceMs));
    } else {
      controller.abort(signal.reason);
    }
  };
  if (signal.aborted) follow();
  else signal.addEventListener('abort', follow, { once: true });
  try {
    return await work(controller.signal);
  } finally {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener('abort', follow);
  }
}
