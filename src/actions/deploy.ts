import { deployApplication, knownUrl, skippedRun } from '../deploy/deploy-application.ts';
import { type DeployPlan, readDeployPlan } from '../deploy/plan/deploy-plan.ts';
import { preflight, type Target } from '../deploy/preflight.ts';
import { connect } from '../nodion/connect.ts';
import { createDeployLog } from '../report/deploy-log.ts';
import { SYMBOLS } from '../report/job-summary.ts';
import { createLogTails } from '../report/log-tail.ts';
import { setAttemptOutputs, setInitialOutputs, setOutputs } from '../report/outputs.ts';
import { recordGitHubDeployment, report, reportNothingDeployed } from '../report/report.ts';
import {
  describeEnd,
  describeFailure,
  describeHealthBefore,
  describeProblem,
  displayName,
} from '../report/wording.ts';
import * as commands from '../runner/commands.ts';
import { CANCELLED_TOO_LATE, runAction, type Step } from '../runner/run-action.ts';
import { joined, sentence } from '../runner/sentence.ts';
import { StepFailure } from '../runner/step-failure.ts';
import { Interrupted } from '../time/deadline.ts';
import { LOG_TAIL_MS } from '../time/step-clock.ts';

/** The action of `action.yml`. */
export const deploy = () => runAction(runDeploy);

async function runDeploy(step: Step): Promise<void> {
  const plan = await readDeployPlan();
  const { signal } = step;
  step.startTimeout(plan.timeoutMs);
  setInitialOutputs(plan);
  // Loads node:https once the inputs are valid, from the same file.
  const { createTransport } = await import(/* webpackMode: "eager" */ '../http/transport.ts');
  const transport = createTransport();
  const client = await connect(plan.connection, transport);
  const log = createDeployLog(plan);

  const targets = await preflight(plan, {
    ...{ client, transport, signal },
    onEvent: log.preflight,
  }).catch((error: unknown) => failBeforeTargets(error, plan));
  if (targets.some(({ problem }) => problem !== null)) failBeforeTrigger(targets);
  setOutputs(targets.map((target) => ({ target })));
  if (plan.dryRun) return await endDryRun(targets);

  const gitHubDeployment = await recordGitHubDeployment(plan, targets, transport);
  log.start(targets);
  const logTails = createLogTails(plan);
  const runs = await Promise.all(
    targets.map((target, index) =>
      deployApplication(target, plan, {
        ...{ transport, signal, moreTime: step.moreTime },
        onEvent: (event) => {
          const isKnown = event.kind === 'progress' && event.event.kind === 'deployment';
          if (index === 0 && isKnown && !event.isRollback) setAttemptOutputs(target, event.attempt);
          if (event.kind === 'rollback') {
            logTails.readAhead(target, event.bad, step.moreTime(LOG_TAIL_MS));
          }
          log.write(target, event);
        },
      }),
    ),
  );
  log.end();

  setOutputs(runs);
  await report(runs, plan, { logTails, gitHubDeployment, step });
  const { hasFailed, title, lines } = describeEnd(runs);
  if (hasFailed) {
    // The annotation holds 4,096 characters only.
    const failed = runs.filter(({ conclusion }) => conclusion.kind !== 'success');
    if (failed.length > 1) for (const run of failed) commands.info(describeFailure(run));
    throw new StepFailure(title, lines);
  }
  if (step.isCancelled()) {
    throw new StepFailure('Workflow cancelled', [CANCELLED_TOO_LATE, ...lines]);
  }
  commands.notice(title, lines);
}

/** Ends a step whose applications could not be found. */
async function failBeforeTargets(error: unknown, plan: DeployPlan): Promise<never> {
  if (!(error instanceof StepFailure || error instanceof Interrupted)) throw error;
  const words = await import(
    /* webpackChunkName: "failure" */ '../deploy/conclusion/describe-failure.ts'
  ).catch(() => null);
  if (!words) throw error;
  const { kind, title, lines } = words.beforeTrigger(error, plan);
  setInitialOutputs(plan, { error: String(joined(lines, ' ')), timedOut: kind === 'timed_out' });
  const failure = new StepFailure(title, lines);
  reportNothingDeployed(SYMBOLS[kind], failure);
  throw failure;
}

/** Ends a step of which an application can't be deployed: then none is. */
function failBeforeTrigger(targets: readonly Target[]): never {
  const runs = targets.map(skippedRun);
  setOutputs(runs);
  const lines = targets.flatMap((target) => describeProblem(target, targets.length > 1));
  const each = new Map(lines.map((line) => [String(line), line])).values();
  const failure = new StepFailure('Not deployed', [...each, sentence`Nothing was triggered.`]);
  reportNothingDeployed(SYMBOLS.failure, failure);
  throw failure;
}

async function endDryRun(targets: readonly Target[]): Promise<void> {
  const known = targets.map(async (target) => ({ target, url: await knownUrl(target) }));
  setOutputs(await Promise.all(known));
  const lines = [
    sentence`The key can read ${joined(targets.map(displayName), ', ')}, and the inputs fit.`,
    ...targets.flatMap(describeHealthBefore),
    sentence`Nothing was triggered. Whether the key may deploy can't be known without deploying.`,
  ];
  reportNothingDeployed('ℹ️', { title: 'Dry run', lines });
  commands.notice('Dry run', lines);
}
