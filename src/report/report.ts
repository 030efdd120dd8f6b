import type { DeploymentRun } from '../deploy/deploy-application.ts';
import type { DeployPlan } from '../deploy/plan/deploy-plan.ts';
import type { Target } from '../deploy/preflight/preflight.ts';
import type { SendRequest } from '../http/transport.ts';
import * as commands from '../runner/commands.ts';
import type { Step } from '../runner/run-action.ts';
import { joined, ours, type Sentence, sentence } from '../runner/sentence.ts';
import type { GitHubDeployment } from './github-deployment.ts';
import type { LogTail, LogTails } from './log-tail.ts';
import { byGravity, describeHead, describeNow, displayName, reasonOf } from './wording.ts';

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
    ...gitHubEnd(runs),
    environmentUrl: plan.environment?.url ?? runs[0]?.url ?? null,
    signal,
  });
  const logTails = await options.logTails.print(runs, signal);
  await finished;
  return logTails;
}

function gitHubEnd(runs: readonly DeploymentRun[]) {
  const description = byGravity(runs)
    .map((run) => {
      const { target, conclusion } = run;
      const end =
        conclusion.kind === 'success' ? describeShortly(run) : joined(conclusion.lines, ' ');
      return `${displayName(target)}: ${end}`;
    })
    .join('; ');
  return { conclusions: runs.map(({ conclusion }) => conclusion), description };
}

function warn(title: string, message: Sentence): void {
  commands.warning(title, [message]);
}

function describeShortly(run: DeploymentRun): Sentence {
  const now = describeNow(run);
  return sentence`${ours(describeHead(run).toLowerCase())}${now && sentence`; ${now}`}`;
}
