import type { SendRequest } from '../http/transport.ts';
import { foreign, sentence } from '../runner/sentence.ts';
import type { InterruptReason } from '../time/deadline.ts';
import {
  type DeployEvent,
  type DeploymentRun,
  type DeployOptions,
  deployApplication,
} from './deploy-application.ts';
import type { DeployPlan } from './plan/deploy-plan.ts';
import type { Target } from './preflight/preflight.ts';

/**
 * Deploys the applications in the order provided, `max_parallel` at a time. With `fail_fast` the first one
 * that fails is the last to be triggered: those under way are followed to their end.
 *
 * @returns what became of each, in the same order.
 */
export async function deployAll(
  targets: readonly Target[],
  plan: DeployPlan,
  options: {
    transport: SendRequest;
    signal: AbortSignal;
    moreTime: DeployOptions['moreTime'];
    onEvent: (target: Target, event: DeployEvent) => void;
  },
): Promise<readonly DeploymentRun[]> {
  // Each has its own, since Node warns of a signal with many listeners.
  const halts = new Map(targets.map((target) => [target, new AbortController()]));
  let because = sentence``;

  function haltOthers({ name }: Target): void {
    if (!plan.failFast || String(because) !== '') return;
    because = sentence`${foreign(name)} failed`;
    for (const halt of halts.values()) halt.abort('halted' satisfies InterruptReason);
  }

  const runs = new Map<Target, DeploymentRun>();
  const waiting = halts.entries();
  async function deployInTurn(): Promise<void> {
    for (const [target, { signal }] of waiting) {
      const run = await deployApplication(target, plan, {
        ...{ ...options, halt: { signal, because: () => because } },
        onEvent: (event) => {
          options.onEvent(target, event);
          if (event.kind === 'failed') haltOthers(target);
        },
      });
      runs.set(target, run);
    }
  }

  await Promise.all(targets.slice(0, plan.maxParallel).map(deployInTurn));
  return targets.flatMap((target) => runs.get(target) ?? []);
}
