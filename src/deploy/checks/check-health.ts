import type { SendRequest } from '../../http/transport.ts';
import type { Sentence } from '../../runner/sentence.ts';
import { Interrupted, sleep, withLimit } from '../../time/deadline.ts';
import type { DeployPlan, HealthPlan } from '../plan/deploy-plan.ts';
import { type ProbeResult, probeHealth, shownAddress } from './probe-health.ts';

/** What a health check found. */
export interface Health {
  /** What was asked, as messages show it. */
  readonly where: Sentence;
  /** Null where time was over before the first answer. */
  readonly isHealthy: boolean | null;
  /** How many answers came, and how many of them were bad. */
  readonly answers: number;
  readonly bad: number;
  /** Null for none. */
  readonly lastAnswer: ProbeResult | null;
  readonly lastBad: ProbeResult | null;
  /** What ended it; null when it is healthy. */
  readonly endedBy: 'health_timeout' | 'timeout' | null;
}

/** What happens while an application is asked for its health. */
export interface HealthEvent {
  readonly kind: 'health';
  readonly result: ProbeResult;
  /** Good answers in a row until now, and how many there must be. */
  readonly good: number;
  readonly needed: number;
}

/**
 * Asks for `url` every `pollIntervalMs` until so many good answers in a row have come as `health` needs,
 * for its `timeoutMs` at most. A probe that a deadline cuts off is no answer.
 *
 * @throws Interrupted when the workflow is cancelled.
 */
export async function checkHealth(
  { pollIntervalMs, health }: Pick<DeployPlan, 'pollIntervalMs'> & { health: HealthPlan },
  options: {
    url: string;
    transport: SendRequest;
    signal: AbortSignal;
    onEvent: (event: HealthEvent) => void;
  },
): Promise<Health> {
  const { url, transport, signal, onEvent } = options;
  const { text, successes: needed, timeoutMs } = health;
  let found: Omit<Health, 'isHealthy' | 'endedBy'> = {
    where: shownAddress(url),
    answers: 0,
    bad: 0,
    lastAnswer: null,
    lastBad: null,
  };
  try {
    return await withLimit(signal, timeoutMs, async (limited) => {
      for (let good = 0; ; ) {
        const result = await probeHealth({ url, text }, { transport, signal: limited });
        good = result.isGood ? good + 1 : 0;
        found = {
          ...found,
          answers: found.answers + 1,
          bad: found.bad + (result.isGood ? 0 : 1),
          lastAnswer: result,
          lastBad: result.isGood ? found.lastBad : result,
        };
        onEvent({ kind: 'health', result, good, needed });
        if (good === needed) return { ...found, isHealthy: true, endedBy: null };
        await sleep(pollIntervalMs, limited);
      }
    });
  } catch (error) {
    if (!(error instanceof Interrupted) || error.reason === 'cancelled') throw error;
    const endedBy = error.reason === 'timed_out' ? 'timeout' : 'health_timeout';
    const isUnknown = endedBy === 'timeout' && found.answers === 0;
    return { ...found, isHealthy: isUnknown ? null : false, endedBy };
  }
}
