import type { DeployEvent } from '../deploy/deploy-application.ts';
import type { DeployPlan } from '../deploy/plan.ts';
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
  /** What is waited for once it is available; empty for nothing. */
  readonly pending: Sentence;
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
    pending: sentence``,
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
      const { instances, missing } = event.rollout;
      const number = progress.deployment?.deploy_number ?? 0;
      const running = instances
        ? sentence`${instances.current} of ${instances.online} online instances run #${number}`
        : sentence`instances not known`;
      const rollout = joined([running, ...missing], '; ');
      return { ...progress, rollout, pending: sentence`, its rollout not complete` };
    }
    case 'health':
      return { ...progress, health: event.answer.what, pending: sentence`, not healthy yet` };
    case 'watched':
      return event.check === 'health' ? { ...progress, health: event.answer.what } : progress;
    case 'reached':
      return { ...progress, pending: sentence`, ${ours(event.what)}` };
    case 'rollback':
      return { ...newProgress(plan), endsAtMs: performance.now() + plan.timeoutMs };
    case 'concluded':
      return { ...progress, isConcluded: true };
    default:
      return progress;
  }
}
