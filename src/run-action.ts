import { abortAfter, Interrupted, type InterruptReason } from './deadline.ts';
import { NodionError } from './nodion-client.ts';
import * as runner from './runner.ts';
import { StepFailure } from './step-failure.ts';

const REPORT_MS = 5_000;
const REPORT_AFTER_CANCELLATION_MS = 3_000;

/** The time and the signals of the step that is running. */
export interface Step {
  /** Aborts at the step's time-out or when the workflow is cancelled; its reason says which. */
  readonly signal: AbortSignal;
  /** Whether the workflow has been cancelled by now, also after the time-out. */
  isCancelled(): boolean;
  /** Starts the step's time-out, `ms` milliseconds counted from the start of the process. */
  startTimeout(ms: number): void;
  /** A signal for what is left to report at the end: aborts after 5 s, or 3 s after a cancellation. */
  reportSignal(): AbortSignal;
}

/**
 * Runs an action to its end: the one place where errors, SIGINT and SIGTERM become a failed step.
 * `main` throws StepFailure to fail with a title of its own.
 */
export async function runAction(main: (step: Step) => Promise<void>): Promise<void> {
  const step = new AbortController();
  const report = new AbortController();
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
    runner.endProcess();
  });
  try {
    await main({
      signal: step.signal,
      isCancelled: () => isCancelled,
      startTimeout: (ms) => {
        setTimeout(() => abort('timed-out'), ms - performance.now()).unref();
      },
      reportSignal: () => {
        abortAfter(REPORT_MS, report);
        return report.signal;
      },
    });
  } catch (error) {
    fail(error);
  }
  runner.endProcess();
}

function fail(error: unknown): void {
  if (error instanceof StepFailure) runner.fail(error.title, error.message);
  else if (error instanceof NodionError) runner.fail('Request to Nodion failed', error.message);
  else if (error instanceof Interrupted) runner.fail(...interruption(error));
  else {
    const unexpected = error instanceof Error ? error : new Error(String(error));
    for (const line of (unexpected.stack ?? '').split('\n')) runner.debug(line);
    runner.fail(
      'Unexpected error',
      `${unexpected.message}. This is a bug of the action: please report it`,
    );
  }
}

function interruption({ reason, lastError }: Interrupted): [string, string] {
  const last = lastError ? `; the last failure was: ${lastError.message}` : '';
  return reason === 'cancelled'
    ? ['Cancelled', `The workflow was cancelled before the step was done${last}`]
    : ['Timed out', `The step's \`timeout\` was over before it was done${last}`];
}
