import type { DeploymentRun } from '../deploy/deploy-application.ts';
import type { DeployPlan } from '../deploy/plan/deploy-plan.ts';
import type { Target } from '../deploy/preflight.ts';
import type { SendRequest } from '../http/transport.ts';
import * as commands from '../runner/commands.ts';
import type { Step } from '../runner/run-action.ts';
import { joined, ours, type Sentence, sentence } from '../runner/sentence.ts';
import type { GitHubDeployment } from './github-deployment.ts';
import { jobSummary, shortSummary } from './job-summary.ts';
import type { LogTails } from './log-tail.ts';
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

/** What is reported after the end: log tails, GitHub deployment, job summary. None of it changes a conclusion. */
export async function report(
  runs: readonly DeploymentRun[],
  plan: DeployPlan,
  options: {
    logTails: LogTails;
    gitHubDeployment: GitHubDeployment | null;
    step: Step;
  },
): Promise<void> {
  const { gitHubDeployment, step } = options;
  const signal = step.reportSignal();

  const finished = gitHubDeployment?.finish({
    ...gitHubEnd(runs),
    environmentUrl: plan.environment?.url ?? runs[0]?.url ?? null,
    signal,
  });
  const logTails = await options.logTails.print(runs, signal);
  await finished;
  const isCancelled = step.isCancelled();
  writeSummary(jobSummary(runs, { logTails, workflow: workflow(), isCancelled }));
}

/** The job summary of a step that ended without a deployment. Never throws: a failure is a warning. */
export function reportNothingDeployed(
  symbol: string,
  { title, lines }: { readonly title: string; readonly lines: readonly Sentence[] },
): void {
  writeSummary(shortSummary(symbol, title, lines));
}

function writeSummary(summary: string): void {
  try {
    const problem = commands.outputProblem();
    const unwritten = problem ? shortSummary('❌', 'Outputs not written', [problem]) : '';
    commands.appendToSummary(unwritten + summary);
  } catch (error) {
    warn('No job summary', sentence`The job summary can't be written: ${reasonOf(error)}`);
  }
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

function workflow() {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_SHA } = process.env;
  return {
    repositoryUrl:
      GITHUB_SERVER_URL && GITHUB_REPOSITORY ? `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}` : null,
    sha: GITHUB_SHA ?? null,
  };
}

function warn(title: string, message: Sentence): void {
  commands.warning(title, [message]);
}

function describeShortly(run: DeploymentRun): Sentence {
  const now = describeNow(run);
  return sentence`${ours(describeHead(run).toLowerCase())}${now && sentence`; ${now}`}`;
}
