import { connect } from '../connect.ts';
import { Interrupted } from '../deadline.ts';
import { deployApplication, newResult, type Result } from '../deploy-application.ts';
import { contentOf, createDeployLog, nameOf } from '../deploy-log.ts';
import { formatDuration } from '../duration.ts';
import { findTargets } from '../find-targets.ts';
import type { GitHubDeployment } from '../github-deployment.ts';
import { type DeployInputs, readDeployInputs } from '../inputs.ts';
import { jobSummary } from '../job-summary.ts';
import { readLogTail } from '../log-tail.ts';
import type { LogLine, NodionClient } from '../nodion-client.ts';
import { runAction, type Step, StepFailure } from '../run-action.ts';
import * as runner from '../runner.ts';
import { judge, type Verdict } from '../verdict.ts';

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

  const gitHubDeployment = inputs.environment
    ? await startGitHubDeployment(inputs.environment, inputs, results)
    : null;
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
  if (step.signal.reason === 'cancelled') {
    throw new StepFailure(
      'Cancelled',
      `The workflow was cancelled after the deployment: ${sentence}`,
    );
  }
  runner.notice(inputs.wait ? 'Deployed' : 'Triggered', sentence);
}

interface Judged {
  readonly result: Result;
  readonly verdict: Verdict;
}

function refused(result: Result): Judged {
  const problem = result.target.problem ?? 'Not triggered, because of another application';
  return { result, verdict: { problem, kind: 'failed' } };
}

function failBeforeTrigger(error: unknown): never {
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

/** The outputs of the first application by their names, and `deployments` with those of all. */
function setOutputs(results: readonly Result[], judged: readonly Judged[] = []): void {
  const [first] = results;
  const verdictOf = (result: Result) => judged.find((one) => one.result === result)?.verdict;
  if (first) setFirstOutputs(first, verdictOf(first));
  runner.setOutput(
    'deployments',
    results.map((result) => {
      const verdict = verdictOf(result);
      return { ...outputsOf(result, verdict), ...(verdict?.problem && { error: verdict.problem }) };
    }),
  );
}

function setFirstOutputs(result: Result, verdict?: Verdict): void {
  for (const [name, value] of Object.entries(outputsOf(result, verdict))) {
    runner.setOutput(name, value);
  }
}

function outputsOf(result: Result, verdict?: Verdict) {
  const { target, deployment, triggered, startedAt, endedAt } = result;
  const durationMs = startedAt !== null && endedAt !== null ? endedAt - startedAt : null;
  return {
    id: deployment?.id ?? null,
    deploy_number: deployment?.deploy_number ?? null,
    status: deployment?.status ?? null,
    application_id: target.applicationId,
    application_name: target.application?.name ?? null,
    git_sha: deployment?.git_sha ?? null,
    image_reference: deployment?.image_reference ?? null,
    strategy: deployment?.strategy ?? target.application?.deployment_strategy ?? null,
    triggered,
    timed_out: verdict?.kind === 'timed-out',
    duration_seconds: durationMs === null ? null : Number((durationMs / 1_000).toFixed(1)),
  };
}

async function startGitHubDeployment(
  environment: string,
  inputs: DeployInputs,
  results: readonly Result[],
): Promise<GitHubDeployment | null> {
  try {
    const gitHub = await import('../github-deployment.ts');
    return gitHub.startGitHubDeployment({
      token: inputs.github_token ?? '',
      environment,
      environmentUrl: inputs.environment_url,
      description: `Nodion: ${results.map(nameOf).join(', ')}`,
    });
  } catch (error) {
    warnOfReport('No GitHub deployment', error);
    return null;
  }
}

/** What is told after the end: log tails, GitHub deployment, job summary. None of it changes the verdict. */
async function report(options: {
  client: NodionClient;
  inputs: DeployInputs;
  judged: readonly Judged[];
  gitHubDeployment: GitHubDeployment | null;
  signal: AbortSignal;
}): Promise<void> {
  const { client, inputs, judged, gitHubDeployment, signal } = options;

  async function logTail({ result, verdict }: Judged): Promise<LogLine[]> {
    const { deployment, target, startedAt } = result;
    const isWanted = verdict.kind === 'failed' || verdict.kind === 'timed-out';
    if (!isWanted || !deployment || inputs.log_lines === 0) return [];
    try {
      return await readLogTail({
        client,
        applicationId: target.applicationId,
        deployment,
        triggeredAt: startedAt ?? Date.now(),
        count: inputs.log_lines,
        signal,
      });
    } catch (error) {
      warnOfReport(`No log of ${nameOf(result)}`, error);
      return [];
    }
  }

  const finished = gitHubDeployment
    ?.finish({ ...gitHubEnd(judged, inputs), signal })
    .catch((error: unknown) => warnOfReport('No GitHub deployment', error));
  const entries = await Promise.all(
    judged.map(async (one) => ({ ...one, logTail: await logTail(one) })),
  );
  for (const { result, logTail: lines } of entries) {
    if (lines.length === 0) continue;
    runner.group(
      `Log of ${nameOf(result)} since the trigger, last ${lines.length} lines`,
      lines.map(({ ts, msg }) => `${ts} ${msg}`),
    );
  }
  try {
    runner.appendToSummary(jobSummary(entries, workflow()));
  } catch (error) {
    warnOfReport('No job summary', error);
  }
  await finished;
}

function gitHubEnd(judged: readonly Judged[], { wait }: DeployInputs) {
  const kinds = judged.map(({ verdict }) => verdict.kind);
  const description = judged
    .map(({ result, verdict }) => `${nameOf(result)}: ${verdict.problem ?? 'live'}`)
    .join('; ');
  if (kinds.includes('timed-out') || kinds.includes('cancelled')) {
    return { state: 'error', description } as const;
  }
  if (kinds.includes('failed')) return { state: 'failure', description } as const;
  return { state: wait ? 'success' : null, description } as const;
}

function workflow() {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_SHA } = process.env;
  return {
    repositoryUrl:
      GITHUB_SERVER_URL && GITHUB_REPOSITORY ? `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}` : null,
    sha: GITHUB_SHA ?? null,
  };
}

function warnOfReport(title: string, error: unknown): void {
  const reason = error instanceof Interrupted ? (error.lastError ?? 'no answer in time') : error;
  runner.warning(title, reason instanceof Error ? reason.message : String(reason));
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
      if (!deployment) return nameOf(result);
      const number = `${nameOf(result)} #${deployment.deploy_number}`;
      const content = contentOf(deployment);
      if (!wait) return `${number} is under way, and not waited for: ${content}`;
      const duration = formatDuration((endedAt ?? 0) - (startedAt ?? 0));
      return `${number} is live after ${duration}: ${content}`;
    })
    .join('\n');
}
