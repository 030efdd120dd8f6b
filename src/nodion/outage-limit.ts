import { sentence } from '../runner/sentence.ts';
import { following, Interrupted, type InterruptReason } from '../time/deadline.ts';
import { OUTAGE_LIMIT_MS } from '../time/step-clock.ts';
import { NodionError } from './errors.ts';

/** How long Nodion is asked without one answer as documented. */
export interface OutageLimit {
  /** A documented answer to any request: the time begins anew. */
  answered(): void;
  hasBeenAnswered(): boolean;
  /** Nodion asked for a pause of `ms` milliseconds, which does not count. */
  pause(ms: number): void;
  /**
   * Runs `work` with a signal that follows `signal`, and aborts after 55 s without an answer.
   * @throws NodionError then: the last failure.
   */
  run<T>(signal: AbortSignal, work: (limited: AbortSignal) => Promise<T>): Promise<T>;
}

export function createOutageLimit(): OutageLimit {
  let pausedUntilMs = 0;
  let endsAtMs = 0;
  let isAnswered = false;

  function renew(): void {
    endsAtMs = Math.max(performance.now(), pausedUntilMs) + OUTAGE_LIMIT_MS;
  }

  return {
    answered: () => {
      isAnswered = true;
      renew();
    },
    hasBeenAnswered: () => isAnswered,
    pause: (ms) => {
      const untilMs = performance.now() + ms;
      endsAtMs += Math.max(0, untilMs - Math.max(pausedUntilMs, performance.now()));
      pausedUntilMs = Math.max(pausedUntilMs, untilMs);
    },
    run: async (signal, work) => {
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
        return await following(signal, controller, work);
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
