import type { Sentence } from '../../runner/sentence.ts';
import { Interrupted, sleep } from '../../time/deadline.ts';
import { withRunningLimit } from '../../time/running-time.ts';
import type { DeployPlan, HealthPlan } from '../plan/deploy-plan.ts';
import type { HealthProbe, ProbeResult } from './probe-health.ts';

/** What a health check found. */
export interface Health {
  /** What was asked, as messages show it. */
  readonly where: Sentence;
  /** Null where nothing is known: no answer came, and that is not certain to be the application's fault. */
  readonly isHealthy: boolean | null;
  /** How many answers came, and how many of them were bad. */
  readonly answers: number;
  readonly bad: number;
  /** Null for none. */
  readonly lastAnswer: ProbeResult | null;
  readonly lastBad: ProbeResult | null;
  /** The last probe that says nothing about the application; null for none. */
  readonly lastFailure: ProbeResult | null;
  /** Whether it proves that the application is bad. */
  readonly isProof: boolean;
  /** What ended it; null when it is healthy. */
  readonly endedBy: 'health_timeout' | 'timeout' | null;
}

/** What happens while an application is asked for its health. */
export interface HealthEvent {
  readonly kind: 'health';
  readonly result: ProbeResult;
}

/**
 * Probes every `pollIntervalMs` until so many good answers in a row have come as `health` needs, for its
 * `timeoutMs` at most, not counting the time in which the process was stopped or others had their turn. A
 * probe that a deadline cuts off is no answer.
 *
 * @throws Interrupted when the workflow is cancelled.
 */
export async function checkHealth(
  { pollIntervalMs, health }: Pick<DeployPlan, 'pollIntervalMs'> & { health: HealthPlan },
  options: {
    probe: HealthProbe;
    signal: AbortSignal;
    onEvent: (event: HealthEvent) => void;
  },
): Promise<Health> {
  const { probe, signal, onEvent } = options;
  const { successes: needed, timeoutMs } = health;
  let found: Omit<Health, 'isHealthy' | 'endedBy'> = {
    where: probe.where,
    answers: 0,
    bad: 0,
    lastAnswer: null,
    lastBad: null,
    lastFailure: null,
    isProof: false,
  };
  try {
    return await withRunningLimit(signal, timeoutMs, async (limited, exempt) => {
      for (let good = 0; ; ) {
        const result = await probe.probe(limited, exempt());
        good = result.verdict === 'good' ? good + 1 : 0;
        found = foundAfter(found, result);
        onEvent({ kind: 'health', result });
        if (good === needed) return { ...found, isProof: false, isHealthy: true, endedBy: null };
        await sleep(pollIntervalMs, limited);
      }
    });
  } catch (error) {
    if (!(error instanceof Interrupted) || error.reason === 'cancelled') throw error;
    if (error.reason === 'timed_out') {
      const isHealthy = found.answers === 0 ? null : false;
      return { ...found, isProof: false, isHealthy, endedBy: 'timeout' };
    }
    // The first probe had all of the time.
    const isSilent = found.answers === 0 && found.lastFailure === null && !probe.isProxyUnproven();
    const isHealthy = found.answers > 0 || isSilent ? false : null;
    // It may be just the good answers in a row that came too late.
    const isBad = found.isProof && found.lastAnswer?.verdict === 'bad';
    return { ...found, isProof: isBad || isSilent, isHealthy, endedBy: 'health_timeout' };
  }
}

function foundAfter<T extends Omit<Health, 'isHealthy' | 'endedBy'>>(
  found: T,
  result: ProbeResult,
): T {
  const { verdict } = result;
  // What was bad before sight of it was lost may be good by now.
  if (verdict === 'unknown') return { ...found, lastFailure: result, isProof: false };
  return {
    ...found,
    answers: found.answers + 1,
    bad: found.bad + (verdict === 'bad' ? 1 : 0),
    lastAnswer: result,
    lastBad: verdict === 'bad' ? result : found.lastBad,
    isProof: found.isProof || result.isProof,
  };
}
