import type { Conclusion } from '../deploy/conclusion.ts';
import type { DeploymentRun } from '../deploy/deploy-application.ts';
import type { LogLine } from '../nodion/responses.ts';
import { LARGEST_SUMMARY_BYTES } from '../runner/commands.ts';
import { summaryProse, summaryText } from '../runner/untrusted-text.ts';
import { formatDuration } from '../time/duration.ts';
import { timelineDiagram } from './timeline-diagram.ts';
import { displayName, firstLine, shortSha } from './wording.ts';

const LOG_LINES_SHOWN = 15;

/** Where the workflow runs, to link a commit that is its own. */
export interface Workflow {
  /** `https://github.com/owner/name`; null outside of GitHub. */
  readonly repositoryUrl: string | null;
  readonly sha: string | null;
}

/**
 * The job summary in GitHub's Markdown, below the size that GitHub refuses: what was deployed, the
 * conclusion with what to do about it, a picture of the time it took, and the last log lines. What
 * others wrote is in it as text only.
 */
export function jobSummary(
  runs: readonly DeploymentRun[],
  options: {
    logTails: ReadonlyMap<DeploymentRun, readonly LogLine[]>;
    workflow: Workflow;
  },
): string {
  const { logTails, workflow } = options;
  const heading = headingSection(runs);
  const table = tableSection(runs, workflow);
  const problems = runs.map((run) => problemSection(run, runs.length > 1)).join('');
  const tails = runs.map((run) => logTailSection(run, logTails.get(run) ?? [])).join('');
  const full = [heading, table, problems, timelineDiagram(runs), tails].join('');
  const short = [heading, table, problems].join('');
  const fits = [full, short].find((text) => Buffer.byteLength(text) < LARGEST_SUMMARY_BYTES);
  return fits ?? heading;
}

function headingSection(runs: readonly DeploymentRun[]): string {
  const good = runs.filter(({ conclusion }) => conclusion.kind === 'success').length;
  const [first] = runs;
  if (runs.length === 1 && first) {
    const { target, deployment, conclusion } = first;
    const number = deployment ? ` <code>#${deployment.deploy_number}</code>` : '';
    return `<h3>${symbol(conclusion)} ${summaryText(displayName(target), 100)}${number} ${headline(first)}</h3>\n`;
  }
  const sign = good === runs.length ? '✅' : '❌';
  return `<h3>${sign} ${good} of ${runs.length} applications deployed</h3>\n`;
}

function headline({ deployment, conclusion }: DeploymentRun): string {
  const isLive = deployment?.status === 'available';
  switch (conclusion.kind) {
    case 'timed_out':
      return 'timed out';
    case 'cancelled':
      return 'was cancelled';
    case 'failure':
      return isLive ? 'is live, but not as asked' : 'failed';
    case 'success':
      return isLive ? 'is live' : 'was triggered';
  }
}

function symbol({ kind }: Conclusion): string {
  return { success: '✅', failure: '❌', timed_out: '⌛', cancelled: '🚫' }[kind];
}

function tableSection(runs: readonly DeploymentRun[], workflow: Workflow): string {
  const head = ['Application', 'Deployment', 'Status', 'Commit or image', 'Duration'];
  const rows = runs.map((run) => {
    const { target, deployment, conclusion, durationMs } = run;
    const cells = [
      summaryText(displayName(target), 100),
      deployment ? `<code>#${deployment.deploy_number}</code>` : '–',
      `${symbol(conclusion)} ${deployment ? summaryText(deployment.status, 60) : '–'}`,
      revisionCell(run, workflow),
      durationMs === null ? '–' : formatDuration(durationMs),
    ];
    return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>\n`;
  });
  const headings = head.map((text) => `<th>${text}</th>`).join('');
  return `<table>\n<tr>${headings}</tr>\n${rows.join('')}</table>\n`;
}

function revisionCell({ deployment }: DeploymentRun, { repositoryUrl, sha }: Workflow): string {
  if (!deployment) return '–';
  const { git_sha, commit_message, committer_name, image_reference } = deployment;
  if (image_reference !== null) return summaryText(image_reference, 200);
  if (git_sha === null) return '–';
  const short = summaryText(shortSha(git_sha));
  const commit =
    repositoryUrl !== null && git_sha === sha
      ? `<a href="${repositoryUrl}/commit/${sha}">${short}</a>`
      : short;
  const message = commit_message ? ` ${summaryText(firstLine(commit_message))}` : '';
  const author = committer_name ? ` by ${summaryText(committer_name, 60)}` : '';
  return `${commit}${message}${author}`;
}

function problemSection({ target, conclusion }: DeploymentRun, isNamed: boolean): string {
  if (conclusion.kind === 'success') return '';
  const name = isNamed ? `<b>${summaryText(displayName(target), 100)}</b>: ` : '';
  return `<p>${name}${summaryProse(conclusion.problem)}</p>\n`;
}

function logTailSection({ target }: DeploymentRun, logTail: readonly LogLine[]): string {
  if (logTail.length === 0) return '';
  const lines = logTail.slice(-LOG_LINES_SHOWN).map(({ ts, msg }) => {
    return `${summaryText(`${ts} ${msg}`.trim(), 300)}<br>\n`;
  });
  const title = `Last log lines of ${summaryText(displayName(target), 100)}`;
  return `<details open><summary>${title}</summary>\n${lines.join('')}</details>\n`;
}
