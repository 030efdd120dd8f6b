import type { Attempt } from '../deploy/attempt/attempt.ts';
import type { DeployEvent } from '../deploy/deploy-application.ts';
import type { DeployPlan } from '../deploy/plan/deploy-plan.ts';
import { joined, ours, type Sentence, sentence } from '../runner/sentence.ts';

/** What the log knows of an application. Times are performance.now()'s. */
export interface Progress {
  /** Its deployment, or the one that goes back; null while nothing has happened. */
  readonly attempt: Attempt | null;
  readonly startedAtMs: number;
  /** When its time is over. */
  readonly endsAtMs: number;
  /** Whether its turn has come. */
  readonly isBegun: boolean;
  readonly isConcluded: boolean;
}

/** The progress of an application of which nothing has happened yet. */
export function newProgress({ timeoutMs }: DeployPlan): Progress {
  const startedAtMs = performance.now();
  return { attempt: null, startedAtMs, endsAtMs: timeoutMs, isBegun: false, isConcluded: false };
}

/** The progress after an event. */
export function progressAfter(progress: Progress, event: DeployEvent, plan: DeployPlan): Progress {
  switch (event.kind) {
    case 'begun':
      return { ...newProgress(plan), isBegun: true };
    case 'progress':
      return { ...progress, attempt: event.attempt };
    case 'rollback':
      return { ...newProgress(plan), isBegun: true, endsAtMs: performance.now() + plan.timeoutMs };
    case 'failed':
      return progress;
    case 'concluded':
      return { ...progress, isConcluded: true };
  }
}

/** How many are at which point: `2 done, 3 in progress, 5 not begun`. */
export function countProgress(all: readonly Progress[]): Sentence {
  const done = all.filter(({ isConcluded }) => isConcluded).length;
  const waiting = all.filter(({ isBegun, isConcluded }) => !isBegun && !isConcluded).length;
  const inProgress = all.length - done - waiting;
  return sentence`${done} done, ${inProgress} in progress${waiting > 0 && sentence`, ${waiting} not begun`}`;
}

/** Since when its deployment has the status that it has. */
export function statusSinceMs({ attempt, startedAtMs }: Progress): number {
  const status = attempt?.deployment?.status;
  const seen = attempt?.timeline.findLast(({ name }) => name === status);
  return attempt && seen ? attempt.startMs + seen.afterMs : startedAtMs;
}

/** How far its rollout was when last looked at; empty before. */
export function describeRollout(attempt: Attempt | null): Sentence {
  const rollout = attempt?.latest.rollout;
  if (!rollout) return sentence``;
  const { instances, missing } = rollout;
  const running = instances
    ? sentence`${instances.current} of ${instances.online} online instances run #${attempt.deployment?.deploy_number ?? 0}`
    : sentence`instances not known`;
  return joined([running, ...missing], '; ');
}

/** How its checks stand, once it is available; null before. */
export function describeChecks(attempt: Attempt | null): Sentence | null {
  const check = attempt?.latest.check;
  switch (check?.kind) {
    case 'rollout':
      return check.rollout.isComplete ? sentence`rolled out` : sentence`its rollout not complete`;
    case 'health':
      return sentence`not healthy yet`;
    case 'watched':
      return check.result.verdict === 'good' ? sentence`healthy` : sentence`its last answer bad`;
    case 'reached':
      return ours(check.milestone);
    default:
      return null;
  }
}
