import type { DeploymentRun } from '../../deploy/deploy-application.ts';
import * as commands from '../../runner/commands.ts';
import { loadPart } from '../../runner/load-part.ts';
import { toStepFailure } from '../../runner/run-action.ts';
import { sentence } from '../../runner/sentence.ts';
import { StepFailure } from '../../runner/step-failure.ts';
import { Interrupted } from '../../time/deadline.ts';
import type { LogTail } from '../log-tail.ts';
import { describeFailure, describeSuccesses, reasonOf } from '../wording.ts';
import { type ShortSummary, SYMBOLS, shortSummary } from './short-summary.ts';

/**
 * Writes the job summary of applications that were deployed; a short one where the part of the action that
 * does it is gone from the disk. Never throws: a failure is a warning.
 */
export async function writeJobSummary(
  runs: readonly DeploymentRun[],
  options: { logTails: ReadonlyMap<DeploymentRun, LogTail>; isCancelled: boolean },
): Promise<void> {
  const loaded = await loadPart(() => import('./job-summary.ts'));
  if (loaded) {
    writeSummary(loaded.jobSummary(runs, { ...options, workflow: workflow() }));
  } else {
    const lines = runs
      .filter(({ conclusion }) => conclusion.kind !== 'success')
      .map(describeFailure);
    const failed = { symbol: SYMBOLS.failure, title: 'Failed', lines };
    writeShortSummary(lines.length > 0 ? failed : { symbol: '✅', ...describeSuccesses(runs) });
  }
}

/** Writes the job summary of any other end. Never throws: a failure is a warning. */
export function writeShortSummary(summary: ShortSummary): void {
  writeSummary(shortSummary(summary));
}

/** Runs `work`, and writes the job summary of its failure, if it is a known one. @throws what `work` throws. */
export async function withFailureSummary(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof StepFailure || error instanceof Interrupted) {
      const isCancelled = error instanceof Interrupted && error.reason === 'cancelled';
      const isLate = error instanceof Interrupted && !isCancelled;
      const kind = isCancelled ? 'cancelled' : isLate ? 'timed_out' : 'failure';
      const { title, lines } = toStepFailure(error);
      writeShortSummary({ symbol: SYMBOLS[kind], title, lines });
    }
    throw error;
  }
}

/** Appends it to the step's job summary. Never throws: a failure is a warning. */
export function writeSummary(summary: string): void {
  try {
    const problem = commands.outputProblem();
    const unwritten = {
      symbol: '❌',
      title: 'Outputs not written',
      lines: problem ? [problem] : [],
    };
    commands.appendToSummary((problem ? shortSummary(unwritten) : '') + summary);
  } catch (error) {
    commands.warning('No job summary', [
      sentence`The job summary can't be written: ${reasonOf(error)}`,
    ]);
  }
}

function workflow() {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_SHA } = process.env;
  return {
    repositoryUrl:
      GITHUB_SERVER_URL && GITHUB_REPOSITORY ? `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}` : null,
    sha: GITHUB_SHA ?? null,
  };
}
