import { connect } from '../connect.ts';
import { Interrupted } from '../deadline.ts';
import { deployApplication, newResult, type Result } from '../deploy-application.ts';
import { contentOf, createDeployLog, nameOf } from '../deploy-log.ts';
import { setFirstOutputs, setOutputs } from '../deploy-outputs.ts';
import { formatDuration } from '../duration.ts';
import { findTargets } from '../find-targets.ts';
import { type DeployInputs, readDeployInputs } from '../inputs.ts';
import { NodionError } from '../nodion-client.ts';
import { recordGitHubDeployment, report } from '../report.ts';
import { runAction, type Step } from '../run-action.ts';
import * as runner from '../runner.ts';
import { StepFailure } from '../step-failure.ts';
import { type Judged, judge } from '../verdict.ts';

await runAction(deploy);

async function deploy(step: Step): Promise<void> {
  const inputs = readDeployInputs();
  step.startTimeout(inputs.timeout);
  const client = await connect(inputs);
  const log = createDeployLog({ timeoutMs: inputs.timeout });

  const finding = findTargets({
    client,
    inputs,
    signal: step.signal,
    onHiccup: log.hiccup,
    onForbidden: ({ message }) =>
      runner.warning(
        'Deploying without a look',
        `${message} It is triggered all the same, because of \`wait: false\``,
      ),
  }).catch(failBeforeTrigger);
  // Only now, with the first requests on their way: the first output loads node:crypto, which takes time.
  runner.setOutput('triggered', false);
  runner.setOutput('timed_out', false);
  const results = (await finding).map(newResult);
  const problems = results.flatMap(({ target }) => target.problem ?? []);
  if (problems.length > 0) {
    setOutputs(results, results.map(refused));
    throw new StepFailure(
      'Not deployed',
      [...new Set(problems), 'Nothing was triggered.'].join('\n'),
    );
  }
  setOutputs(results);
  if (inputs.dry_run) {
    const names = results.map(nameOf).join(', ');
    runner.notice(
      'Dry run',
      `${names}: key, application and inputs are fine; nothing was triggered`,
    );
    return;
  }

  const gitHubDeployment = await recordGitHubDeployment(inputs, results);
  log.start(results, inputs);
  await Promise.all(
    results.map((result) =>
      deployApplication({
        client,
        result,
        imageTag: inputs.image_tag,
        wait: inputs.wait,
        verify: inputs.verify_rollout,
        pollIntervalMs: inputs.poll_interval,
        signal: step.signal,
        report: (event) => {
          if (event.kind === 'deployment' && result === results[0]) setFirstOutputs(result);
          log.write(result, event);
        },
      }),
    ),
  );
  log.end();

  const judged = results.map((result) => {
    const verdict = judge(result, {
      expectedSha: inputs.expected_sha,
      wait: inputs.wait,
      timeoutMs: inputs.timeout,
    });
    return { result, verdict };
  });
  setOutputs(results, judged);
  await report({ client, inputs, judged, gitHubDeployment, signal: step.reportSignal() });
  const failures = judged.filter(({ verdict }) => verdict.problem !== null);
  if (failures.length > 0) throw stepFailure(failures, judged.length);
  const sentence = success(results, inputs);
  if (step.isCancelled()) {
    throw new StepFailure(
      'Cancelled',
      `The workflow was cancelled after the deployment: ${sentence}`,
    );
  }
  runner.notice(inputs.wait ? 'Deployed' : 'Triggered', sentence);
}

function refused(result: Result): Judged {
  const problem = result.target.problem ?? 'Not triggered, because of another application';
  return { result, verdict: { problem, kind: 'failed' } };
}

function failBeforeTrigger(error: unknown): never {
  if (error instanceof NodionError) {
    throw new StepFailure('Not deployed', `${error.message}\nNothing was triggered.`);
  }
  if (!(error instanceof Interrupted)) throw error;
  if (error.reason === 'timed-out') runner.setOutput('timed_out', true);
  const last = error.lastError ? `. The last failure: ${error.lastError.message}` : '';
  throw error.reason === 'cancelled'
    ? new StepFailure(
        'Cancelled',
        `The workflow was cancelled before anything was triggered${last}`,
      )
    : new StepFailure('Timed out', `The \`timeout\` was over before anything was triggered${last}`);
}

function stepFailure(failures: readonly Judged[], applications: number): StepFailure {
  const kinds = failures.map(({ verdict }) => verdict.kind);
  const title = kinds.includes('cancelled')
    ? 'Cancelled'
    : kinds.every((kind) => kind === 'timed-out')
      ? 'Deployment timed out'
      : 'Deployment failed';
  const sentences = failures.map(({ result, verdict }) => `${nameOf(result)}: ${verdict.problem}`);
  if (applications === 1) return new StepFailure(title, sentences.join('\n'));
  return new StepFailure(
    title,
    [`${failures.length} of ${applications} applications failed`, ...sentences].join('\n'),
  );
}

function success(results: readonly Result[], { wait }: DeployInputs): string {
  return results
    .map((result) => {
      const { deployment, startedAt, endedAt } = result;
      const number = `${nameOf(result)} #${deployment?.deploy_number}`;
      const content = deployment ? contentOf(deployment) : '';
      if (!wait) return `${number} is under way, and not waited for: ${content}`;
      if (result.target.reusable?.status === 'available')
        return `${number} was live already: ${content}`;
      const duration = formatDuration((endedAt ?? 0) - (startedAt ?? 0));
      return `${number} is live after ${duration}: ${content}`;
    })
    .join('\n');
}
