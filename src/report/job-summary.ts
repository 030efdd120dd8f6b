import type { Conclusion } from '../deploy/conclusion.ts';
import type { DeploymentRun } from '../deploy/deploy-application.ts';
import { shortSha } from '../deploy/select-deployment.ts';
import type { LogLine } from '../nodion/responses.ts';
import { LARGEST_SUMMARY_BYTES } from '../runner/commands.ts';
import { CANCELLED_TOO_LATE } from '../runner/run-action.ts';
import { ours, type Sentence, sentence, summarySentence } from '../runner/sentence.ts';
import { summaryText } from '../runner/untrusted-text.ts';
import { formatDuration } from '../time/duration.ts';
import { timelineDiagram } from './timeline-diagram.ts';
import { describeHead, displayName, firstLine } from './wording.ts';

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
    isCancelled: boolean;
  },
): string {
  const { logTails, workflow, isCancelled } = options;
  const hasFailed = runs.some(({ conclusion }) => conclusion.kind !== 'success');
  const cancelled = isCancelled && !hasFailed ? paragraph([CANCELLED_TOO_LATE]) : '';
  const heading = headingSection(runs) + cancelled;
  const table = tableSection(runs, workflow);
  const problems = runs.map((run) => problemSection(run, runs.length > 1)).join('');
  const tails = runs.map((run) => logTailSection(run, logTails.get(run) ?? [])).join('');
  const full = [heading, table, problems, timelineDiagram(runs), tails].join('');
  const short = [heading, table, problems].join('');
  const fits = [full, short].find((text) => Buffer.byteLength(text) < LARGEST_SUMMARY_BYTES);
  return fits ?? heading;
}

/** The job summary of a step in which no deployment was followed. */
export function shortSummary(symbol: string, title: string, lines: readonly Sentence[]): string {
  const summary = `<h3>${symbol} ${summarySentence(ours(title))}</h3>\n${paragraph(lines)}`;
  return Buffer.byteLength(summary) < LARGEST_SUMMARY_BYTES ? summary : `<h3>${symbol}</h3>\n`;
}

function headingSection(runs: readonly DeploymentRun[]): string {
  const good = runs.filter(({ conclusion }) => conclusion.kind === 'success').length;
  const [first] = runs;
  if (runs.length === 1 && first) {
    const { target, deployment } = first;
    const number = deployment ? ` <code>#${deployment.deploy_number}</code>` : '';
    const name = summarySentence(displayName(target));
    return `<h3>${symbol(first)} ${name}${number}: ${describeHead(first).toLowerCase()}</h3>\n`;
  }
  const sign = good === runs.length ? '✅' : '❌';
  const isWaitedFor = runs.some(({ durationMs }) => durationMs !== null);
  const isAnyReused = runs.some(({ origin }) => origin === 'reused');
  const begun = isAnyReused ? 'deployed or in progress' : 'triggered';
  const what = isWaitedFor ? 'deployed' : begun;
  return `<h3>${sign} ${good} of ${runs.length} applications ${what}</h3>\n`;
}

function symbol({ conclusion, deployment }: DeploymentRun): string {
  if (conclusion.kind === 'success') return deployment?.status === 'available' ? '✅' : '⏳';
  return SYMBOLS[conclusion.kind];
}

/** How a red begins its heading. */
export const SYMBOLS: Readonly<Record<Exclude<Conclusion['kind'], 'success'>, string>> = {
  failure: '❌',
  timed_out: '⌛',
  cancelled: '🚫',
};

function tableSection(runs: readonly DeploymentRun[], workflow: Workflow): string {
  const head = ['Application', 'Deployment', 'Status', 'Commit or image', 'Duration'];
  const rows = runs.map((run) => {
    const { target, deployment, durationMs } = run;
    const cells = [
      summarySentence(displayName(target)),
      deployment ? `<code>#${deployment.deploy_number}</code>` : '–',
      `${symbol(run)} ${deployment ? summaryText(deployment.status, 60) : '–'}${rolloutNote(run)}`,
      revisionCell(run, workflow),
      durationMs === null ? '–' : formatDuration(durationMs),
    ];
    return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>\n`;
  });
  const headings = head.map((text) => `<th>${text}</th>`).join('');
  return `<table>\n<tr>${headings}</tr>\n${rows.join('')}</table>\n`;
}

function rolloutNote({ rollout }: DeploymentRun): string {
  if (!rollout?.instances) return '';
  const { current, online } = rollout.instances;
  return ` on ${current} of ${online} online instances`;
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
  const message = commit_message ? ` ${summaryText(firstLine(commit_message), 120)}` : '';
  const author = committer_name ? ` by ${summaryText(committer_name, 60)}` : '';
  return `${commit}${message}${author}`;
}

function problemSection({ target, conclusion }: DeploymentRun, isNamed: boolean): string {
  if (conclusion.kind === 'success') return '';
  const [what, ...rest] = conclusion.lines;
  const first = isNamed ? sentence`${displayName(target)}: ${what ?? null}` : (what ?? sentence``);
  return paragraph([first, ...rest]);
}

function paragraph(lines: readonly Sentence[]): string {
  return `<p>${lines.map(summarySentence).join('<br>\n')}</p>\n`;
}

function logTailSection({ target }: DeploymentRun, logTail: readonly LogLine[]): string {
  if (logTail.length === 0) return '';
  const lines = logTail.slice(-LOG_LINES_SHOWN).map(({ ts, msg }) => {
    return `${summaryText(`${ts} ${msg}`.trim(), 300)}<br>\n`;
  });
  const title = summarySentence(
    sentence`Last log lines of the online instances of ${displayName(target)} since the trigger, perhaps of the version before`,
  );
  return `<details open><summary>${title}</summary>\n${lines.join('')}</details>\n`;
}
