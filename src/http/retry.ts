import { ours, type Sentence, sentence } from '../runner/sentence.ts';
import { Interrupted, sleep } from '../time/deadline.ts';
import { formatDuration } from '../time/duration.ts';
import { FIRST_BACK_OFF_MS, LONGEST_BACK_OFF_MS } from '../time/step-clock.ts';
import { FailedRequest } from './failed-request.ts';

/** A failed read that is going to be tried again `retryInMs` milliseconds later. */
export interface Retry {
  readonly error: FailedRequest;
  readonly retryInMs: number;
}

/** A line for the log: what failed and when it is tried again. */
export function describeRetry({ error, retryInMs }: Retry): Sentence {
  return sentence`${error.summary} Retrying in ${ours(formatDuration(retryInMs))}${retryInMs > LONGEST_BACK_OFF_MS && sentence`, if the step's time allows`}`;
}

/**
 * Repeats `read` until it succeeds: exponential back-off with jitter from about 1 s to 15 s, and
 * never sooner than the answer's `Retry-After`.
 *
 * @throws what `read` throws when another try is pointless (see {@link FailedRequest.retryable}).
 * @throws Interrupted with the last failure when `signal` aborts first.
 */
export async function retryRead<T>(
  read: () => Promise<T>,
  { signal, onRetry }: { signal: AbortSignal; onRetry: (retry: Retry) => void },
): Promise<T> {
  let lastError: FailedRequest | null = null;
  try {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await read();
      } catch (error) {
        if (!(error instanceof FailedRequest) || !error.retryable) throw error;
        lastError = error;
      }
      const ceilingMs = Math.min(LONGEST_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** attempt);
      const backOffMs = ceilingMs * (0.5 + Math.random() / 2);
      const retryInMs = Math.max(backOffMs, lastError.retryAfterMs);
      onRetry({ error: lastError, retryInMs });
      await sleep(retryInMs, signal);
    }
  } catch (error) {
    throw error instanceof Interrupted
      ? new Interrupted(error.reason, lastError ?? error.lastError)
      : error;
  }
}
