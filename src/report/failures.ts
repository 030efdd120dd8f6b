import type { Conclusion } from '../deploy/conclusion/conclusion.ts';
import { describeLive } from '../deploy/conclusion/describe-live.ts';
import { whatGoesOn } from '../deploy/conclusion/interruption.ts';
import type { DeploymentRun } from '../deploy/deploy-application.ts';
import { isFinal } from '../nodion/deployments.ts';
import * as commands from '../runner/commands.ts';
import { joined, ours, type Sentence, sentence } from '../runner/sentence.ts';
import { StepFailure } from '../runner/step-failure.ts';
import { byGravity, countEnds, describeCancellation, isSkipped } from './ends.ts';
import { describeFailure, describeNow, describeSuccesses, displayName } from './wording.ts';

/**
 * The end of a step of which some failed, or that was cancelled after all went well: names each that failed,
 * or all of them. Of several, the log has a line for each, since an annotation holds 4,096 characters only.
 */
export function stepFailure(
  runs: readonly DeploymentRun[],
  { isCancelled }: { isCancelled: boolean },
): StepFailure {
  const failed = runs.filter(({ conclusion }) => conclusion.kind !== 'success');
  const [first] = failed;
  const cancellation = isCancelled ? describeCancellation(runs) : [];
  if (!first || first.conclusion.kind === 'success') {
    const { lines } = describeSuccesses(runs);
    const open = runs.flatMap((run) => goesOn(run, runs.length > 1));
    return new StepFailure('Step cancelled', [...cancellation, ...lines, ...open]);
  }
  if (failed.length > 1) for (const run of failed) commands.info(describeFailure(run));
  if (runs.length === 1) {
    const [summary, ...rest] = first.conclusion.lines;
    const named = sentence`Application ${displayName(first.target)}: ${summary ?? null}`;
    return new StepFailure(first.conclusion.title, [named, ...rest, ...cancellation]);
  }
  const ended = failed.filter((run) => !isSkipped(run));
  const [kind, ...others] = new Set(ended.map(({ conclusion }) => conclusion.kind));
  return new StepFailure((kind && others.length === 0 && TITLES[kind]) || 'Not all succeeded', [
    sentence`${ours(countEnds(runs))}.`,
    ...cancellation,
    ...byGravity(failed).map(describeFailure),
    ...runs.flatMap(noLongerLive),
  ]);
}

/** That what succeeded is not live, or that this is not known. */
function noLongerLive(run: DeploymentRun): Sentence[] {
  const now = describeNow(run);
  const number = run.deployment?.deploy_number ?? null;
  return now
    ? [sentence`Application ${displayName(run.target)}: Deployment #${number} went live; ${now}.`]
    : [];
}

/** What becomes of a deployment that is not waited for, and what is live meanwhile. */
function goesOn({ target, deployment, live, before }: DeploymentRun, isNamed: boolean): Sentence[] {
  if (!deployment || isFinal(deployment)) return [];
  const lines = [whatGoesOn(deployment), describeLive(live, before, { wentLive: false })];
  return isNamed ? [sentence`${displayName(target)}: ${joined(lines, ' ')}`] : lines;
}

const TITLES: Partial<Record<Conclusion['kind'], string>> = {
  timed_out: 'Timed out',
  cancelled: 'Step cancelled',
};

/** Why an application can't be deployed, naming it where it `hasOthers` beside it; no lines where it can. */
export function describeProblem(
  { target, conclusion, liveLine }: DeploymentRun,
  hasOthers: boolean,
): readonly Sentence[] {
  if (!target.problem || conclusion.kind === 'success') return [];
  if (!hasOthers) return conclusion.lines;
  const name = displayName(target);
  // What is wrong with inputs and images names them, and what ended the step is of all applications.
  const { kind, reason } = conclusion;
  const isNamed = kind !== 'failure' || /^(?:image|inputs)_/.test(reason);
  return conclusion.lines.map((line, index) => {
    if (line === liveLine) return sentence`${name}: ${line}`;
    return index === 0 && !isNamed ? sentence`Application ${name}: ${line}` : line;
  });
}
