import { ours, type Sentence, sentence } from '../runner/sentence.ts';
import { Interrupted, sleep } from '../time/deadline.ts';
import { formatDuration } from '../time/duration.ts';
import { NodionError } from './errors.ts';
import type { Patience } from './patience.ts';

const FIRST_BACK_OFF_MS = 1_000;
const LONGEST_BACK_OFF_MS = 15_000;

/** A failed read that is going to be tried again `retryInMs` milliseconds later. */
export interface Retry {
  readonly error: NodionError;
  readonly retryInMs: number;
}

/** A line for the log: what failed and when it is tried again. */
export function describeRetry({ error, retryInMs }: Retry): Sentence {
  return sentence`${error.what} Retrying in ${ours(formatDuration(retryInMs))}`;
}

/**
 * Repeats `read` until it succeeds: exponential back-off with jitter from about 1 s to 15 s, and
 * never sooner than the answer's `Retry-After`.
 *
 * @param read is given a time limit where there is one of patience.
 * @param options.patience ends it earlier, with the last failure; without one only `signal` does.
 * @throws what `read` throws when another try is pointless (see {@link NodionError.retryable}).
 * @throws Interrupted with the last failure when `signal` aborts first.
 */
export async function retryRead<T>(
  read: (limit: { timeoutMs?: number }) => Promise<T>,
  options: { signal: AbortSignal; onRetry: (retry: Retry) => void; patience?: Patience },
): Promise<T> {
  const { signal, onRetry, patience } = options;
  const left = patience?.follow();
  let lastError: NodionError | null = null;
  try {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const result = await read(left ? { timeoutMs: Math.ceil(left.leftMs()) } : {});
        patience?.answered();
        return result;
      } catch (error) {
        if (!(error instanceof NodionError) || !error.retryable) throw error;
        lastError = error;
      }
      const ceilingMs = Math.min(LONGEST_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** attempt);
      const backOffMs = ceilingMs * (0.5 + Math.random() / 2);
      const retryInMs = Math.max(backOffMs, lastError.retryAfterMs);
      left?.spend(lastError.spentMs + backOffMs);
      if (left && left.leftMs() <= 0) throw lastError;
      onRetry({ error: lastError, retryInMs });
      await sleep(retryInMs, signal);
    }
  } catch (error) {
    throw error instanceof Interrupted ? new Interrupted(error.reason, lastError) : error;
  }
}
