import type { Attempt } from '../deploy/attempt/attempt.ts';
import { shortSha, tagOf } from '../deploy/attempt/revision.ts';
import { type Failure, hasGoneLive } from '../deploy/conclusion/conclusion.ts';
import type { DeploymentRun } from '../deploy/deploy-application.ts';
import type { Deployment, LogLine } from '../nodion/responses.ts';
import { LARGEST_SUMMARY_BYTES } from '../runner/commands.ts';
import { CANCELLED_TOO_LATE } from '../runner/run-action.ts';
import { ours, type Sentence, sentence, summarySentence } from '../runner/sentence.ts';
import { summaryText } from '../runner/untrusted-text.ts';
import { formatDuration } from '../time/duration.ts';
import { logTailTitle } from './log-tail.ts';
import { timelineDiagram } from './timeline-diagram.ts';
import { describeHead, describeNow, displayName, firstLine } from './wording.ts';

const IS_SHA = /^[\da-f]{40}(?:[\da-f]{24})?$/;

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
  const verb = good < runs.length ? 'succeeded' : isWaitedFor ? 'deployed' : begun;
  return `<h3>${sign} ${good} of ${runs.length} applications ${verb}</h3>\n`;
}

function symbol(run: DeploymentRun): string {
  const { conclusion } = run;
  if (conclusion.kind === 'success') return hasGoneLive(conclusion) ? '✅' : '⏳';
  return SYMBOLS[conclusion.kind];
}

/** How a red begins its heading. */
export const SYMBOLS: Readonly<Record<Failure['kind'], string>> = {
  failure: '❌',
  timed_out: '⌛',
  cancelled: '🚫',
};

function tableSection(runs: readonly DeploymentRun[], workflow: Workflow): string {
  const head = ['Application', 'Deployment', 'Status', 'Commit or image', 'Duration'];
  const rows = runs.flatMap((run) => {
    const { target, rollback } = run;
    const name = summarySentence(displayName(target));
    const itself = row({
      ...run,
      durationMs: rollback ? rollback.attempt.startMs - run.startMs : run.durationMs,
      name,
      sign: symbol(run),
      content: revisionCell(run, workflow),
    });
    if (!rollback) return [itself];
    const { attempt, conclusion, to } = rollback;
    const sign = conclusion.kind === 'success' ? '✅' : SYMBOLS[conclusion.kind];
    const content = attempt.deployment ? revision(attempt.deployment, workflow) : '–';
    return [
      itself,
      row({
        ...attempt,
        name: `${name}, back to <code>#${to.deploy_number}</code>`,
        sign,
        content,
      }),
    ];
  });
  const headings = head.map((text) => `<th>${text}</th>`).join('');
  return `<table>\n<tr>${headings}</tr>\n${rows.join('')}</table>\n`;
}

type Checked = Pick<Attempt, 'deployment' | 'durationMs' | 'rollout' | 'health' | 'stability'>;

/** A row of the table; `name`, `sign` and `content` are HTML. */
function row(
  shown: Checked & {
    readonly name: string;
    readonly sign: string;
    readonly content: string;
  },
): string {
  const { name, sign, content, deployment, durationMs } = shown;
  const cells = [
    name,
    deployment ? `<code>#${deployment.deploy_number}</code>` : '–',
    `${sign} ${deployment ? summaryText(deployment.status, 60) : '–'}${checkNotes(shown)}`,
    content,
    durationMs === null ? '–' : formatDuration(durationMs),
  ];
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>\n`;
}

function checkNotes({ rollout, health, stability }: Checked): string {
  const failed = stability?.failed?.kind;
  const count = failed === 'rollout' ? null : rollout?.instances;
  const where = count ? ` on ${count.current} of ${count.online} online instances` : '';
  if (!health || health.isHealthy === null) return where;
  const healthy = failed === 'health' ? 'no longer healthy' : 'healthy';
  return `${where}, ${health.isHealthy ? healthy : 'not healthy'}`;
}

/** What was live before → what the deployment is of. */
function revisionCell({ deployment, previous }: DeploymentRun, workflow: Workflow): string {
  if (!deployment) return '–';
  const now = revision(deployment, workflow);
  if (!previous) return now;
  const [tagBefore, tag] = [tagOf(previous), tagOf(deployment)];
  if (tagBefore !== null && tag !== null) {
    return `${summaryText(tagBefore)} → ${summaryText(tag)} (${now})`;
  }
  const { git_sha: from } = previous;
  const { git_sha: to } = deployment;
  if (from === null || to === null || from === to) return now;
  const repository = ownRepository(deployment, workflow);
  const isComparable = repository && IS_SHA.test(from) && IS_SHA.test(to);
  const compare = isComparable
    ? ` (<a href="${repository}/compare/${from}...${to}">compare</a>)`
    : '';
  return `${commitLink(from, repository)} → ${now}${compare}`;
}

function revision(deployment: Deployment, workflow: Workflow): string {
  const { git_sha, commit_message, committer_name, image_reference } = deployment;
  if (image_reference !== null) return summaryText(image_reference, 200);
  if (git_sha === null) return '–';
  const commit = commitLink(git_sha, ownRepository(deployment, workflow));
  const message = commit_message ? ` ${summaryText(firstLine(commit_message), 120)}` : '';
  const author = committer_name ? ` by ${summaryText(committer_name, 60)}` : '';
  return `${commit}${message}${author}`;
}

/** The workflow's repository, where the deployment is of the commit that the workflow runs for; else null. */
function ownRepository({ git_sha }: Deployment, { repositoryUrl, sha }: Workflow): string | null {
  return git_sha === sha ? repositoryUrl : null;
}

function commitLink(sha: string, repository: string | null): string {
  const short = summaryText(shortSha(sha));
  return repository && IS_SHA.test(sha)
    ? `<a href="${repository}/commit/${sha}">${short}</a>`
    : short;
}

function problemSection(run: DeploymentRun, isNamed: boolean): string {
  const { target, conclusion, deployment } = run;
  const now = describeNow(run);
  const lines = now ? [sentence`#${deployment?.deploy_number} went live; ${now}.`] : [];
  const [summary, ...rest] = conclusion.kind === 'success' ? lines : conclusion.lines;
  if (!summary) return '';
  const first = isNamed ? sentence`${displayName(target)}: ${summary}` : summary;
  return paragraph([first, ...rest]);
}

function paragraph(lines: readonly Sentence[]): string {
  return `<p>${lines.map(summarySentence).join('<br>\n')}</p>\n`;
}

function logTailSection(run: DeploymentRun, logTail: readonly LogLine[]): string {
  if (logTail.length === 0) return '';
  const lines = logTail.map(({ ts, msg }) => {
    return `${summaryText(`${ts} ${msg}`.trim(), 300)}<br>\n`;
  });
  const title = summarySentence(logTailTitle(run));
  return `<details open><summary>${title}</summary>\n${lines.join('')}</details>\n`;
}
