import { sentence } from '../runner/sentence.ts';
import { Interrupted, type InterruptReason, withGrace } from '../time/deadline.ts';
import { NodionError } from './errors.ts';

/** How long an API that stays down may hold up what has triggered nothing yet. */
const LIMIT_MS = 55_000;

/** How long Nodion is asked without one answer as documented. */
export interface Patience {
  /** A documented answer to any request: patience is whole again. */
  answered(): void;
  hasBeenAnswered(): boolean;
  /** Nodion asked for a pause of `ms` milliseconds, which does not count. */
  rest(ms: number): void;
  /**
   * Runs `work` with a signal that follows `signal`, and aborts after 55 s without an answer.
   * @throws NodionError then: the last failure.
   */
  limit<T>(signal: AbortSignal, work: (limited: AbortSignal) => Promise<T>): Promise<T>;
}

export function createPatience(): Patience {
  let restsUntilMs = 0;
  let endsAtMs = 0;
  let isAnswered = false;

  function renew(): void {
    endsAtMs = Math.max(performance.now(), restsUntilMs) + LIMIT_MS;
  }

  return {
    answered: () => {
      isAnswered = true;
      renew();
    },
    hasBeenAnswered: () => isAnswered,
    rest: (ms) => {
      const untilMs = performance.now() + ms;
      endsAtMs += Math.max(0, untilMs - Math.max(restsUntilMs, performance.now()));
      restsUntilMs = Math.max(restsUntilMs, untilMs);
    },
    limit: async (signal, work) => {
      renew();
      const controller = new AbortController();
      let timer: NodeJS.Timeout | undefined;
      const check = () => {
        const leftMs = endsAtMs - performance.now();
        if (leftMs > 0) timer = setTimeout(check, leftMs);
        else controller.abort('gave_up' satisfies InterruptReason);
      };
      check();
      try {
        return await withGrace({ signal, controller, graceMs: () => 0 }, work);
      } catch (error) {
        if (!(error instanceof Interrupted) || error.reason !== 'gave_up') throw error;
        throw (
          error.lastError ?? new NodionError(sentence`Nodion does not answer.`, { retryable: true })
        );
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
