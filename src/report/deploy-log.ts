import type { DeployEvent } from '../deploy/deploy-application.ts';
import type { DeployPlan } from '../deploy/plan.ts';
import type { PreflightEvent, Target } from '../deploy/preflight.ts';
import type { Deployment } from '../nodion/responses.ts';
import { describeRetry, type Retry } from '../nodion/retry.ts';
import * as commands from '../runner/commands.ts';
import { formatDuration } from '../time/duration.ts';
import { describeRevision, displayName } from './wording.ts';

const HEARTBEAT_MS = 30_000;
const SHOWN_IN_HEARTBEAT = 5;

/** The step's log while applications are deployed: a line per change, a heartbeat after 30 s without one. */
export interface DeployLog {
  /** Puts an event before the targets are known into words. */
  preflight(event: PreflightEvent): void;
  /** Says what is going to happen, and starts the heartbeat. */
  start(targets: readonly Target[]): void;
  /** Puts an event of one application into words. */
  write(target: Target, event: DeployEvent): void;
  /** Ends the heartbeat and says what was survived, in one line, if anything. */
  end(): void;
}

/** What the log knows of an application, folded from its events. Times are performance.now()'s. */
interface Progress {
  readonly startedAtMs: number;
  readonly deployment: Deployment | null;
  readonly statusSinceMs: number;
  readonly rollout: string;
  readonly isConcluded: boolean;
}

/** With several applications each line begins with the name of its own. */
export function createDeployLog(plan: DeployPlan): DeployLog {
  const retries = new Map<string, number>();
  const progress = new Map<Target, Progress>();
  let heartbeat: NodeJS.Timeout | undefined;

  function line(target: Target | null, text: string): void {
    heartbeat?.refresh();
    commands.info(
      target === null || progress.size === 1 ? text : `[${displayName(target)}] ${text}`,
    );
  }

  function count(what: string): void {
    retries.set(what, (retries.get(what) ?? 0) + 1);
  }

  function logRetry(target: Target | null, retry: Retry): void {
    count(retry.error.message);
    line(target, describeRetry(retry));
  }

  function write(target: Target, event: DeployEvent): void {
    const before = progress.get(target) ?? newProgress();
    const now = fold(before, event);
    progress.set(target, now);
    const elapsed = formatDuration(performance.now() - now.startedAtMs);
    switch (event.kind) {
      case 'retry':
        logRetry(target, event.retry);
        break;
      case 'trigger-unanswered':
        count(event.error.message);
        line(
          target,
          `${event.error.message}; looking whether a deployment was made before anything is repeated`,
        );
        break;
      case 'trigger-repeated':
        line(target, `No deployment has appeared: triggering again (attempt ${event.attempt})`);
        break;
      case 'several-candidates':
        line(target, severalCandidates(event.candidates));
        break;
      case 'late-duplicate':
        line(
          target,
          `The trigger was sent again because it seemed to have had no effect; now there are ${listNumbers(event.numbers)}: an earlier one may have been carried out late`,
        );
        break;
      case 'deployment':
        line(target, introduction(event));
        break;
      case 'status':
        line(
          target,
          `#${event.deployment.deploy_number} ${event.deployment.status} after ${elapsed}`,
        );
        break;
      case 'newer-deployment':
        line(
          target,
          `A newer deployment, #${event.number}, has appeared: if it goes live first, ours will not`,
        );
        break;
      case 'rollout':
        if (now.rollout !== before.rollout) {
          line(target, `Rollout after ${elapsed}: ${now.rollout}`);
        }
        break;
    }
  }

  function beat(): void {
    const open = [...progress].filter(([, { isConcluded }]) => !isConcluded);
    if (open.length === 0) return;
    const shown = open
      .slice(0, SHOWN_IN_HEARTBEAT)
      .map(([target, { deployment, statusSinceMs }]) => {
        const what = deployment
          ? `#${deployment.deploy_number} ${deployment.status}`
          : 'not triggered';
        const name = progress.size === 1 ? '' : `${displayName(target)} `;
        return `${name}${what} for ${formatDuration(performance.now() - statusSinceMs)}`;
      })
      .join(', ');
    const hidden = open.length - SHOWN_IN_HEARTBEAT;
    const more = hidden > 0 ? `, and ${hidden} more` : '';
    const left = formatDuration(Math.max(0, plan.timeoutMs - performance.now()));
    commands.info(`Still waiting: ${shown}${more}; at most ${left} left`);
  }

  return {
    preflight: (event) => {
      if (event.kind === 'retry') logRetry(null, event.retry);
      else {
        commands.warning(
          'Deploying without a look',
          `${event.error.message} It is triggered all the same, because of \`wait: false\``,
        );
      }
    },
    write,
    start: (targets) => {
      for (const target of targets) progress.set(target, newProgress());
      for (const target of targets) line(target, announcement(target));
      if (plan.wait) {
        commands.info(
          `Looking every ${formatDuration(plan.pollIntervalMs)} until it is done, at most until the timeout of ${formatDuration(plan.timeoutMs)}`,
        );
      }
      heartbeat = setInterval(beat, HEARTBEAT_MS).unref();
    },
    end: () => {
      clearInterval(heartbeat);
      const total = [...retries.values()].reduce((sum, times) => sum + times, 0);
      if (total > 0) {
        const kinds = [...retries].map(([what, times]) => `${times} × ${what}`);
        commands.info(
          `${total} ${total === 1 ? 'hiccup' : 'hiccups'} survived: ${kinds.join('; ')}`,
        );
      }
    },
  };
}

function newProgress(): Progress {
  const startedAtMs = performance.now();
  return {
    startedAtMs,
    deployment: null,
    statusSinceMs: startedAtMs,
    rollout: '',
    isConcluded: false,
  };
}

function fold(progress: Progress, event: DeployEvent): Progress {
  switch (event.kind) {
    case 'deployment':
    case 'status':
      return { ...progress, deployment: event.deployment, statusSinceMs: performance.now() };
    case 'rollout': {
      const { instances, missing } = event.rollout;
      const number = progress.deployment?.deploy_number;
      const running = instances
        ? `${instances.current} of ${instances.online} instances run #${number}`
        : 'instances not known';
      return { ...progress, rollout: [running, ...missing].join('; ') };
    }
    case 'concluded':
      return { ...progress, isConcluded: true };
    default:
      return progress;
  }
}

function announcement(target: Target): string {
  const { application } = target;
  const kind = application?.deployment_strategy;
  const region = application?.region.slug;
  const details = [kind, region && `region ${region}`].filter(Boolean).join(', ');
  return `Deploying ${displayName(target)}${details ? ` (${details})` : ''}`;
}

function severalCandidates([taken, ...others]: readonly Deployment[]): string {
  const numbers = listNumbers(others.map(({ deploy_number }) => deploy_number));
  return `The trigger may have made #${taken?.deploy_number} or ${numbers}: taking #${taken?.deploy_number}, the likeliest`;
}

function listNumbers(numbers: readonly number[]): string {
  return numbers.map((number) => `#${number}`).join(', ');
}

function introduction(event: Extract<DeployEvent, { kind: 'deployment' }>): string {
  const { deployment, origin } = event;
  const number = `deployment #${deployment.deploy_number}`;
  const revision = `${describeRevision(deployment)}; id ${deployment.id}, status ${deployment.status}`;
  switch (origin) {
    case 'triggered':
      return `Triggered ${number}: ${revision}`;
    case 'recovered':
      return `The trigger had been carried out: adopting ${number}: ${revision}`;
    case 'reused':
      return `Reusing ${number} in place of triggering another: ${revision}`;
  }
}
