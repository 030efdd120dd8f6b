import { hasGoneLive } from '../../deploy/conclusion/conclusion.ts';
import type { DeploymentRun } from '../../deploy/deploy-application.ts';
import { joined, summarySentence } from '../../runner/sentence.ts';
import { byGravity, isSkipped } from '../ends.ts';
import { describeHead, displayName } from '../wording.ts';
import { deploymentNumber, details, paragraph, table, took } from './markup.ts';
import { SKIPPED, symbol } from './verdict.ts';
import { commitMessage, versionChange, type Workflow } from './version.ts';

/** So many failures' reasons, or successes without a failure, are shown unfolded. */
const REASONS_UNFOLDED = 3;
const SUCCESSES_UNFOLDED = 20;

/** What is common to them once; then those that failed, the gravest first, those not triggered, and the others. */
export function severalApplications(runs: readonly DeploymentRun[], workflow: Workflow): string {
  const skipped = runs.filter(isSkipped);
  const failed = byGravity(runs).filter(
    (run) => run.conclusion.kind !== 'success' && !isSkipped(run),
  );
  const good = runs.filter(({ conclusion }) => conclusion.kind === 'success');
  const changeOf = ({ deployment: to, previous: from }: DeploymentRun) =>
    to ? versionChange({ from, to }, workflow) : '';
  const commitOf = ({ deployment }: DeploymentRun) => (deployment ? commitMessage(deployment) : '');
  const common = { change: commonOf(runs, changeOf), commit: commonOf(runs, commitOf) };
  const above = [common.change, common.commit].filter((html) => html);

  function tableOf(shown: readonly DeploymentRun[]): string {
    const columns = ['Application', 'Deployment', 'Result', 'Live', 'Took'];
    const rows = shown.map((run) => [
      summarySentence(displayName(run.target)),
      deploymentCell(run),
      `${symbol(run)}&nbsp;${describeHead(run).toLowerCase()}`,
      liveCell(run),
      took(run.durationMs),
    ]);
    if (common.change !== null) return table(columns, rows);
    const versions = shown.map((run) => changeOf(run) || '–');
    return table(
      columns.toSpliced(2, 0, 'Version'),
      rows.map((cells, index) => cells.toSpliced(2, 0, versions[index] ?? '')),
    );
  }

  const isFolded = good.length > 0 && (failed.length > 0 || good.length > SUCCESSES_UNFOLDED);
  const succeeded = tableOf(good);
  return [
    above.length > 0 ? `<p>${above.join('<br>\n')}</p>\n` : '',
    tableOf(failed),
    reasons(failed),
    notTriggered(skipped, tableOf(skipped)),
    isFolded ? details(`✅ ${good.length} succeeded`, succeeded) : succeeded,
  ].join('');
}

/** What is the same of all that have a deployment; null where it differs. */
function commonOf(
  runs: readonly DeploymentRun[],
  html: (run: DeploymentRun) => string,
): string | null {
  const deployed = runs.filter(({ deployment }) => deployment !== null);
  const [one = '', ...others] = new Set(deployed.map(html));
  return others.length === 0 ? one : null;
}

function deploymentCell({ deployment, rollback }: DeploymentRun): string {
  if (!deployment) return '–';
  const back = rollback?.attempt.deployment;
  if (!rollback || !back) return deploymentNumber(deployment.deploy_number);
  const number = deploymentNumber(back.deploy_number);
  const then = {
    success: `back&nbsp;by&nbsp;${number}`,
    failure: `rollback&nbsp;${number}&nbsp;failed`,
    timed_out: `rollback&nbsp;${number}&nbsp;not&nbsp;done`,
    cancelled: `rollback&nbsp;${number}&nbsp;not&nbsp;done`,
  }[rollback.conclusion.kind];
  return `${deploymentNumber(deployment.deploy_number)}, ${then}`;
}

/** The number of what is live in the end. */
function liveCell({ conclusion, deployment, previous, live, outcome }: DeploymentRun): string {
  if (conclusion.kind === 'success' && conclusion.superseded) {
    const { by } = conclusion.superseded;
    return by === null ? 'not&nbsp;known' : deploymentNumber(by);
  }
  if (deployment && hasGoneLive(conclusion)) return deploymentNumber(deployment.deploy_number);
  if (live.kind !== 'listed') return 'not&nbsp;known';
  if (!live.deployment) return 'nothing';
  const number = live.deployment.deploy_number;
  const isStill = number === previous?.deploy_number && outcome?.kind !== 'available';
  return `${isStill ? 'still&nbsp;' : ''}${deploymentNumber(number)}`;
}

function notTriggered([first, ...others]: readonly DeploymentRun[], rows: string): string {
  if (!first || first.conclusion.kind === 'success') return '';
  const why = paragraph(first.conclusion.lines.slice(0, 1));
  return details(`${SKIPPED} ${others.length + 1} not triggered`, why + rows);
}

/** All that is to be said of each failure. */
function reasons(failed: readonly DeploymentRun[]): string {
  if (failed.length === 0) return '';
  const each = failed.map(({ target, conclusion }) => {
    const lines = conclusion.kind === 'success' ? [] : conclusion.lines;
    const name = summarySentence(displayName(target));
    return `<p>${name}: ${summarySentence(joined(lines, ' '))}</p>\n`;
  });
  if (failed.length <= REASONS_UNFOLDED) return each.join('');
  return details(`What happened to these ${failed.length}`, each.join(''));
}
