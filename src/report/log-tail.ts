import type { Attempt } from '../deploy/attempt/attempt.ts';
import type { DeploymentRun } from '../deploy/deploy-application.ts';
import type { DeployPlan } from '../deploy/plan/deploy-plan.ts';
import type { Target } from '../deploy/preflight.ts';
import { retryRead } from '../http/retry.ts';
import type { LogLine } from '../nodion/responses.ts';
import * as commands from '../runner/commands.ts';
import { sentence } from '../runner/sentence.ts';
import { displayName, reasonOf } from './wording.ts';

/** The last lines of the applications' runtime logs. */
export interface LogTails {
  /** Reads those of a bad deployment now, while its instances are still there. */
  readAhead(target: Target, attempt: Attempt, signal: AbortSignal): void;
  /** The lines of a failed run, oldest first; none where they can't be read, which is a warning. */
  of(run: DeploymentRun, signal: AbortSignal): Promise<readonly LogLine[]>;
}

export function createLogTails({ logLines }: Pick<DeployPlan, 'logLines'>): LogTails {
  const ahead = new Map<Target, Promise<readonly LogLine[]>>();

  async function read(
    target: Target,
    { deployment, startedAt }: Pick<Attempt, 'deployment' | 'startedAt'>,
    signal: AbortSignal,
  ): Promise<readonly LogLine[]> {
    if (!deployment || logLines === 0) return [];
    // Where Nodion's own time can't be read, the local one of the trigger.
    const createdAt = Date.parse(deployment.created_at ?? '') || startedAt;
    const since = new Date(createdAt).toISOString();
    const { logs } = target.api;
    try {
      const lines = await retryRead(() => logs(since, signal), { signal, onRetry: () => {} });
      return lines.slice(-logLines);
    } catch (error) {
      commands.warning('No log lines', [
        sentence`The runtime log of ${displayName(target)} can't be read: ${reasonOf(error)}`,
      ]);
      return [];
    }
  }

  return {
    readAhead: (target, attempt, signal) => {
      ahead.set(target, read(target, attempt, signal));
    },
    of: async (run, signal) => {
      const early = ahead.get(run.target);
      if (early !== undefined) return await early;
      const { kind } = run.conclusion;
      return kind === 'failure' || kind === 'timed_out' ? await read(run.target, run, signal) : [];
    },
  };
}
