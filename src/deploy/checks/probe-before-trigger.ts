import type { SendRequest } from '../../http/transport.ts';
import { sentence } from '../../runner/sentence.ts';
import { StepFailure } from '../../runner/step-failure.ts';
import { Interrupted, isTimeout } from '../../time/deadline.ts';
import { createHealthProbe, type ProbeResult } from './probe-health.ts';

/**
 * Probes once before anything is triggered, whatever the answer contains. A dry run goes on at the timeout.
 * @throws Interrupted when `signal` aborts.
 */
export async function probeBeforeTrigger(
  url: string,
  options: { transport: SendRequest; signal: AbortSignal; isDryRun: boolean },
): Promise<ProbeResult> {
  const { transport, signal, isDryRun } = options;
  try {
    return await createHealthProbe({ url, text: null, liveSinceMs: null }, transport).probe(signal);
  } catch (error) {
    if (!isTimeout(error)) throw error;
    const phrase = sentence`no answer before the timeout`;
    if (isDryRun) return { verdict: 'bad', phrase, trouble: 'application', isProof: false };
    const reason = sentence`The health check before the trigger had ${phrase}: look at the application's log, or check \`health_url\`.`;
    throw new Interrupted(error.reason, new StepFailure('Timed out', [reason]));
  }
}
