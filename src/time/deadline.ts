import { setTimeout as delay } from 'node:timers/promises';

/** Why work ended early: the step's `timeout`, a cancelled workflow, another application's failure, or a limit of the work's own. */
export type InterruptReason = 'timed_out' | 'cancelled' | 'halted' | 'gave_up';

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
    await delay(Math.max(0, ms), undefined, { signal });
  } catch {
    throw new Interrupted(signal.reason);
  }
}

/** Resolves with null after `ms`, without keeping the process alive for it. */
export function lapse(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), ms).unref());
}

/** Resolves once all that can be begun now has been. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Aborts `controller` after `ms`, without keeping the process alive for it. */
export function abortAfter(
  ms: number,
  controller: AbortController,
  reason: InterruptReason = 'gave_up',
): void {
  setTimeout(() => controller.abort(reason), Math.max(0, ms)).unref();
}

/**
 * Runs `work` with the signal of `controller`, which aborts when `signal` does, with its reason.
 *
 * AbortSignal.any() would leak its followers on a long-lived signal in Node 20.
 */
export async function following<T>(
  signal: AbortSignal,
  controller: AbortController,
  work: (followed: AbortSignal) => Promise<T>,
): Promise<T> {
  const follow = () => controller.abort(signal.reason);
  if (signal.aborted) follow();
  else signal.addEventListener('abort', follow, { once: true });
  try {
    return await work(controller.signal);
  } finally {
    signal.removeEventListener('abort', follow);
  }
}

/** Runs `work` with a signal that aborts when either does, with its reason; `one`'s where both have. */
export async function untilEither<T>(
  one: AbortSignal,
  other: AbortSignal,
  work: (followed: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  return await following(one, controller, () => following(other, controller, work));
}

/** Runs `work` with a signal that aborts when `signal` does, and after `ms` milliseconds. */
export async function withLimit<T>(
  signal: AbortSignal,
  ms: number,
  work: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  abortAfter(ms, controller);
  return await following(signal, controller, work);
}

/** Runs `work` with a signal that aborts `graceMs()` milliseconds after `signal` does, with its reason. */
export async function withGrace<T>(
  signal: AbortSignal,
  graceMs: () => number,
  work: (followed: AbortSignal) => Promise<T>,
): Promise<T> {
  const delayed = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const delay = () => {
    const ms = graceMs();
    if (ms > 0) timer = setTimeout(() => delayed.abort(signal.reason), ms);
    else delayed.abort(signal.reason);
  };
  if (signal.aborted) delay();
  else signal.addEventListener('abort', delay, { once: true });
  try {
    return await work(delayed.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', delay);
  }
}
