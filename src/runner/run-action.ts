import { setMaxListeners } from 'node:events';
import { abortAfter, Interrupted, type InterruptReason } from '../time/deadline.ts';
import { CANCELLED_REPORT_MS, REPORT_MS } from '../time/step-clock.ts';
import * as commands from './commands.ts';
import { sentence } from './sentence.ts';
import { describeError, StepFailure } from './step-failure.ts';

const CANCELLED_TOO_LATE = sentence`The step was cancelled too late to change anything; it is red all the same.`;

/** The time and the signals of the step that is running. */
export interface Step {
  /** Aborts at the step's timeout or when the workflow is cancelled; its reason says which. */
  readonly signal: AbortSignal;
  /** Whether a signal has ended the step, also after the timeout. */
  isCancelled(): boolean;
  /** A signal for work with a time limit of its own: aborts after `ms`, or when the workflow is cancelled. */
  moreTime(ms: number): AbortSignal;
  /** Starts the step's timeout, `ms` milliseconds counted from the start of the process. */
  startTimeout(ms: number): void;
  /** A signal for the report at the end: aborts after 5 s, or 4 s after a cancellation. */
  reportSignal(): AbortSignal;
}

/**
 * Runs an action to its end: the one place where errors, SIGINT and SIGTERM become a failed step.
 * `main` throws StepFailure to fail with a title of its own.
 * @param onBug called with an error that nobody foresaw, before the step ends.
 */
export async function runAction(
  main: (step: Step) => Promise<void>,
  onBug: () => void = () => {},
): Promise<void> {
  /** Fails the step where something failed, or where its outputs could not be written. */
  function end(error: unknown): void {
    const failure = error === null ? null : toStepFailure(error, onBug);
    const problem = commands.outputProblem();
    if (!failure && !problem) return;
    commands.fail(failure?.title ?? 'Outputs not written', [
      ...(failure?.lines ?? []),
      ...(problem ? [problem] : []),
    ]);
  }

  const step = new AbortController();
  const report = new AbortController();
  // Every application listens to these two; from the eleventh on, Node would warn of a leak.
  setMaxListeners(0, step.signal, report.signal);
  let isCancelled = false;
  const limited = [step];
  for (const signalName of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signalName, () => {
      isCancelled = true;
      for (const controller of limited) controller.abort('cancelled' satisfies InterruptReason);
      abortAfter(CANCELLED_REPORT_MS, report);
    });
  }
  process.on('uncaughtException', (error) => {
    end(error);
    commands.endProcess();
  });
  try {
    await main({
      signal: step.signal,
      isCancelled: () => isCancelled,
      startTimeout: (ms) => abortAfter(ms - performance.now(), step, 'timed_out'),
      moreTime: (ms) => {
        const more = new AbortController();
        if (isCancelled) more.abort('cancelled' satisfies InterruptReason);
        limited.push(more);
        abortAfter(ms, more, 'timed_out');
        return more.signal;
      },
      reportSignal: () => {
        abortAfter(REPORT_MS, report);
        return report.signal;
      },
    });
    end(isCancelled ? new StepFailure('Step cancelled', [CANCELLED_TOO_LATE]) : null);
  } catch (error) {
    end(error);
  }
  commands.endProcess();
}

/** The failed step that an error ends in; `onBug` is called where nobody foresaw it. */
export function toStepFailure(error: unknown, onBug: () => void = () => {}): StepFailure {
  if (error instanceof StepFailure) return error;
  if (error instanceof Interrupted) return interruption(error);
  const unexpected = error instanceof Error ? error : new Error(String(error));
  onBug();
  for (const line of (unexpected.stack ?? '').split('\n')) commands.debug(line);
  return new StepFailure('Unexpected error', [
    sentence`This is a bug in the action, so please report it, unless a part of it is gone from the runner's disk: ${unexpected.message}`,
  ]);
}

function interruption({ reason, lastError }: Interrupted): StepFailure {
  const last = lastError ? [sentence`The last failure: ${describeError(lastError)}`] : [];
  return reason === 'cancelled'
    ? new StepFailure('Step cancelled', [
        sentence`The step was cancelled before it was done.`,
        ...last,
      ])
    : new StepFailure('Timed out', [
        sentence`The \`timeout\` expired before the step was done.`,
        ...last,
      ]);
}
