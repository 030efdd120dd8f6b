import type { DeployEvent } from '../deploy/deploy-application.ts';
import type { DeployPlan } from '../deploy/plan/deploy-plan.ts';
import type { Deployment } from '../nodion/responses.ts';
import { joined, ours, type Sentence, sentence } from '../runner/sentence.ts';

/** What the log knows of an application, folded from its events. Times are performance.now()'s. */
export interface Progress {
  readonly startedAtMs: number;
  readonly deployment: Deployment | null;
  readonly statusSinceMs: number;
  readonly rollout: Sentence;
  /** The last answer about its health. */
  readonly health: Sentence;
  /** How its checks stand, once it is available; empty before. */
  readonly checks: Sentence;
  /** When its time is over. */
  readonly endsAtMs: number;
  readonly isConcluded: boolean;
}

/** The progress of an application of which nothing has happened yet. */
export function newProgress({ timeoutMs }: DeployPlan): Progress {
  const startedAtMs = performance.now();
  return {
    startedAtMs,
    deployment: null,
    statusSinceMs: startedAtMs,
    rollout: sentence``,
    health: sentence``,
    checks: sentence``,
    endsAtMs: timeoutMs,
    isConcluded: false,
  };
}

/** The progress after an event. */
export function fold(progress: Progress, event: DeployEvent, plan: DeployPlan): Progress {
  switch (event.kind) {
    case 'deployment':
    case 'successor':
    case 'status':
      return { ...progress, deployment: event.deployment, statusSinceMs: performance.now() };
    case 'rollout': {
      const { instances, missing, unread } = event.rollout;
      const number = progress.deployment?.deploy_number ?? 0;
      const running = instances
        ? sentence`${instances.current} of ${instances.online} online instances run #${number}`
        : sentence`instances not known`;
      const rollout = joined([running, ...missing], '; ');
      const isComplete = missing.length === 0 && unread === null;
      const checks = isComplete ? sentence`rolled out` : sentence`its rollout not complete`;
      return { ...progress, rollout, checks };
    }
    case 'health':
      return { ...progress, health: event.answer.what, checks: sentence`not healthy yet` };
    case 'watched': {
      if (event.check === 'rollout') return progress;
      const checks = event.answer.isGood ? sentence`healthy` : sentence`its last answer bad`;
      return { ...progress, health: event.answer.what, checks };
    }
    case 'reached':
      return { ...progress, checks: ours(event.what) };
    case 'rollback':
      return { ...newProgress(plan), endsAtMs: performance.now() + plan.timeoutMs };
    case 'concluded':
      return { ...progress, isConcluded: true };
    default:
      return progress;
  }
}
