import { following, type InterruptReason } from './deadline.ts';
import { RUNNING_LATE_MS, RUNNING_TICK_MS } from './step-clock.ts';

/** The time for which the process runs: none passes while it, or its machine, is stopped. */
export interface RunningTime {
  elapsedMs(): number;
  /** Whether it was stopped, so that nothing could be received, since the start. */
  wasStopped(): boolean;
  end(): void;
}

/** Measures from now on, until its end. */
export function measureRunningTime(): RunningTime {
  let elapsedMs = 0;
  let wasStopped = false;
  let lastMs = performance.now();
  const look = () => {
    const sinceMs = performance.now() - lastMs;
    const isLate = sinceMs > RUNNING_TICK_MS + RUNNING_LATE_MS;
    wasStopped ||= isLate;
    elapsedMs += isLate ? RUNNING_TICK_MS : sinceMs;
    lastMs += sinceMs;
  };
  const timer = setInterval(look, RUNNING_TICK_MS).unref();
  return {
    elapsedMs: () => {
      look();
      return elapsedMs;
    },
    wasStopped: () => {
      look();
      return wasStopped;
    },
    end: () => clearInterval(timer),
  };
}

/**
 * Runs `work` with a signal that aborts when `signal` does, and after `ms` milliseconds of running time
 * but for what `work` waits for in `exempt`.
 */
export async function withRunningLimit<T>(
  signal: AbortSignal,
  ms: number,
  work: (limited: AbortSignal, exempt: () => () => void) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const time = measureRunningTime();
  let endsAtMs = ms;
  let exemptSinceMs: number | null = null;
  const exempt = () => {
    exemptSinceMs = time.elapsedMs();
    return () => {
      endsAtMs += time.elapsedMs() - (exemptSinceMs ?? 0);
      exemptSinceMs = null;
    };
  };
  let timer: NodeJS.Timeout | undefined;
  const check = () => {
    const leftMs = endsAtMs - (exemptSinceMs ?? time.elapsedMs());
    if (leftMs <= 0) controller.abort('gave_up' satisfies InterruptReason);
    else timer = setTimeout(check, Math.min(leftMs, RUNNING_TICK_MS)).unref();
  };
  check();
  try {
    return await following(signal, controller, (limited) => work(limited, exempt));
  } finally {
    clearTimeout(timer);
    time.end();
  }
}
