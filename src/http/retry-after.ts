import { LONGEST_RETRY_AFTER_MS } from '../time/step-clock.ts';

/**
 * Milliseconds that a `Retry-After` asks for, in seconds or as an HTTP date (RFC 9110, 10.2.3); 0 for
 * nothing, or what can't be read.
 * @param nowMs the server's time in epoch milliseconds.
 */
export function retryAfterMs(value: unknown, nowMs: number): number {
  if (typeof value !== 'string') return 0;
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - nowMs;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS);
}
