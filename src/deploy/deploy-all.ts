import type { SendRequest } from '../http/transport.ts';
import { busyDeployment } from '../nodion/deployments.ts';
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
  const waiting = halts.entries();
  const runs = new Map<Target, Promise<DeploymentRun>>();
  const isDecided = plan.failFast && plan.ifBusy === 'fail' && !plan.reuseExisting;
  const busy = isDecided ? targets.find(isBusy) : undefined;
  let failed: Target | null = null;
  const because = () => sentence`${foreign(failed?.name ?? '')} failed`;

  function haltOthers(target: Target): void {
    if (!plan.failFast || failed) return;
    failed = target;
    for (const halt of halts.values()) halt.abort('halted' satisfies InterruptReason);
    // They end at once, whatever the others wait for.
    for (const next of waiting) void deploy(next);
  }

  function deploy([target, { signal }]: [Target, AbortController]): Promise<DeploymentRun> {
    const run = deployApplication(target, plan, {
      ...{ ...options, halt: { signal, because } },
      onEvent: (event) => {
        options.onEvent(target, event);
        if (event.kind === 'failed') haltOthers(target);
      },
    });
    runs.set(target, run);
    return run;
  }

  async function deployInTurn(): Promise<void> {
    for (const next of waiting) {
      // What follows a busy one is not to be triggered.
      if (busy && runs.has(busy)) await runs.get(busy);
      await deploy(next);
    }
  }

  await Promise.all(targets.slice(0, plan.maxParallel).map(deployInTurn));
  return await Promise.all(targets.flatMap((target) => runs.get(target) ?? []));
}

/** Whether a deployment of it was in progress when it was read. */
function isBusy({ deployments }: Target): boolean {
  return busyDeployment(deployments?.deployments ?? []) !== null;
}
