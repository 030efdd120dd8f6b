import type { Sentence } from '../runner/sentence.ts';
import { Interrupted, isTimeout, NotSent, sleep } from '../time/deadline.ts';
import { ACCEPTED_DELAYS_MS, SEARCH_DELAYS_MS } from '../time/step-clock.ts';
import { NodionError } from './errors.ts';

const POSTS_AT_MOST = 3;

/** A POST was sent, and nobody can say whether it was carried out. */
export class UnknownOutcome extends Error {
  /** What became of the last request, or why the search for its effect ended. */
  override readonly cause: unknown;
  /** Whether the search for the POST's effect failed. */
  readonly searchFailed: boolean;
  /** Its answer, where that was a success; null where it was another, or none. */
  readonly accepted: NodionError | null;
  /** What was found in place of its effect; null for nothing. */
  readonly doubt: Sentence | null;

  constructor(
    cause: unknown,
    details: { searchFailed?: boolean; answer?: unknown; doubt?: Sentence | null } = {},
  ) {
    const { searchFailed = false, answer = cause, doubt = null } = details;
    super('the outcome of a POST is unknown');
    this.name = 'UnknownOutcome';
    this.cause = cause;
    this.searchFailed = searchFailed;
    this.accepted = answer instanceof NodionError && answer.isSuccess ? answer : null;
    this.doubt = doubt;
  }
}

/** Thrown where a search found what the POST may have made or not: then it is not to be sent again. */
export class InDoubt extends Error {
  /** What that is. */
  readonly reason: Sentence;

  constructor(reason: Sentence) {
    super(`${reason}`);
    this.name = 'InDoubt';
    this.reason = reason;
  }
}

/** What became of a POST: its result, what was found in its place, or why there is neither. */
export type Posted<T> =
  | { readonly result: T; readonly found: boolean }
  | { readonly error: unknown };

/** Looks for what an earlier POST made; null when there is nothing. @throws InDoubt */
export type Search<T> = (how: {
  /** Whether the POST had some 10 s to show its effect. */
  readonly isLate: boolean;
  /** Whether it is the last one before the POST is repeated or given up. */
  readonly isLast: boolean;
  /** Whether the step's time is over, or it was cancelled: nothing is left but a short look. */
  readonly isPastDeadline: boolean;
}) => Promise<T | null>;

/**
 * Sends a POST, with its failure as a value.
 * @throws NodionError for one that was not sent, so that it is retried as a read is.
 */
export async function post<T>(sending: Promise<T>): Promise<Posted<T>> {
  try {
    return { result: await sending, found: false };
  } catch (error) {
    if (error instanceof NodionError && !error.wasSent) throw error;
    return { error };
  }
}

/**
 * Sends a POST that must not be carried out twice, to an API without idempotency keys. An answer
 * that is neither documented nor a refusal may or may not have been carried out, so its effect is
 * searched for, three times some seconds apart, before the POST is repeated: at most twice, or until
 * the deadline after a 429. A 421 or a redirect would only come again, so it is not repeated. Nor is
 * what was answered with success, whatever the body: that is searched for up to 2 min.
 *
 * @param options.post sends it for the `attempt`th time; may find what an earlier attempt made, or throw
 *   InDoubt.
 * @param options.search null when it can't be searched for.
 * @returns the POST's result, or what was found in its place (`found: true`).
 * @throws NodionError when the POST is refused, or what `post` throws before it is sent.
 * @throws UnknownOutcome when it remains unknown whether anything was made.
 */
export async function postOnce<T>(options: {
  post: (attempt: number) => Promise<Posted<T>>;
  search: Search<T> | null;
  signal: AbortSignal;
  onUnknownOutcome: (error: NodionError) => void;
  onRepeat?: (attempt: number) => void;
}): Promise<{ result: T; found: boolean }> {
  const { search, signal, onUnknownOutcome, onRepeat } = options;
  let rateLimited = 0;
  let lastError: unknown = null;
  for (let attempt = 1; ; attempt += 1) {
    let posted: Posted<T>;
    try {
      posted = await options.post(attempt);
    } catch (error) {
      if (attempt === 1) throw error;
      if (error instanceof InDoubt) throw new UnknownOutcome(lastError, { doubt: error.reason });
      const searchFailed = error instanceof NodionError || error instanceof Interrupted;
      const failure = new UnknownOutcome(error, { searchFailed, answer: lastError });
      return await lastSearch(search, failure);
    }
    if (!('error' in posted)) return posted;
    const { error } = posted;
    lastError = error;
    if (attempt === 1 && (error instanceof NotSent || isRefusal(error))) throw error;
    if (!(error instanceof NodionError) || isRefusal(error) || search === null) {
      return await lastSearch(search, new UnknownOutcome(error));
    }

    onUnknownOutcome(error);
    const repeatAtMs = performance.now() + error.retryAfterMs;
    try {
      const delaysMs = error.isSuccess ? ACCEPTED_DELAYS_MS : SEARCH_DELAYS_MS;
      for (const [index, delayMs] of delaysMs.entries()) {
        await sleep(delayMs, signal);
        const isLate = index >= SEARCH_DELAYS_MS.length - 1;
        const isLast = index === delaysMs.length - 1;
        const found = await search({ isLate, isLast, isPastDeadline: false });
        if (found !== null) return { result: found, found: true };
      }
      if (error.status === 429) rateLimited += 1;
      const mayRepeat = error.retryable && !error.isSuccess;
      const isRepeatable = mayRepeat && attempt - rateLimited < POSTS_AT_MOST;
      if (!isRepeatable) throw new UnknownOutcome(error);
      await sleep(repeatAtMs - performance.now(), signal);
    } catch (reason) {
      if (reason instanceof UnknownOutcome) throw reason;
      if (reason instanceof InDoubt) throw new UnknownOutcome(error, { doubt: reason.reason });
      const ended = reason instanceof Interrupted ? withLastError(reason, error) : reason;
      return await lastSearch(
        search,
        new UnknownOutcome(ended, { searchFailed: true, answer: error }),
      );
    }
    onRepeat?.(attempt + 1);
  }
}

/** One more look when the deadline or a cancellation ended the search. @throws `failure` when there is nothing. */
async function lastSearch<T>(
  search: Search<T> | null,
  failure: UnknownOutcome,
): Promise<{ result: T; found: boolean }> {
  if (search === null || !(failure.cause instanceof Interrupted)) throw failure;
  try {
    // After a cancellation nothing more is sent: nothing but what was asked for need be taken for it.
    const isLast = isTimeout(failure.cause);
    const found = await search({ isLate: true, isLast, isPastDeadline: true });
    if (found !== null) return { result: found, found: true };
  } catch (error) {
    // What else fails, the failure says already.
    if (error instanceof InDoubt) {
      const { cause, searchFailed, accepted: answer } = failure;
      throw new UnknownOutcome(cause, { searchFailed, answer, doubt: error.reason });
    }
  }
  throw failure;
}

/** What failed during the search says more than what it was for. */
function withLastError({ reason, lastError }: Interrupted, error: NodionError): Interrupted {
  return new Interrupted(reason, lastError ?? error);
}

/** Whether the answer says for certain that nothing was made. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof NodionError) || error.status === null) return false;
  const { status, retryable } = error;
  return status >= 400 && status <= 499 && !retryable && status !== 421;
}
