import { withoutAdvice } from '../../nodion/errors.ts';
import { type Sentence, sentence } from '../../runner/sentence.ts';
import { following, Interrupted, isTimeout, sleep } from '../../time/deadline.ts';
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
  /** What turned bad, and its last answer; null where nothing did: then the step's timeout ended it. */
  readonly failed: { readonly kind: Check['kind']; readonly last: Sentence } | null;
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
 * answer was bad: until a good one, or the third bad one in a row.
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
  const untilMs = performance.now() + stableForMs;
  const controller = new AbortController();
  let failed: Stability['failed'] = null;
  const lastBad = new Map<Check, Sentence>();

  async function watch(check: Check, followed: AbortSignal): Promise<void> {
    const { kind, probe } = check;
    for (let bad = 0; bad > 0 || performance.now() < untilMs; ) {
      await sleep(pollIntervalMs, followed);
      const result = await probe(followed);
      onEvent({ kind: 'watched', check: kind, result });
      bad = result.isGood ? 0 : bad + 1;
      if (result.isGood) lastBad.delete(check);
      else lastBad.set(check, result.phrase);
      if (bad < BAD_IN_A_ROW) continue;
      failed ??= { kind, last: result.phrase };
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
        : last && sentence`The last answer was bad: ${last}.`;
      return { isStable: false, failed, lastProblem: lastProblem ?? null };
    }
    throw error;
  }
}
