import type { Deployment, DeploymentList } from '../../nodion/responses.ts';
import type { CheckEvent, Checks } from '../checks/check-deployment.ts';
import type { Health } from '../checks/check-health.ts';
import type { ProbeResult } from '../checks/probe-health.ts';
import type { Rollout } from '../checks/verify-rollout.ts';
import type { Stability } from '../checks/watch-stability.ts';
import type { Origin, TriggerEvent } from './trigger-deployment.ts';
import type { Outcome, WaitEvent } from './wait-for-deployment.ts';

/** One deployment from its trigger to the last thing that was waited for. Null: it did not come to that. */
export interface Attempt {
  readonly before: Before;
  /** The deployments in the first list after that; null where there was none. */
  readonly firstAfter: readonly Deployment[] | null;
  /** The deployments as they were last seen; `isCurrent`: and nothing can have changed much since. */
  readonly lastSeen: (DeploymentList & { readonly isCurrent: boolean }) | null;
  /** As it was last seen. */
  readonly deployment: Deployment | null;
  /** How it became ours. */
  readonly origin: Origin | null;
  /** The deployment whose end is waited for before anything is triggered (`if_busy`). */
  readonly busyWith: Deployment | null;
  /** Those below it that the list from just before its trigger did not have. */
  readonly overtaken: readonly Deployment[];
  /** Whether it is certain that this step triggered it. */
  readonly isCertainlyOurs: boolean;
  readonly outcome: Outcome | null;
  readonly rollout: Rollout | null;
  readonly health: Health | null;
  readonly stability: Stability | null;
  /** What its checks saw last, while they go on. */
  readonly latest: {
    readonly rollout: Rollout | null;
    readonly probe: ProbeResult | null;
    readonly check: CheckEvent | null;
  };
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** The same by `performance.now()`. */
  readonly startMs: number;
  readonly timeline: readonly Milestone[];
  /** From the start until the last thing that was waited for; null when nothing was. */
  readonly durationMs: number | null;
  /** What ended it early; null for nothing. */
  readonly error: unknown;
}

/** The deployments just before the trigger was sent, unless the key may not read them. */
export type Before =
  | { readonly kind: 'not sent' | 'unreadable' }
  | { readonly kind: 'listed'; readonly deployments: readonly Deployment[] };

/** A status that was seen, or another thing that was waited for, such as `healthy`. */
export interface Milestone {
  readonly name: string;
  /** Milliseconds since the start. */
  readonly afterMs: number;
}

/** What happens to one deployment. */
export type AttemptEvent =
  | TriggerEvent
  | WaitEvent
  | CheckEvent
  /** The deployment to follow is known. */
  | { readonly kind: 'deployment'; readonly origin: Origin; readonly deployment: Deployment };

/** An attempt of which nothing has happened yet; `deployments` as read before it, null when they can't be. */
export function newAttempt(deployments: DeploymentList | null): Attempt {
  return {
    before: { kind: 'not sent' },
    firstAfter: null,
    lastSeen: deployments && { ...deployments, isCurrent: true },
    deployment: null,
    origin: null,
    busyWith: null,
    overtaken: [],
    isCertainlyOurs: true,
    outcome: null,
    rollout: null,
    health: null,
    stability: null,
    latest: { rollout: null, probe: null, check: null },
    startedAt: Date.now(),
    startMs: performance.now(),
    timeline: [],
    durationMs: null,
    error: null,
  };
}

/** The attempt after an event, `afterMs` milliseconds since its start. */
export function foldAttempt(attempt: Attempt, event: AttemptEvent, afterMs: number): Attempt {
  const { latest } = attempt;
  const reached = (name: string) => [...attempt.timeline, { name, afterMs }];
  switch (event.kind) {
    case 'trigger-sent': {
      const { before } = event;
      return {
        ...attempt,
        before: before ? { kind: 'listed', deployments: before } : { kind: 'unreadable' },
      };
    }
    case 'trigger-not-sent':
      return { ...attempt, before: { kind: 'not sent' } };
    case 'seen': {
      const { deployments } = event.list;
      const firstAfter = attempt.before.kind === 'not sent' ? null : deployments;
      const ours = deployments.find(({ id }) => id === attempt.deployment?.id);
      return {
        ...attempt,
        deployment: ours ?? attempt.deployment,
        lastSeen: { ...event.list, isCurrent: true },
        firstAfter: attempt.firstAfter ?? firstAfter,
      };
    }
    case 'busy':
      return { ...attempt, busyWith: event.deployment };
    case 'idle':
      if (attempt.before.kind !== 'not sent') return { ...attempt, busyWith: null };
      // Its time and timeline begin with its own trigger.
      return { ...newAttempt(null), lastSeen: attempt.lastSeen };
    case 'several-candidates':
    case 'older-candidate':
      return { ...attempt, isCertainlyOurs: false };
    case 'overtaken':
      return { ...attempt, overtaken: event.deployments };
    case 'deployment':
    case 'successor':
    case 'status': {
      const { kind, deployment } = event;
      const origin = kind === 'deployment' ? event.origin : attempt.origin;
      const isTaken = kind === 'successor' || (kind === 'deployment' && origin === 'reused');
      const isCertainlyOurs = attempt.isCertainlyOurs && !isTaken;
      const timeline = reached(deployment.status);
      return { ...attempt, deployment, origin, isCertainlyOurs, timeline };
    }
    case 'rollout':
      return { ...attempt, latest: { ...latest, rollout: event.rollout, check: event } };
    case 'health':
      return { ...attempt, latest: { ...latest, probe: event.result, check: event } };
    case 'watched':
      if (event.check === 'rollout') return attempt;
      return { ...attempt, latest: { ...latest, probe: event.result, check: event } };
    case 'reached':
      return {
        ...attempt,
        latest: { ...latest, check: event },
        timeline: reached(event.milestone),
      };
    default:
      return attempt;
  }
}

/** The attempt after the wait. */
export function withOutcome(attempt: Attempt, outcome: Outcome): Attempt {
  const isFinal = outcome.kind !== 'timed_out';
  const durationMs = isFinal ? (attempt.timeline.at(-1)?.afterMs ?? null) : null;
  return { ...attempt, outcome, deployment: outcome.deployment, durationMs };
}

/** The attempt after its checks: a list from before their end is an old one. */
export function withChecks(attempt: Attempt, checks: Checks): Attempt {
  const { rollout, health, stability, listAtEnd, endedAtMs, error } = checks;
  const { deployment } = attempt;
  const list = listAtEnd ?? attempt.lastSeen;
  return {
    ...attempt,
    ...{ rollout, health, stability, error },
    lastSeen: list && { ...list, isCurrent: listAtEnd !== null },
    deployment: list?.deployments.find(({ id }) => id === deployment?.id) ?? deployment,
    durationMs: endedAtMs - attempt.startMs,
  };
}
