import type { DeploymentRun } from '../../deploy/deploy-application.ts';
import { LARGEST_SUMMARY_BYTES } from '../../runner/commands.ts';
import { describeCancellation } from '../ends.ts';
import type { LogTail } from '../log-tail.ts';
import { logSections } from './log-sections.ts';
import { heading, paragraph } from './markup.ts';
import { oneApplication } from './one-application.ts';
import { severalApplications } from './several-applications.ts';
import { timelineDiagram } from './timeline-diagram.ts';
import { symbol, verdict, verdictOfAll } from './verdict.ts';
import type { Workflow } from './version.ts';

const SHORTENED = "<p>The rest is too long for a job summary: see the step's log.</p>\n";

/**
 * The job summary in GitHub's Markdown, below the size that GitHub refuses: the verdict, what is live where it
 * is bad, the facts, a picture of the time it took, and the last log lines. What others wrote is in it as text
 * only.
 */
export function jobSummary(
  runs: readonly DeploymentRun[],
  options: {
    logTails: ReadonlyMap<DeploymentRun, LogTail>;
    workflow: Workflow;
    isCancelled: boolean;
  },
): string {
  const { logTails, workflow, isCancelled } = options;
  const cancellation = isCancelled ? describeCancellation(runs) : [];
  const [only, ...others] = runs;
  const isOne = only !== undefined && others.length === 0;
  const head = [
    heading(isOne ? `${symbol(only)} ${verdict(only)}` : verdictOfAll(runs)),
    cancellation.length > 0 ? paragraph(cancellation) : '',
  ].join('');
  const facts = isOne ? oneApplication(only, workflow) : severalApplications(runs, workflow);
  const candidates = [
    head + facts + timelineDiagram(runs) + logSections(runs, logTails),
    head + facts + SHORTENED,
    head + SHORTENED,
  ];
  const fits = candidates.find((text) => Buffer.byteLength(text) < LARGEST_SUMMARY_BYTES);
  return fits ?? SHORTENED;
}
