import { setMaxListeners } from 'node:events';
import { abortAfter, Interrupted, type InterruptReason } from '../time/deadline.ts';
import * as commands from './commands.ts';
import { StepFailure } from './step-failure.ts';

const REPORT_MS = 5_000;
const REPORT_AFTER_CANCELLATION_MS = 4_000;

/** The time and the signals of the step that is running. */
export interface Step {
  /** Aborts at the step's timeout or when the workflow is cancelled; its reason says which. */
  readonly signal: AbortSignal;
  /** Whether the workflow has been cancelled, also after the timeout. */
  isCancelled(): boolean;
  /** Starts the step's timeout, `ms` milliseconds counted from the start of the process. */
  startTimeout(ms: number): void;
  /** A signal for the report at the end: aborts after 5 s, or 4 s after a cancellation. */
  reportSignal(): AbortSignal;
}

/**
 * Runs an action to its end: the one place where errors, SIGINT and SIGTERM become a failed step.
 * `main` throws StepFailure to fail with a title of its own.
 */
export async function runAction(main: (step: Step) => Promise<void>): Promise<void> {
  const step = new AbortController();
  const report = new AbortController();
  // Every application listens to these two; from the eleventh on, Node would warn of a leak.
  setMaxListeners(0, step.signal, report.signal);
  let isCancelled = false;
  const abort = (reason: InterruptReason) => step.abort(reason);
  for (const signalName of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signalName, () => {
      isCancelled = true;
      abort('cancelled');
      abortAfter(REPORT_AFTER_CANCELLATION_MS, report);
    });
  }
  process.on('uncaughtException', (error) => {
    fail(error);
    commands.endProcess();
  });
  try {
    await main({
      signal: step.signal,
      isCancelled: () => isCancelled,
      startTimeout: (ms) => {
        setTimeout(() => abort('timed_out'), Math.max(0, ms - performance.now())).unref();
      },
      reportSignal: () => {
        abortAfter(REPORT_MS, report);
        return report.signal;
      },
    });
  } catch (error) {
    fail(error);
  }
  commands.endProcess();
}

function fail(error: unknown): void {
  if (error instanceof StepFailure) commands.fail(error.title, error.message);
  else if (error instanceof Interrupted) commands.fail(...describeInterruption(error));
  else {
    const unexpected = error instanceof Error ? error : new Error(String(error));
    for (const line of (unexpected.stack ?? '').split('\n')) commands.debug(line);
    commands.fail(
      'Unexpected error',
      `${unexpected.message}. This is a bug of the action: please report it`,
    );
  }
}

function describeInterruption({ reason, lastError }: Interrupted): [string, string] {
  const last = lastError ? `; the last failure was: ${lastError.message}` : '';
  return reason === 'cancelled'
    ? ['Cancelled', `The workflow was cancelled before the step was done${last}`]
    : ['Timed out', `The step's \`timeout\` was over before it was done${last}`];
}
