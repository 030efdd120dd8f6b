import type { Attempt } from '../deploy/attempt/attempt.ts';
import type { DeploymentRun } from '../deploy/deploy-application.ts';
import type { DeployPlan } from '../deploy/plan/deploy-plan.ts';
import type { Target } from '../deploy/preflight/preflight.ts';
import { REQUESTS_AT_ONCE } from '../http/gate.ts';
import { retryRead } from '../http/retry.ts';
import { type LogLine, toLogLine } from '../nodion/log-lines.ts';
import * as commands from '../runner/commands.ts';
import { type Sentence, sentence } from '../runner/sentence.ts';
import { displayName, reasonOf } from './wording.ts';

/** Characters of all tails that are read ahead: those of hundreds of applications must fit into memory. */
const MOST_HELD = 8_000_000;
/** Lines of each tail that are handed on, for the job summary. */
const LINES_HANDED_ON = 15;

/** The last lines of the applications' runtime logs. */
export interface LogTails {
  /** Reads those of a bad deployment now, while its instances are still there. */
  readAhead(target: Target, attempt: Attempt, signal: AbortSignal): Promise<void>;
  /**
   * Prints those of the failed runs, each as soon as it is there; where some can't be read, that is one
   * warning.
   * @returns for each of them that has any its last 15 lines.
   */
  print(
    runs: readonly DeploymentRun[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<DeploymentRun, LogTail>>;
}

/** What the job summary shows of a log. */
export interface LogTail {
  /** Its last lines, oldest first. */
  readonly lines: readonly LogLine[];
  /** How many were printed. */
  readonly count: number;
}

type Tail = { readonly lines: readonly LogLine[] } | { readonly problem: Sentence };

export function createLogTails({ logLines }: Pick<DeployPlan, 'logLines'>): LogTails {
  const ahead = new Map<Target, Promise<Tail>>();
  let held = 0;

  async function read(
    { api }: Target,
    { deployment, startedAt }: Pick<Attempt, 'deployment' | 'startedAt'>,
    signal: AbortSignal,
    onRetry = () => {},
  ): Promise<Tail> {
    if (!deployment || logLines === 0) return { lines: [] };
    // Where Nodion's own time can't be read, the local one of the trigger.
    const createdAt = Date.parse(deployment.created_at ?? '') || startedAt;
    const since = new Date(createdAt).toISOString();
    try {
      const lines = await retryRead(() => api.logs(since, toLogLine, signal), { signal, onRetry });
      return { lines: lines.slice(-logLines) };
    } catch (error) {
      return { problem: reasonOf(error) };
    }
  }

  /** As many of the last lines as may still be held. */
  function hold(tail: Tail): Tail {
    if ('problem' in tail) return tail;
    const tooMuch = tail.lines.findLastIndex(({ msg }) => {
      held += msg.length;
      return held > MOST_HELD;
    });
    return { lines: tail.lines.slice(tooMuch + 1) };
  }

  async function tailOf(
    run: DeploymentRun,
    signal: AbortSignal,
    onRetry: () => void,
  ): Promise<Tail> {
    const early = ahead.get(run.target);
    if (early !== undefined) return await early;
    const { kind } = run.conclusion;
    const isWanted = kind === 'failure' || kind === 'timed_out';
    return isWanted ? await read(run.target, run, signal, onRetry) : { lines: [] };
  }

  return {
    readAhead: async (target, attempt, signal) => {
      ahead.set(target, read(target, attempt, signal).then(hold));
    },
    print: async (runs, signal) => {
      const shown = new Map<DeploymentRun, LogTail>();
      const problems: Sentence[] = [];
      const print = async (run: DeploymentRun, onRetry: () => void) => {
        const tail = await tailOf(run, signal, onRetry);
        const name = displayName(run.target);
        if ('problem' in tail) {
          problems.push(sentence`The runtime log of ${name} can't be read: ${tail.problem}`);
        } else if (tail.lines.length > 0) {
          commands.group(
            sentence`Last log lines of ${logSource(run)} (${tail.lines.length})`,
            tail.lines.map(({ ts, msg }) => `${ts} ${msg}`),
          );
          const { length: count } = tail.lines;
          shown.set(run, { lines: tail.lines.slice(-LINES_HANDED_ON), count });
        }
      };
      // The next is read when the runner has taken the one before: in memory hundreds would pile up.
      const left = runs.values();
      const printLeft = async (): Promise<void> => {
        for (const run of left) {
          let others: Promise<void> | undefined;
          // One that has to be read again leaves its turn to others.
          await print(run, () => {
            others ??= printLeft();
          });
          await commands.printed(signal);
          await others;
        }
      };
      await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, printLeft));
      const [first, ...others] = problems;
      if (first) {
        const more = sentence`The same goes for the runtime logs of ${others.length} more.`;
        commands.warning('No log lines', others.length > 0 ? [first, more] : [first]);
      }
      return shown;
    },
  };
}

/** What the last log lines are of: `the online instances of shop since the trigger, …`. */
export function logSource(run: DeploymentRun): Sentence {
  const { target, deployment, triggered, rollback } = run;
  const since = triggered
    ? sentence`the trigger`
    : sentence`#${deployment?.deploy_number} was made`;
  const until = rollback && sentence` and before the rollback`;
  return sentence`the online instances of ${displayName(target)} since ${since}${until}, perhaps of the version before`;
}
