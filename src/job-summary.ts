import type { Result } from './deploy-application.ts';
import { nameOf } from './deploy-log.ts';
import { formatDuration } from './duration.ts';
import type { LogLine } from './nodion-client.ts';
import { LARGEST_SUMMARY_BYTES } from './runner.ts';
import { diagramText, singleLine, summaryProse, summaryText } from './untrusted-text.ts';
import type { Judged, Verdict } from './verdict.ts';

const LOG_LINES_SHOWN = 15;
/** Below this the trigger itself is not worth a bar. */
const LONG_TRIGGER_MS = 500;

const TICKS_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800];

/** What the summary tells of one application. */
export interface SummaryEntry extends Judged {
  /** The log tail; empty for none. */
  readonly logTail: readonly LogLine[];
}

/** Where the workflow runs, to link a commit that is its own. */
export interface Workflow {
  /** `https://github.com/owner/name`; null outside of GitHub. */
  readonly repositoryUrl: string | null;
  readonly sha: string | null;
}

/**
 * The job summary in GitHub's Markdown, below the size that GitHub refuses: what was deployed, the outcome
 * with what to do about it, a picture of the time it took, and the last log lines. What others wrote
 * is in it as text only.
 */
export function jobSummary(entries: readonly SummaryEntry[], workflow: Workflow): string {
  const heading = headingOf(entries);
  const table = tableOf(entries, workflow);
  const problems = entries
    .filter(({ verdict }) => verdict.problem !== null)
    .map(({ result, verdict }) => {
      const name = entries.length > 1 ? `<b>${summaryText(nameOf(result), 100)}</b>: ` : '';
      return `<p>${name}${summaryProse(verdict.problem ?? '')}</p>\n`;
    })
    .join('');
  const tails = entries.map(tailOf).join('');
  const full = [heading, table, problems, timelineOf(entries), tails].join('');
  const short = [heading, table, problems].join('');
  const fits = [full, short].find((text) => Buffer.byteLength(text) < LARGEST_SUMMARY_BYTES);
  return fits ?? heading;
}

function headingOf(entries: readonly SummaryEntry[]): string {
  const good = entries.filter(({ verdict }) => verdict.problem === null).length;
  const [first] = entries;
  if (entries.length === 1 && first) {
    const { result, verdict } = first;
    const number = result.deployment ? ` <code>#${result.deployment.deploy_number}</code>` : '';
    return `<h3>${symbolOf(verdict)} ${summaryText(nameOf(result), 100)}${number} ${endOf(first)}</h3>\n`;
  }
  const symbol = good === entries.length ? '✅' : '❌';
  return `<h3>${symbol} ${good} of ${entries.length} applications deployed</h3>\n`;
}

function endOf({ result, verdict }: SummaryEntry): string {
  if (verdict.kind === 'timed-out') return 'timed out';
  if (verdict.kind === 'cancelled') return 'was cancelled';
  if (verdict.problem !== null) {
    return result.outcome?.kind === 'available' ? 'is live, but not as asked' : 'failed';
  }
  return result.outcome ? 'is live' : 'was triggered';
}

function symbolOf({ kind }: Verdict): string {
  return { success: '✅', failed: '❌', 'timed-out': '⌛', cancelled: '🚫' }[kind];
}

function tableOf(entries: readonly SummaryEntry[], workflow: Workflow): string {
  const head = ['Application', 'Deployment', 'Status', 'Commit or image', 'Duration'];
  const rows = entries.map(({ result, verdict }) => {
    const { deployment, startedAt, endedAt } = result;
    const cells = [
      summaryText(nameOf(result), 100),
      deployment ? `<code>#${deployment.deploy_number}</code>` : '–',
      `${symbolOf(verdict)} ${deployment ? summaryText(deployment.status, 60) : '–'}`,
      deployment ? contentCell(result, workflow) : '–',
      startedAt !== null && endedAt !== null ? formatDuration(endedAt - startedAt) : '–',
    ];
    return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>\n`;
  });
  const headings = head.map((text) => `<th>${text}</th>`).join('');
  return `<table>\n<tr>${headings}</tr>\n${rows.join('')}</table>\n`;
}

function contentCell({ deployment }: Result, { repositoryUrl, sha }: Workflow): string {
  if (!deployment) return '–';
  const { git_sha, commit_message, committer_name, image_reference } = deployment;
  if (image_reference !== null) return summaryText(image_reference, 200);
  if (git_sha === null) return '–';
  const short = summaryText(singleLine(git_sha).slice(0, 7));
  const commit =
    repositoryUrl !== null && git_sha === sha
      ? `<a href="${repositoryUrl}/commit/${sha}">${short}</a>`
      : short;
  const message = commit_message
    ? ` ${summaryText(commit_message.split('\n', 1)[0] ?? '', 120)}`
    : '';
  const author = committer_name ? ` by ${summaryText(committer_name, 60)}` : '';
  return `${commit}${message}${author}`;
}

/** A gantt chart, which GitHub draws: one section an application, one bar a status. */
function timelineOf(entries: readonly SummaryEntry[]): string {
  const sections = entries.flatMap(({ result, verdict }) => {
    const { timeline, startedAt, endedAt } = result;
    if (startedAt === null || timeline.length === 0) return [];
    const end = endedAt ?? timeline.at(-1)?.at ?? startedAt;
    if (end - startedAt < 1_000) return [];
    const phases = [{ status: 'trigger', at: startedAt }, ...timeline].filter(
      (phase, index, all) => index > 0 || (all[1]?.at ?? end) - phase.at > LONG_TRIGGER_MS,
    );
    const bars = phases.map((bar, index, all) => {
      const until = all[index + 1]?.at ?? end;
      const isLast = index === all.length - 1;
      const tag = isLast ? (verdict.problem === null ? 'done' : 'crit') : 'active';
      // A digit first, so that no status can be taken for one of the diagram's keywords.
      const label = `${formatDuration(until - bar.at)} ${diagramText(bar.status)}`;
      return isLast && until === bar.at
        ? `${formatDuration(end - startedAt)} ${diagramText(bar.status)} :milestone, ${tag}, ${bar.at}, 0ms\n`
        : `${label} :${tag}, ${bar.at}, ${Math.max(until, bar.at + 1)}\n`;
    });
    return [`section ${diagramText(nameOf(result)) || 'Application'}\n${bars.join('')}`];
  });
  if (sections.length === 0) return '';
  return `\n\`\`\`mermaid\ngantt\ndateFormat x\naxisFormat %H:%M:%S\ntodayMarker off\ntickInterval ${tickInterval(entries)}\n${sections.join('')}\`\`\`\n\n`;
}

/** Some six ticks on the time axis: mermaid's own choice overlaps. */
function tickInterval(entries: readonly SummaryEntry[]): string {
  const times = entries
    .flatMap(({ result }) => [
      result.startedAt ?? [],
      result.endedAt ?? result.timeline.at(-1)?.at ?? [],
    ])
    .flat();
  const seconds = (Math.max(...times) - Math.min(...times)) / 1_000;
  return `${TICKS_SECONDS.find((tick) => tick * 6 >= seconds) ?? 3_600}second`;
}

function tailOf({ result, logTail }: SummaryEntry): string {
  if (logTail.length === 0) return '';
  const lines = logTail.slice(-LOG_LINES_SHOWN).map(({ ts, msg }) => {
    return `${summaryText(`${ts} ${msg}`.trim(), 300)}<br>\n`;
  });
  const title = `Last log lines of ${summaryText(nameOf(result), 100)}`;
  return `<details open><summary>${title}</summary>\n${lines.join('')}</details>\n`;
}
