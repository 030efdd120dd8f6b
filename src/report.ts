import { Interrupted } from './deadline.ts';
import type { Result } from './deploy-application.ts';
import { nameOf } from './deploy-log.ts';
import type { GitHubDeployment } from './github-deployment.ts';
import type { DeployInputs } from './inputs.ts';
import { jobSummary } from './job-summary.ts';
import { readLogTail } from './log-tail.ts';
import type { LogLine, NodionClient } from './nodion-client.ts';
import * as runner from './runner.ts';
import type { Judged } from './verdict.ts';

/**
 * Starts to record the step as a GitHub deployment, where `environment` asks for it; else null.
 * Loads the GitHub client, which is a chunk of its own. Never throws: a failure is a warning.
 */
export async function recordGitHubDeployment(
  inputs: DeployInputs,
  results: readonly Result[],
): Promise<GitHubDeployment | null> {
  const { environment, environment_url, github_token } = inputs;
  if (!environment) return null;
  try {
    const gitHub = await import('./github-deployment.ts');
    return gitHub.startGitHubDeployment({
      token: github_token ?? '',
      environment,
      environmentUrl: environment_url,
      description: `Nodion: ${results.map(nameOf).join(', ')}`,
    });
  } catch (error) {
    warnOfReport('No GitHub deployment', error);
    return null;
  }
}

/** What is told after the end: log tails, GitHub deployment, job summary. None of it changes the verdict. */
export async function report(options: {
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
