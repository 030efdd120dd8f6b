import { withoutAdvice } from '../../nodion/errors.ts';
import { type Sentence, sentence } from '../../runner/sentence.ts';
import { following, Interrupted, isTimeout, sleep } from '../../time/deadline.ts';
import { measureRunningTime } from '../../time/running-time.ts';
import type { DeployPlan } from '../plan/deploy-plan.ts';
import type { ProbeResult } from './probe-health.ts';

/** So many bad answers in a row are no coincidence. */
export const BAD_IN_A_ROW = 3;

/** What is probed again and again. */
export interface Check {
  readonly kind: 'health' | 'rollout';
  readonly probe: (signal: AbortSignal) => Promise<ProbeResult>;
}

/** What became of an application while it was watched. */
export interface Stability {
  readonly isStable: boolean;
  /** What turned bad; null where nothing did: then the step's timeout ended it. */
  readonly failed: {
    readonly kind: Check['kind'];
    readonly last: ProbeResult;
    /** Whether all of the bad answers prove that the application is bad. */
    readonly isProof: boolean;
  } | null;
  /** What stood against it when the step's timeout ended it: the last answer, or what could not be read. */
  readonly lastProblem: Sentence | null;
}

/** What happens while an application is watched. */
export interface StabilityEvent {
  readonly kind: 'watched';
  readonly check: Check['kind'];
  readonly result: ProbeResult;
}

/**
 * Probes each of `checks` every `pollIntervalMs` for `stableForMs`, and on from there while the last
 * one was not good: until a good answer, or the third bad one in a row.
 *
 * @throws what a check throws, Interrupted when the workflow is cancelled.
 */
export async function watchStability(
  { pollIntervalMs, stableForMs }: Pick<DeployPlan, 'pollIntervalMs' | 'stableForMs'>,
  options: {
    checks: readonly Check[];
    signal: AbortSignal;
    onEvent: (event: StabilityEvent) => void;
  },
): Promise<Stability> {
  const { checks, signal, onEvent } = options;
  // What could not be probed while the process was stopped was not watched.
  const time = measureRunningTime();
  const controller = new AbortController();
  let failed: Stability['failed'] = null;
  const lastBad = new Map<Check, ProbeResult>();

  async function watch(check: Check, followed: AbortSignal): Promise<void> {
    const { kind, probe } = check;
    let [isGood, bad, proofs] = [true, 0, 0];
    while (!isGood || time.elapsedMs() < stableForMs) {
      await sleep(pollIntervalMs, followed);
      const result = await probe(followed);
      onEvent({ kind: 'watched', check: kind, result });
      isGood = result.verdict === 'good';
      if (isGood) [bad, proofs] = [0, 0];
      if (result.verdict === 'bad') bad += 1;
      if (result.isProof) proofs += 1;
      if (result.verdict === 'unknown') proofs = 0;
      if (isGood) lastBad.delete(check);
      else lastBad.set(check, result);
      if (bad < BAD_IN_A_ROW) continue;
      failed ??= { kind, last: result, isProof: proofs === bad };
      throw new Interrupted('gave_up');
    }
  }

  try {
    await following(signal, controller, (followed) =>
      Promise.all(checks.map((check) => watch(check, followed))),
    );
    return { isStable: true, failed: null, lastProblem: null };
  } catch (error) {
    controller.abort('gave_up');
    if (failed || isTimeout(error)) {
      const { lastError } = error as Interrupted;
      const [last] = lastBad.values();
      const lastProblem = lastError
        ? sentence`The last read failed: ${withoutAdvice(lastError)}`
        : last && describeLast(last);
      return { isStable: false, failed, lastProblem: lastProblem ?? null };
    }
    throw error;
  } finally {
    time.end();
  }
}

function describeLast({ verdict, phrase }: ProbeResult): Sentence {
  return verdict === 'bad'
    ? sentence`The last answer was bad: ${phrase}.`
    : sentence`The last probe says nothing about the application: ${phrase}.`;
}
