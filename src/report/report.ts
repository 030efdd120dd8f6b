import type { DeploymentRun } from '../deploy/deploy-application.ts';
import type { DeployPlan } from '../deploy/plan.ts';
import type { Target } from '../deploy/preflight.ts';
import type { SendRequest } from '../http/transport.ts';
import type { NodionClient } from '../nodion/client.ts';
import type { LogLine } from '../nodion/responses.ts';
import * as commands from '../runner/commands.ts';
import { Interrupted } from '../time/deadline.ts';
import type { GitHubDeployment } from './github-deployment.ts';
import { jobSummary } from './job-summary.ts';
import { readLogTail } from './log-tail.ts';
import { displayName } from './wording.ts';

/**
 * Starts to record the step as a GitHub deployment, where `environment` asks for it; else null.
 * Loads the GitHub client, which is a chunk of its own. Never throws: a failure is a warning.
 */
export async function recordGitHubDeployment(
  { environment }: DeployPlan,
  targets: readonly Target[],
  transport: SendRequest,
): Promise<GitHubDeployment | null> {
  if (!environment) return null;
  try {
    const gitHub = await import('./github-deployment.ts');
    return gitHub.startGitHubDeployment({
      token: environment.token,
      environment: environment.name,
      environmentUrl: environment.url,
      description: `Nodion: ${targets.map(displayName).join(', ')}`,
      transport,
    });
  } catch (error) {
    warn('No GitHub deployment', error);
    return null;
  }
}

/** What is reported after the end: log tails, GitHub deployment, job summary. None of it changes a conclusion. */
export async function report(
  runs: readonly DeploymentRun[],
  plan: DeployPlan,
  options: {
    client: NodionClient;
    gitHubDeployment: GitHubDeployment | null;
    signal: AbortSignal;
  },
): Promise<void> {
  const { client, gitHubDeployment, signal } = options;

  async function logTail({ target, deployment, startedAt, conclusion }: DeploymentRun) {
    const isWanted = conclusion.kind === 'failure' || conclusion.kind === 'timed_out';
    if (!isWanted || !deployment || plan.logLines === 0) return [];
    try {
      return await readLogTail({
        application: client.application(target.applicationId),
        deployment,
        triggeredAt: startedAt,
        count: plan.logLines,
        signal,
      });
    } catch (error) {
      warn(`No log of ${displayName(target)}`, error);
      return [];
    }
  }

  const finished = gitHubDeployment
    ?.finish({ ...gitHubEnd(runs, plan), signal })
    .catch((error: unknown) => warn('No GitHub deployment', error));
  const logTails = new Map<DeploymentRun, readonly LogLine[]>();
  await Promise.all(runs.map(async (run) => logTails.set(run, await logTail(run))));
  for (const run of runs) {
    const lines = logTails.get(run) ?? [];
    if (lines.length === 0) continue;
    commands.group(
      `Log of ${displayName(run.target)} since the trigger, last ${lines.length} lines`,
      lines.map(({ ts, msg }) => `${ts} ${msg}`),
    );
  }
  try {
    commands.appendToSummary(jobSummary(runs, { logTails, workflow: workflow() }));
  } catch (error) {
    warn('No job summary', error);
  }
  await finished;
}

function gitHubEnd(runs: readonly DeploymentRun[], { wait }: DeployPlan) {
  const kinds = runs.map(({ conclusion }) => conclusion.kind);
  const description = runs
    .map(({ target, conclusion }) => {
      const end = conclusion.kind === 'success' ? 'live' : conclusion.problem;
      return `${displayName(target)}: ${end}`;
    })
    .join('; ');
  if (kinds.includes('timed_out') || kinds.includes('cancelled')) {
    return { state: 'error', description } as const;
  }
  if (kinds.includes('failure')) return { state: 'failure', description } as const;
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

function warn(title: string, error: unknown): void {
  const reason = error instanceof Interrupted ? (error.lastError ?? 'no answer in time') : error;
  commands.warning(title, reason instanceof Error ? reason.message : String(reason));
}
