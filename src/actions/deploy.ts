import { failure } from '../deploy/conclusion/conclusion.ts';
import { deployAll } from '../deploy/deploy-all.ts';
import { type DeployPlan, readDeployPlan } from '../deploy/plan/deploy-plan.ts';
import { preflight } from '../deploy/preflight/preflight.ts';
import { connect } from '../nodion/connect.ts';
import { createDeployLog } from '../report/deploy-log.ts';
import {
  createLiveOutputs,
  setConclusion,
  setInitialOutputs,
  setOutputs,
} from '../report/outputs.ts';
import { lateLogTails, recordGitHubDeployment, report } from '../report/report.ts';
import { writeJobSummary, writeShortSummary } from '../report/summary/write-summary.ts';
import { describeFailure, describeSuccesses } from '../report/wording.ts';
import * as commands from '../runner/commands.ts';
import { loadPart, PART_GONE } from '../runner/load-part.ts';
import { runAction, type Step, toStepFailure } from '../runner/run-action.ts';
import { StepFailure } from '../runner/step-failure.ts';
import { LOG_TAIL_MS } from '../time/step-clock.ts';

/** The action of `action.yml`. */
export const deploy = () => runAction(runDeploy, () => setConclusion('failure', 'internal_error'));

async function runDeploy(step: Step): Promise<void> {
  const plan = await readPlan();
  const { signal } = step;
  step.startTimeout(plan.timeoutMs);
  setInitialOutputs(plan);
  // Loads node:https once the inputs are valid, from the same file.
  const { createTransport } = await import(/* webpackMode: "eager" */ '../http/transport.ts');
  const transport = createTransport();
  const client = await connect(plan.connection, transport);
  const log = createDeployLog(plan);

  const preparing = { client, transport, signal, onEvent: log.preflight };
  const targets = await preflight(plan, preparing)
    .then(async (found) => {
      if (!plan.imageCheck) return found;
      const { checkImages } = await import('../deploy/preflight/check-images.ts');
      return await checkImages(found, plan, preparing);
    })
    .catch(async (error: unknown) => {
      const isAnswered = client.outageLimit.hasBeenAnswered();
      return (await loadEarlyEnds(plan, error)).failBeforeTargets(error, { plan, isAnswered });
    });
  const problem = targets.find((target) => target.problem !== null)?.problem;
  if (problem || plan.dryRun) {
    const { endDryRun, failBeforeTrigger } = await loadEarlyEnds(
      plan,
      new StepFailure(problem?.title ?? 'Dry run', problem?.lines ?? [PART_GONE]),
    );
    try {
      return problem ? await failBeforeTrigger(targets, signal) : await endDryRun(targets, signal);
    } finally {
      if (step.isCancelled()) setConclusion('cancelled', 'cancelled');
    }
  }
  setOutputs(targets.map((target) => ({ target })));

  const gitHubDeployment = await recordGitHubDeployment(plan, targets, transport);
  log.start(targets);
  const logTails = lateLogTails(plan);
  const liveOutputs = createLiveOutputs(targets);
  const ended = await deployAll(targets, plan, {
    ...{ transport, signal, moreTime: step.moreTime },
    onEvent: (target, event) => {
      liveOutputs.update(target, event);
      if (event.kind === 'progress' && !event.isRollback && event.attempt.deployment) {
        gitHubDeployment?.update(target, event.attempt.deployment);
      }
      if (event.kind === 'rollback') {
        void logTails.readAhead(target, event.bad, step.moreTime(LOG_TAIL_MS));
      }
      log.write(target, event);
    },
  });
  log.end();
  liveOutputs.end();

  // The report's time begins here: the last look is a part of it.
  step.reportSignal();
  const again =
    plan.wait && ended.length > 1 ? await loadPart(() => import('../deploy/look-again.ts')) : null;
  const runs = (await again?.lookAgain(ended, plan, signal)) ?? ended;
  setOutputs(runs);
  const shown = await report(runs, plan, { logTails, gitHubDeployment, step });
  const isCancelled = step.isCancelled();
  await writeJobSummary(runs, { logTails: shown, isCancelled });
  if (isCancelled) setConclusion('cancelled', 'cancelled');
  const failed = runs.filter(({ conclusion }) => conclusion.kind !== 'success');
  if (isCancelled || failed.length > 0) {
    const words = await loadPart(
      () => import(/* webpackChunkName: "failure" */ '../report/failures.ts'),
    );
    throw (
      words?.stepFailure(runs, { isCancelled }) ??
      new StepFailure('Failed', failed.map(describeFailure))
    );
  }
  const { title, lines } = describeSuccesses(runs);
  commands.notice(title, lines);
}

/** @throws StepFailure */
async function readPlan(): Promise<DeployPlan> {
  try {
    return await readDeployPlan();
  } catch (error) {
    setConclusion('failure', 'invalid_inputs');
    throw error;
  }
}

/** The ends of a step that follows no deployment. @throws `error` where they are gone from the disk, all else told. */
async function loadEarlyEnds(plan: DeployPlan, error: unknown) {
  const ends = await loadPart(() => import(/* webpackChunkName: "failure" */ './early-ends.ts'));
  if (ends) return ends;
  const { title, lines } = toStepFailure(error);
  setInitialOutputs(plan, failure('internal_error', title, lines));
  writeShortSummary({ symbol: '❌', title, lines });
  throw error;
}
