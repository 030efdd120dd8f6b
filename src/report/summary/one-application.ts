import { hasGoneLive } from '../../deploy/conclusion/conclusion.ts';
import type { DeploymentRun } from '../../deploy/deploy-application.ts';
import type { Rollback } from '../../deploy/roll-back.ts';
import { summaryText } from '../../runner/untrusted-text.ts';
import { describeNow } from '../wording.ts';
import { checkFacts } from './checks.ts';
import { deploymentNumber, type Fact, factTable, liveFirst, table, took } from './markup.ts';
import { rollbackSymbol } from './verdict.ts';
import { commitMessage, imageReference, versionChange, type Workflow } from './version.ts';

/** What is live where it failed, in bold; then what else is to be said of it, and the facts. */
export function oneApplication(run: DeploymentRun, workflow: Workflow): string {
  const { conclusion, liveLine, rollback } = run;
  const lines = conclusion.kind === 'success' ? [] : conclusion.lines;
  const facts = rollback
    ? rollbackTable(run, rollback, workflow)
    : factTable(factsOf(run, workflow));
  return `${liveFirst(liveLine, lines)}${facts}`;
}

function factsOf(run: DeploymentRun, workflow: Workflow): Fact[] {
  const { deployment, previous, conclusion } = run;
  if (!deployment) return [];
  const change = versionChange({ from: previous, to: deployment }, workflow);
  const version = [change, imageReference(deployment)].filter((html) => html !== '');
  const facts: Fact[] = [
    ['Version', version.join(' &ensp;')],
    ['Commit', commitMessage(deployment)],
    ['Deployment', describeDeployment(run)],
    ...checkFacts(run),
    [conclusion.kind === 'success' ? 'Took' : 'Ended after', duration(run)],
  ];
  return facts.filter(([, html]) => html !== '');
}

/** Its number, with what it replaces or its status. */
function describeDeployment(run: DeploymentRun): string {
  const { deployment, previous, conclusion } = run;
  if (!deployment) return '';
  const number = deploymentNumber(deployment.deploy_number);
  if (!hasGoneLive(conclusion)) return `${number}, ${summaryText(deployment.status, 60)}`;
  const replaces = previous && previous.id !== deployment.id && describeNow(run) === null;
  return replaces ? `${number}, replaces ${deploymentNumber(previous.deploy_number)}` : number;
}

function duration({ durationMs, timeline }: DeploymentRun): string {
  if (durationMs === null) return '';
  const live = timeline.findIndex(({ name }) => name === 'available');
  const liveMs = timeline[live]?.afterMs ?? 0;
  const wasChecked = live >= 0 && durationMs > liveMs;
  return `${took(durationMs)}${wasChecked ? ` (live after ${took(liveMs)})` : ''}`;
}

/** A row for what turned out bad, and one for what goes back. */
function rollbackTable(run: DeploymentRun, rollback: Rollback, workflow: Workflow): string {
  const { deployment: bad, previous } = run;
  const { attempt } = rollback;
  const rows = [
    {
      ...{ name: '❌&nbsp;release', attempt: run, from: previous },
      durationMs: attempt.startMs - run.startMs,
    },
    {
      ...{ name: `${rollbackSymbol(rollback)}&nbsp;rollback`, attempt, from: bad },
      durationMs: attempt.durationMs,
    },
  ].map(({ name, attempt: { deployment: to, ...checked }, from, durationMs }) => [
    name,
    to ? deploymentNumber(to.deploy_number) : '–',
    (to && versionChange({ from, to }, workflow).replace(' → ', '&nbsp;→&nbsp;')) || '–',
    checkFacts({ ...checked, deployment: to })
      .map(([check, html]) => `${check}: ${html}`)
      .join('<br>') || '–',
    took(durationMs),
  ]);
  return table(['', 'Deployment', 'Version', 'Checks', 'Took'], rows);
}
