import type { DeploymentRun } from '../deploy/deploy-application.ts';
import type { DeployPlan } from '../deploy/plan/deploy-plan.ts';
import type { Target } from '../deploy/preflight/preflight.ts';
import type { SendRequest } from '../http/transport.ts';
import * as commands from '../runner/commands.ts';
import { loadPart, PART_GONE } from '../runner/load-part.ts';
import type { Step } from '../runner/run-action.ts';
import { type Sentence, sentence } from '../runner/sentence.ts';
import type { GitHubDeployment } from './github-deployment.ts';
import type { LogTail, LogTails } from './log-tail.ts';
import { displayName, reasonOf } from './wording.ts';

/** The step as a GitHub deployment, where `environment` asks for that; else null. Loads a chunk of its own. */
export async function recordGitHubDeployment(
  { environment, match }: DeployPlan,
  targets: readonly Target[],
  transport: SendRequest,
): Promise<GitHubDeployment | null> {
  if (!environment) return null;
  try {
    const { createGitHubDeployment } = await import('./github-deployment.ts');
    const about = `Nodion: ${targets.map(displayName).join(', ')}`;
    return createGitHubDeployment({ environment, match, targets, about, transport });
  } catch (error) {
    warn(
      'No GitHub deployment',
      sentence`The step is not recorded in GitHub's deployments: ${reasonOf(error)}`,
    );
    return null;
  }
}

/** The last log lines, by a chunk that is loaded where a run fails. */
export function lateLogTails(plan: DeployPlan): LogTails {
  let loading: Promise<LogTails | null> | undefined;
  const load = () => {
    loading ??= loadPart(() => import('./log-tail.ts')).then(
      (part) => part?.createLogTails(plan) ?? null,
    );
    return loading;
  };
  return {
    readAhead: async (...given) => (await load())?.readAhead(...given),
    print: async (runs, signal) => {
      const isWanted = runs.some(({ conclusion }) => conclusion.kind !== 'success');
      const logTails = isWanted && plan.logLines > 0 ? await load() : undefined;
      if (logTails === null) {
        warn('No log lines', PART_GONE);
      }
      return (await logTails?.print(runs, signal)) ?? new Map();
    },
  };
}

/**
 * What is reported after the end, before the job summary: log tails and GitHub deployment. None of it changes a
 * conclusion.
 * @returns the log lines for the job summary.
 */
export async function report(
  runs: readonly DeploymentRun[],
  plan: DeployPlan,
  options: {
    logTails: LogTails;
    gitHubDeployment: GitHubDeployment | null;
    step: Step;
  },
): Promise<ReadonlyMap<DeploymentRun, LogTail>> {
  const { gitHubDeployment, step } = options;
  const signal = step.reportSignal();

  const finished = gitHubDeployment?.finish({
    runs,
    environmentUrl: plan.environment?.url ?? runs[0]?.url ?? null,
    signal,
  });
  const logTails = await options.logTails.print(runs, signal);
  await finished;
  return logTails;
}

function warn(title: string, message: Sentence): void {
  commands.warning(title, [message]);
}
