import { hasGoneLive, type Success } from '../../deploy/conclusion/conclusion.ts';
import type { DeploymentRun } from '../../deploy/deploy-application.ts';
import type { Rollback } from '../../deploy/roll-back.ts';
import { summarySentence } from '../../runner/sentence.ts';
import { escapeMarkup } from '../../runner/untrusted-text.ts';
import { countEnds, isSkipped } from '../ends.ts';
import { describeHead, describeNow, displayName } from '../wording.ts';
import { deploymentNumber } from './markup.ts';
import { SYMBOLS } from './short-summary.ts';
import { shortVersion } from './version.ts';

export const SKIPPED = '⏭️';

/** How an application ended, at a glance. What is live after a failed rollback is bad. */
export function symbol({ conclusion, rollback }: DeploymentRun): string {
  if (conclusion.kind === 'success') return hasGoneLive(conclusion) ? '✅' : '🔄';
  if (conclusion.reason === 'skipped') return SKIPPED;
  return rollback && conclusion.kind !== 'cancelled' && rollback.conclusion.kind !== 'success'
    ? '🚨'
    : SYMBOLS[conclusion.kind];
}

/** How the attempt to go back ended, at a glance. */
export function rollbackSymbol({ conclusion }: Rollback): string {
  return conclusion.kind === 'success' ? '✅' : SYMBOLS[conclusion.kind];
}

/** What became of one application, as a sentence in HTML: `<code>shop</code> is live and healthy`. */
export function verdict(run: DeploymentRun): string {
  const { target, deployment, conclusion, rollback } = run;
  const name = summarySentence(displayName(target));
  if (conclusion.kind === 'success') return `${name}${successVerdict(run, conclusion)}`;
  if (rollback && deployment) return `${name}: ${rollbackVerdict(run)}`;
  const words = deployment && FAILURES[conclusion.title];
  return words
    ? `${name}: ${words.replace('#', deploymentNumber(deployment.deploy_number))}`
    : `${name}: ${escapeMarkup(conclusion.title.toLowerCase())}`;
}

function successVerdict(run: DeploymentRun, { reason }: Success): string {
  const number = deploymentNumber(run.deployment?.deploy_number ?? 0);
  const now = describeNow(run);
  if (now) return `: deployment ${number} went live; ${summarySentence(now)}`;
  switch (reason) {
    case 'triggered':
      return `: deployment ${number} is triggered, and not waited for`;
    case 'in_progress':
      return `: deployment ${number} was in progress already`;
    case 'already_live':
      return ` was live already${run.health ? ', and is healthy' : ''}`;
    case 'live':
      return ` is ${describeHead(run).toLowerCase()}`;
  }
}

function rollbackVerdict({ deployment, rollout, stability, rollback }: DeploymentRun): string {
  if (!deployment || !rollback) return '';
  const bad = stability?.failed
    ? `did not stay ${stability.failed.kind === 'rollout' ? 'rolled out' : 'healthy'}`
    : `was not ${rollout && !rollout.isComplete ? 'rolled out' : 'healthy'}`;
  const to = shortVersion(rollback.to);
  const end = {
    success: `, ${to} is live again`,
    cancelled: `, and the rollback to ${to} was cancelled`,
    failure: `, and the rollback to ${to} failed`,
    timed_out: `, and the rollback to ${to} was not done in time`,
  }[rollback.conclusion.kind];
  return `${shortVersion(deployment)} ${bad}${end}`;
}

/** A failure of a deployment by its title, as a clause in which `#` is the deployment. */
const FAILURES: Readonly<Record<string, string>> = {
  'Deployment failed': 'deployment # failed',
  'Deployment expired': 'deployment # expired',
  'Deployment superseded': 'deployment # was superseded',
  'Superseded before its rollout was complete': '# was superseded before its rollout was complete',
  'Timed out': 'timed out waiting for deployment #',
  'Step cancelled': 'step cancelled while following deployment #',
  'Lost sight of the deployment': 'lost sight of deployment #',
  'Another commit went live': '# went live, but is of another commit',
  'Another image tag went live': '# went live, but is of another image tag',
  'Another commit': '# is of another commit',
  'Another image tag': '# is of another image tag',
  'Commit not confirmed': 'the commit of # is not confirmed',
  'Rollout not complete': '# went live, but its rollout was not complete',
  'Rollout not verified': '# went live, but its rollout was not verified',
  'Live, but not healthy': '# is live, but not healthy',
  'Live, but not stable': '# is live, but not stable',
  'Not healthy': '# went live, but was not healthy',
  'Not stable': '# went live, but was not stable',
  'Health not known': '# went live, but its health is not known',
  'Stability not known': '# went live, but its stability is not known',
  'No longer live': '# is no longer live',
};

/** What became of several applications, as a sentence. */
export function verdictOfAll(runs: readonly DeploymentRun[]): string {
  const failed = runs.filter(({ conclusion }) => conclusion.kind !== 'success');
  const all = `${runs.length} applications`;
  if (failed.length > 0) {
    const symbols = failed.filter((run) => !isSkipped(run)).map(symbol);
    const count = countEnds(runs);
    if (symbols.includes('🚨')) return `🚨 ${count}; a rollback failed, too`;
    const [sign = '', ...others] = new Set(symbols);
    return `${others.length === 0 ? sign : SYMBOLS.failure} ${count}`;
  }
  const symbols = new Set(runs.map(symbol));
  const sign = symbols.size === 1 ? [...symbols][0] : '✅';
  const heads = runs.map((run) => describeHead(run).toLowerCase());
  const [head = '', ...others] = new Set(heads);
  if (others.length === 0) return `${sign} ${all} ${head === 'went live' ? head : `are ${head}`}`;
  const counts = [head, ...others].map(
    (one) => `${heads.filter((other) => other === one).length} ${one}`,
  );
  return `${sign} ${all}: ${counts.join(', ')}`;
}
