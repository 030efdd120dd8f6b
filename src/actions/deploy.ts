import { newAttempt } from '../deploy/attempt/attempt.ts';
import { liveState } from '../deploy/conclusion/live-state.ts';
import { deployApplication, knownUrl, skippedRun } from '../deploy/deploy-application.ts';
import { type DeployPlan, readDeployPlan } from '../deploy/plan/deploy-plan.ts';
import { preflight, type Target } from '../deploy/preflight/preflight.ts';
import { connect } from '../nodion/connect.ts';
import { createDeployLog } from '../report/deploy-log.ts';
import { createLogTails } from '../report/log-tail.ts';
import {
  createLiveOutputs,
  setConclusion,
  setInitialOutputs,
  setOutputs,
} from '../report/outputs.ts';
import { recordGitHubDeployment, report } from '../report/report.ts';
import { SYMBOLS } from '../report/summary/short-summary.ts';
import { writeJobSummary, writeShortSummary } from '../report/summary/write-summary.ts';
import { describeEnd, describeFailure, describeProblem, displayName } from '../report/wording.ts';
import * as commands from '../runner/commands.ts';
import { CANCELLED_TOO_LATE, runAction, type Step } from '../runner/run-action.ts';
import { sentence } from '../runner/sentence.ts';
import { StepFailure } from '../runner/step-failure.ts';
import { Interrupted } from '../time/deadline.ts';
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
      if (!plan.image) return found;
      const { checkImages } = await import('../deploy/preflight/check-images.ts');
      return await checkImages(found, plan, preparing);
    })
    .catch((error: unknown) => {
      const isAnswered = client.outageLimit.hasBeenAnswered();
      return failBeforeTargets(error, plan, isAnswered);
    });
  if (targets.some(({ problem }) => problem !== null)) failBeforeTrigger(targets);
  setOutputs(targets.map((target) => ({ target })));
  if (plan.dryRun) return await endDryRun(targets);

  const gitHubDeployment = await recordGitHubDeployment(plan, targets, transport);
  log.start(targets);
  const logTails = createLogTails(plan);
  const liveOutputs = createLiveOutputs(targets);
  const runs = await Promise.all(
    targets.map((target) =>
      deployApplication(target, plan, {
        ...{ transport, signal, moreTime: step.moreTime },
        onEvent: (event) => {
          liveOutputs.update(target, event);
          if (event.kind === 'progress' && !event.isRollback && event.attempt.deployment) {
            gitHubDeployment?.update(target, event.attempt.deployment);
          }
          if (event.kind === 'rollback') {
            logTails.readAhead(target, event.bad, step.moreTime(LOG_TAIL_MS));
          }
          log.write(target, event);
        },
      }),
    ),
  );
  log.end();
  liveOutputs.end();

  setOutputs(runs);
  const shown = await report(runs, plan, { logTails, gitHubDeployment, step });
  await writeJobSummary(runs, { logTails: shown, isCancelled: step.isCancelled() });
  const { hasFailed, title, lines } = describeEnd(runs);
  if (hasFailed) {
    // The annotation holds 4,096 characters only.
    const failed = runs.filter(({ conclusion }) => conclusion.kind !== 'success');
    if (failed.length > 1) for (const run of failed) commands.info(describeFailure(run));
    throw new StepFailure(title, lines);
  }
  if (step.isCancelled()) {
    setConclusion('cancelled', 'cancelled');
    throw new StepFailure('Step cancelled', [CANCELLED_TOO_LATE, ...lines]);
  }
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

/** Ends a step whose applications could not be found. */
async function failBeforeTargets(
  error: unknown,
  plan: DeployPlan,
  isAnswered: boolean,
): Promise<never> {
  if (!(error instanceof StepFailure || error instanceof Interrupted)) throw error;
  const words = await import(
    /* webpackChunkName: "failure" */ '../deploy/conclusion/describe-failure.ts'
  ).catch(() => null);
  if (!words) {
    setConclusion('failure', 'internal_error');
    throw error;
  }
  const failure = words.beforeTrigger(error, plan, { hasBeenRead: false, isAnswered });
  setInitialOutputs(plan, failure);
  const { title, lines } = failure;
  writeShortSummary({ symbol: SYMBOLS[failure.kind], title, lines });
  throw new StepFailure(title, lines);
}

/** Ends a step of which an application can't be deployed: then none is. */
function failBeforeTrigger(targets: readonly Target[]): never {
  const runs = targets.map(skippedRun);
  setOutputs(runs);
  const lines = targets.flatMap((target) => describeProblem(target, targets.length > 1));
  const each = new Map(lines.map((line) => [String(line), line])).values();
  const failure = new StepFailure('Not deployed', [...each, sentence`Nothing was triggered.`]);
  const { title, lines: told } = failure;
  writeShortSummary({ symbol: SYMBOLS.failure, title, lines: told });
  throw failure;
}

async function endDryRun(targets: readonly Target[]): Promise<void> {
  const known = targets.map(async (target) => ({
    ...{ target, url: await knownUrl(target), live: liveState(newAttempt(target.deployments)) },
    conclusion: { kind: 'success', reason: 'checked' } as const,
  }));
  setOutputs(await Promise.all(known));
  const { describeDryRun } = await import('../report/dry-run.ts');
  const lines = describeDryRun(targets.map((target) => ({ ...target, name: displayName(target) })));
  writeShortSummary({ symbol: 'ℹ️', title: 'Dry run', lines });
  commands.notice('Dry run', lines);
}
