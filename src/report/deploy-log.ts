import type { Attempt } from '../deploy/attempt/attempt.ts';
import type { DeployEvent } from '../deploy/deploy-application.ts';
import type { DeployPlan } from '../deploy/plan/deploy-plan.ts';
import type { PreflightEvent, Target } from '../deploy/preflight/preflight.ts';
import { describeRetry } from '../http/retry.ts';
import * as commands from '../runner/commands.ts';
import { joined, ours, type Sentence, sentence } from '../runner/sentence.ts';
import { formatDuration } from '../time/duration.ts';
import { HEARTBEAT_MS } from '../time/step-clock.ts';
import {
  countProgress,
  describeChecks,
  describeRollout,
  newProgress,
  type Progress,
  progressAfter,
  statusSinceMs,
} from './deploy-progress.ts';
import { createErrorCount } from './error-count.ts';
import {
  announcement,
  busyWith,
  introduction,
  lateDuplicate,
  noLongerBusy,
  olderCandidate,
  overtaken,
  severalCandidates,
  unlisted,
} from './trigger-words.ts';
import { describeRevision, describeStatus, displayName } from './wording.ts';

const SHOWN_IN_HEARTBEAT = 5;

/** The step's log while applications are deployed: a line per change, a heartbeat after 30 s without one. */
export interface DeployLog {
  /** Puts an event before the targets are known into words. */
  preflight(event: PreflightEvent): void;
  /** Says what is going to happen, and starts the heartbeat. */
  start(targets: readonly Target[]): void;
  /** Puts an event of one application into words. */
  write(target: Target, event: DeployEvent): void;
  /** Ends the heartbeat and says what the step recovered from, in one line, if anything. */
  end(): void;
}

/** With several applications each line begins with the name of its own. */
export function createDeployLog(plan: DeployPlan): DeployLog {
  const errors = createErrorCount();
  const progress = new Map<Target, Progress>();
  let heartbeat: NodeJS.Timeout | undefined;

  function line(target: Target | null, text: Sentence): void {
    heartbeat?.refresh();
    const isNamed = target !== null && progress.size > 1;
    commands.info(isNamed ? sentence`[${displayName(target)}] ${text}` : text);
  }

  function write(target: Target, event: DeployEvent): void {
    const before = progress.get(target) ?? newProgress(plan);
    const now = progressAfter(before, event, plan);
    progress.set(target, now);
    if (event.kind === 'progress') writeProgress(target, event, before.attempt);
    if (event.kind === 'rollback') {
      const { to, evidence } = event;
      line(
        target,
        sentence`Rolling back to ${describeRevision(to)} (#${to.deploy_number}), unless a newer deployment has appeared: ${evidence}`,
      );
    }
  }

  function writeProgress(
    target: Target,
    { event, attempt }: Extract<DeployEvent, { kind: 'progress' }>,
    before: Attempt | null,
  ): void {
    const elapsed = ours(formatDuration(performance.now() - attempt.startMs));
    switch (event.kind) {
      case 'retry':
        errors.failed({ target, isTrigger: false }, event.retry.error);
        line(target, describeRetry(event.retry));
        break;
      case 'trigger-unanswered':
        errors.failed({ target, isTrigger: true }, event.error);
        line(target, sentence`${event.error.summary} Checking whether a deployment was made`);
        break;
      case 'trigger-repeated':
        line(
          target,
          sentence`No deployment of this step has appeared: trying again (attempt ${event.attempt})`,
        );
        break;
      case 'busy':
        line(target, busyWith(event.deployment));
        break;
      case 'idle':
        errors.recovered({ target, isTrigger: false });
        line(target, noLongerBusy(event));
        break;
      case 'several-candidates':
        line(target, severalCandidates(event.candidates));
        break;
      case 'older-candidate':
        line(target, olderCandidate(event.deployment));
        break;
      case 'overtaken':
        line(target, overtaken(event.deployments, attempt));
        break;
      case 'unlisted':
        line(target, unlisted(event.numbers, attempt));
        break;
      case 'late-duplicate':
        line(target, lateDuplicate(event.numbers));
        break;
      case 'seen':
        errors.recovered({ target, isTrigger: false });
        break;
      case 'deployment':
        errors.recovered({ target, isTrigger: true });
        line(target, introduction(event));
        break;
      case 'status':
        line(
          target,
          sentence`#${event.deployment.deploy_number} is ${describeStatus(event.deployment)} after ${elapsed}`,
        );
        break;
      case 'successor':
        line(
          target,
          sentence`It expired, and #${event.deployment.deploy_number} is of the same: following that one: ${describeRevision(event.deployment)}`,
        );
        break;
      case 'newer-deployment':
        line(
          target,
          sentence`A newer deployment, #${event.number}, has appeared: if it goes live first, this one may not`,
        );
        break;
      case 'health':
      case 'watched': {
        const phrase = attempt.latest.probe?.phrase ?? sentence``;
        if (String(phrase) !== String(before?.latest.probe?.phrase ?? '')) {
          const { verdict } = event.result;
          line(target, sentence`Health after ${elapsed}: ${ours(verdict)}, ${phrase}`);
        }
        break;
      }
      case 'reached':
        if (event.milestone === 'healthy') line(target, sentence`Healthy after ${elapsed}`);
        if (event.milestone === 'stable') line(target, sentence`Stable after ${elapsed}`);
        break;
      case 'rollout': {
        errors.recovered({ target, isTrigger: false });
        const rollout = describeRollout(attempt);
        if (String(rollout) !== String(describeRollout(before))) {
          line(target, sentence`Rollout after ${elapsed}: ${rollout}`);
        }
        break;
      }
    }
  }

  function beat(): void {
    const all = [...progress];
    const open = all.filter(([, { isBegun, isConcluded }]) => isBegun && !isConcluded);
    if (open.length === 0) return;
    const shown = open.slice(0, SHOWN_IN_HEARTBEAT).map(([target, one]) => {
      const deployment = one.attempt?.deployment;
      const busy = one.attempt?.busyWith;
      const status = deployment
        ? sentence`#${deployment.deploy_number} "${deployment.status}"`
        : busy
          ? sentence`another deployment, #${busy.deploy_number}, "${busy.status}"`
          : sentence`no deployment known yet`;
      const name = progress.size > 1 && sentence`${displayName(target)} `;
      const since = ours(formatDuration(performance.now() - statusSinceMs(one)));
      const checks = describeChecks(one.attempt);
      return sentence`${name}${status} for ${since}${checks && sentence` (${checks})`}`;
    });
    const hidden = open.length - SHOWN_IN_HEARTBEAT;
    const more = hidden > 0 && sentence`, and ${hidden} more`;
    const endsAtMs = Math.max(...open.map(([, one]) => one.endsAtMs));
    const left = ours(formatDuration(Math.max(0, endsAtMs - performance.now())));
    const count = all.length > 1 && sentence`${countProgress(all.map(([, one]) => one))}: `;
    commands.info(
      sentence`Still waiting: ${count}${joined(shown, ', ')}${more}; at most ${left} left`,
    );
  }

  return {
    preflight: (event) => {
      if (event.kind === 'image') return line(null, event.line);
      const { retry } = event;
      errors.failed({ target: null, isTrigger: false }, retry.error);
      line(null, describeRetry(retry));
    },
    write,
    start: (targets) => {
      errors.recovered({ target: null, isTrigger: false });
      for (const target of targets) progress.set(target, newProgress(plan));
      for (const target of targets) {
        line(target, announcement(target, plan));
        if (target.application === null || target.deployments === null) {
          line(
            target,
            sentence`The key may not read all of it, which \`wait: false\` does without`,
          );
        }
      }
      for (const target of targets) {
        const problem = target.rollbackProblem;
        if (problem) {
          commands.warning('No rollback possible', [
            sentence`Application ${displayName(target)}: ${problem}. If a deployment of this step turns out bad, it stays live.`,
          ]);
        }
      }
      if (plan.maxParallel < targets.length) {
        commands.info(sentence`At most ${plan.maxParallel} at a time, in this order`);
      }
      if (plan.wait) {
        const every = ours(formatDuration(plan.pollIntervalMs));
        const whom = targets.length === 1 ? sentence`it finishes` : sentence`all have finished`;
        commands.info(
          sentence`Checking every ${every} until ${whom} (timeout: ${ours(formatDuration(plan.timeoutMs))})`,
        );
      }
      heartbeat = setInterval(beat, HEARTBEAT_MS).unref();
    },
    end: () => {
      clearInterval(heartbeat);
      const recovered = errors.describe();
      if (recovered) commands.info(recovered);
    },
  };
}
