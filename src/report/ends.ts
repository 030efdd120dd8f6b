import type { DeploymentRun } from '../deploy/deploy-application.ts';
import type { Rollback } from '../deploy/roll-back.ts';
import { type Sentence, sentence } from '../runner/sentence.ts';

const ENDS = { failure: 'failed', timed_out: 'timed out', cancelled: 'not done' } as const;

/**
 * How many did not succeed, and why: `1 of 5 applications failed, 2 not triggered`, `3 of 5 applications: 2
 * failed, 1 timed out`, `Step cancelled with 2 of 5 applications not done`.
 */
export function countEnds(runs: readonly DeploymentRun[]): string {
  const ended = runs.filter((run) => !isSkipped(run));
  const counts = Object.entries(ENDS).flatMap(([kind, words]) => {
    const { length } = ended.filter(({ conclusion }) => conclusion.kind === kind);
    return length > 0 ? [{ length, words }] : [];
  });
  const failed = counts.reduce((sum, { length }) => sum + length, 0);
  const skipped = runs.length - ended.length;
  const more = skipped > 0 ? `, ${skipped} not triggered` : '';
  const ofAll = `${failed} of ${runs.length} applications`;
  const [only, ...others] = counts;
  if (others.length > 0) {
    return `${ofAll}: ${counts.map(({ length, words }) => `${length} ${words}`).join(', ')}${more}`;
  }
  return only?.words === ENDS.cancelled
    ? `Step cancelled with ${ofAll} not done${more}`
    : `${ofAll} ${only?.words}${more}`;
}

/** Whether it was not triggered because of another application. */
export function isSkipped({ conclusion }: DeploymentRun): boolean {
  return conclusion.reason === 'skipped';
}

function isGrave({ conclusion: { kind } }: Rollback): boolean {
  return kind === 'failure' || kind === 'timed_out';
}

/** Failed rollbacks first, since what is live is bad then; then other failures, then those not triggered. */
export function byGravity(runs: readonly DeploymentRun[]): DeploymentRun[] {
  const gravity = (run: DeploymentRun) => {
    if (run.conclusion.kind === 'success') return 0;
    return isSkipped(run) ? 1 : run.rollback && isGrave(run.rollback) ? 3 : 2;
  };
  return [...runs].sort((a, b) => gravity(b) - gravity(a));
}

/** That the step was cancelled, where none of these runs says so. */
export function describeCancellation(runs: readonly DeploymentRun[]): Sentence[] {
  const kinds = runs.map(({ conclusion }) => conclusion.kind);
  if (kinds.includes('cancelled')) return [];
  return kinds.every((kind) => kind === 'success')
    ? [sentence`The step was cancelled too late to change anything; it is red all the same.`]
    : [sentence`The step was cancelled meanwhile.`];
}
