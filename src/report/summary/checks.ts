import type { Attempt } from '../../deploy/attempt/attempt.ts';
import type { Health } from '../../deploy/checks/check-health.ts';
import type { Rollout } from '../../deploy/checks/verify-rollout.ts';
import type { Stability } from '../../deploy/checks/watch-stability.ts';
import { summarySentence } from '../../runner/sentence.ts';
import { type Fact, took } from './markup.ts';

type Failed = Stability['failed'];

/** What the checks of a live deployment came to, those that were asked for. */
export function checkFacts(attempt: Attempt): Fact[] {
  const { rollout, health, stability, timeline } = attempt;
  const failed = stability?.failed ?? null;
  const reachedMs = (name: string) => timeline.find((one) => one.name === name)?.afterMs ?? null;
  return [
    ...(rollout
      ? [['Rollout', describeRollout(rollout, reachedMs('rolled out'), failed)] as const]
      : []),
    ...(health ? [['Health', describeHealth(health, failed)] as const] : []),
    ...(stability?.isStable ? [['Stable', `for ${took(stableMs(attempt))}`] as const] : []),
  ];
}

function describeRollout(rollout: Rollout, completeMs: number | null, failed: Failed): string {
  if (failed?.kind === 'rollout') {
    return `complete at first, then not: ${summarySentence(failed.last.phrase)}`;
  }
  const { instances, isComplete } = rollout;
  const where = instances && `on ${instances.current} of ${instances.online} online instances`;
  if (!isComplete) return where ? `${where}, not complete` : 'not verified';
  return `${where ?? 'complete'}${completeMs === null ? '' : ` after ${took(completeMs)}`}`;
}

function describeHealth(health: Health, failed: Failed): string {
  const { where, isHealthy, answers, bad, lastBad, lastAnswer } = health;
  const at = summarySentence(where);
  if (failed?.kind === 'health') {
    const last = summarySentence(failed.last.phrase);
    return `good at first, then 3 bad answers in a row, the last one ${last}`;
  }
  if (answers === 0) return `no whole answer from ${at}`;
  const good = answers - bad;
  if (isHealthy) {
    const among = bad === 0 ? '' : ` of ${answers}`;
    return `${good} good ${good === 1 ? 'answer' : 'answers'}${among} from ${at}`;
  }
  if (!lastBad) return `${good} good ${good === 1 ? 'answer' : 'answers'} from ${at}, too few`;
  const last = lastAnswer === lastBad ? 'the last one' : 'the last bad one';
  return `${bad} of ${answers} answers were bad, ${last} ${summarySentence(lastBad.phrase)}`;
}

function stableMs({ timeline }: Attempt): number {
  const at = timeline.findIndex(({ name }) => name === 'stable');
  return (timeline[at]?.afterMs ?? 0) - (timeline[at - 1]?.afterMs ?? 0);
}
