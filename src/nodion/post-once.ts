import { Interrupted, NotSent, sleep } from '../time/deadline.ts';
import { NodionError } from './errors.ts';

const POSTS_AT_MOST = 3;
/** A server that dropped its answer may still be at work: what it makes can show up seconds later. */
const SEARCH_DELAYS_MS = [1_000, 3_000, 5_000];
/** Answers that say for certain that nothing was made. */
const REFUSALS: readonly (number | null)[] = [400, 401, 403, 404];

/** A POST was sent, and nobody can say whether it was carried out. */
export class UnknownOutcome extends Error {
  /** What became of the last request, or why the search for its effect ended. */
  override readonly cause: unknown;
  /** Whether the search for the POST's effect failed. */
  readonly searchFailed: boolean;

  constructor(cause: unknown, searchFailed = false) {
    super('the outcome of a POST is unknown');
    this.name = 'UnknownOutcome';
    this.cause = cause;
    this.searchFailed = searchFailed;
  }
}

/**
 * Sends a POST that must not be carried out twice, to an API without idempotency keys. An answer
 * that is neither documented nor a refusal may or may not have been carried out, so its effect is
 * looked for, three times some seconds apart, before the POST is repeated, at most twice. One that
 * would only be answered the same way again (409, 422, a redirect) is not repeated.
 *
 * @returns the POST's result, or what was found in its place (`found: true`).
 * @throws NodionError when the POST is refused, Interrupted when `signal` aborts before it was sent.
 * @throws UnknownOutcome when it remains unknown whether anything was made.
 */
export async function postOnce<T>(options: {
  post: () => Promise<T>;
  /** Looks for what an earlier POST made; null in place of the function when it can't be looked for. */
  find: (() => Promise<T | null>) | null;
  signal: AbortSignal;
  onUnknownOutcome: (error: NodionError) => void;
  onRepeat: (attempt: number) => void;
}): Promise<{ result: T; found: boolean }> {
  const { post, find, signal, onUnknownOutcome, onRepeat } = options;
  if (signal.aborted) throw new Interrupted(signal.reason);
  for (let attempt = 1; ; attempt += 1) {
    let lost: unknown;
    try {
      return { result: await post(), found: false };
    } catch (error) {
      lost = error;
    }
    const isRefusal = lost instanceof NodionError && REFUSALS.includes(lost.status);
    if (attempt === 1 && (isRefusal || lost instanceof NotSent)) throw lost;
    if (!(lost instanceof NodionError) || find === null) throw new UnknownOutcome(lost);
    onUnknownOutcome(lost);
    const result = await search(find, lost.retryAfterMs, signal);
    if (result !== null) return { result, found: true };
    if (!lost.retryable && attempt === 1) throw lost;
    if (!lost.retryable || attempt === POSTS_AT_MOST) throw new UnknownOutcome(lost);
    onRepeat(attempt + 1);
  }
}

async function search<T>(
  find: () => Promise<T | null>,
  retryAfterMs: number,
  signal: AbortSignal,
): Promise<T | null> {
  try {
    for (const [index, pauseMs] of SEARCH_DELAYS_MS.entries()) {
      await sleep(index === 0 ? Math.max(pauseMs, retryAfterMs) : pauseMs, signal);
      const found = await find();
      if (found !== null) return found;
    }
    return null;
  } catch (error) {
    throw new UnknownOutcome(error, true);
  }
}
