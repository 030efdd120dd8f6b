import { type DeploymentRun, deployApplication, skippedRun } from '../deploy/deploy-application.ts';
import { type DeployPlan, readDeployPlan } from '../deploy/plan.ts';
import { preflight } from '../deploy/preflight.ts';
import { createTransport } from '../http/transport.ts';
import { connect } from '../nodion/connect.ts';
import { NodionError } from '../nodion/errors.ts';
import { createDeployLog } from '../report/deploy-log.ts';
import { setDeploymentOutputs, setInitialOutputs, setOutputs } from '../report/outputs.ts';
import { recordGitHubDeployment, report } from '../report/report.ts';
import { describeRevision, displayName } from '../report/wording.ts';
import * as commands from '../runner/commands.ts';
import { runAction, type Step } from '../runner/run-action.ts';
import { StepFailure } from '../runner/step-failure.ts';
import { Interrupted, isTimeout } from '../time/deadline.ts';
import { formatDuration } from '../time/duration.ts';

/** The action of `action.yml`. */
export const deploy = () => runAction(runDeploy);

async function runDeploy(step: Step): Promise<void> {
  const plan = readDeployPlan();
  const { signal } = step;
  step.startTimeout(plan.timeoutMs);
  setInitialOutputs(plan);
  const transport = createTransport();
  const client = connect(plan.connection, transport);
  const log = createDeployLog(plan);

  const targets = await preflight(plan, { client, signal, onEvent: log.preflight }).catch(
    (error: unknown) => {
      const failure = failureBeforeTrigger(error);
      const message = failure instanceof Error ? failure.message : String(failure);
      setInitialOutputs(plan, { error: message, timedOut: isTimeout(error) });
      throw failure;
    },
  );
  const problems = targets.flatMap(({ problem }) => problem ?? []);
  if (problems.length > 0) {
    setOutputs(targets.map(skippedRun));
    throw new StepFailure(
      'Not deployed',
      [...new Set(problems), 'Nothing was triggered.'].join('\n'),
    );
  }
  setOutputs(targets.map((target) => ({ target })));
  if (plan.dryRun) {
    const names = targets.map(displayName).join(', ');
    commands.notice(
      'Dry run',
      `${names}: key, application and inputs are fine; nothing was triggered`,
    );
    return;
  }

  const gitHubDeployment = await recordGitHubDeployment(plan, targets, transport);
  log.start(targets);
  const runs = await Promise.all(
    targets.map((target, index) =>
      deployApplication(target, plan, {
        client,
        signal,
        onEvent: (event) => {
          if (index === 0 && event.kind === 'deployment') {
            const { deployment, origin } = event;
            setDeploymentOutputs(target, { deployment, triggered: origin !== 'reused' });
          }
          log.write(target, event);
        },
      }),
    ),
  );
  log.end();

  setOutputs(runs);
  await report(runs, plan, { client, gitHubDeployment, signal: step.reportSignal() });
  const failure = stepFailure(runs);
  if (failure) throw failure;
  const sentence = runs.map((run) => describeSuccess(run, plan)).join('\n');
  if (step.isCancelled()) {
    throw new StepFailure(
      'Cancelled',
      `The workflow was cancelled after the deployment: ${sentence}`,
    );
  }
  commands.notice(plan.wait ? 'Deployed' : 'Triggered', sentence);
}

/** The failure of a step that ends before its applications are known. */
function failureBeforeTrigger(error: unknown): unknown {
  if (error instanceof NodionError) {
    return new StepFailure('Not deployed', `${error.message}\nNothing was triggered.`);
  }
  if (!(error instanceof Interrupted)) return error;
  const last = error.lastError ? `. The last failure: ${error.lastError.message}` : '';
  return error.reason === 'cancelled'
    ? new StepFailure(
        'Cancelled',
        `The workflow was cancelled before anything was triggered${last}`,
      )
    : new StepFailure('Timed out', `The \`timeout\` was over before anything was triggered${last}`);
}

/** The failure of the step, which names each application that failed; null when none did. */
function stepFailure(runs: readonly DeploymentRun[]): StepFailure | null {
  const failures = runs.flatMap(({ target, conclusion }) =>
    conclusion.kind === 'success'
      ? []
      : [{ ...conclusion, sentence: `${displayName(target)}: ${conclusion.problem}` }],
  );
  const [first] = failures;
  if (!first) return null;
  const isOneKind = failures.every(({ kind }) => kind === first.kind);
  const title =
    failures.find(({ kind }) => kind === 'cancelled')?.title ??
    (isOneKind ? first.title : 'Deployment failed');
  const sentences = failures.map(({ sentence }) => sentence);
  return new StepFailure(
    title,
    runs.length === 1
      ? sentences.join('\n')
      : [`${failures.length} of ${runs.length} applications failed`, ...sentences].join('\n'),
  );
}

function describeSuccess(run: DeploymentRun, { wait }: DeployPlan): string {
  const { target, deployment, origin, timeline, durationMs } = run;
  const number = `${displayName(target)} #${deployment?.deploy_number}`;
  const revision = deployment ? describeRevision(deployment) : '';
  if (!wait) return `${number} is under way, and not waited for: ${revision}`;
  if (origin === 'reused' && timeline[0]?.status === 'available')
    return `${number} was live already: ${revision}`;
  return `${number} is live after ${formatDuration(durationMs ?? 0)}: ${revision}`;
}
