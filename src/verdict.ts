import { Interrupted } from './deadline.ts';
import type { Result } from './deploy-application.ts';
import { formatDuration } from './duration.ts';
import { highestNumber, isOfCommit } from './find-deployment.ts';
import { LostAnswer } from './post-once.ts';

/** What was asked for, as far as the verdict depends on it. */
export interface Asked {
  readonly expectedSha: string | null;
  readonly wait: boolean;
  readonly timeoutMs: number;
}

/** How an application ended; `problem` is null for a success, else a sentence with what to do about it. */
export interface Verdict {
  readonly problem: string | null;
  readonly kind: 'success' | 'failed' | 'timed-out' | 'cancelled';
}

/** A result with its verdict. */
export interface Judged {
  readonly result: Result;
  readonly verdict: Verdict;
}

const GOES_ON = 'it goes on at Nodion, where nothing can cancel it';

/** Judges a result; the rules of what is green are all here. */
export function judge(result: Result, asked: Asked): Verdict {
  const failed = (problem: string): Verdict => ({ problem, kind: 'failed' });
  const timedOut = (problem: string): Verdict => ({ problem, kind: 'timed-out' });
  const { error, outcome, rollout, deployment } = result;
  const after = `the timeout of ${formatDuration(asked.timeoutMs)}`;

  if (error instanceof LostAnswer) return judgeLostAnswer(result, error, after);
  if (error instanceof Interrupted) {
    const what = deployment
      ? `while deployment #${deployment.deploy_number} was ${quoted(deployment.status)}; ${GOES_ON}`
      : 'before anything was triggered';
    if (error.reason === 'cancelled') {
      return { problem: `The workflow was cancelled ${what}`, kind: 'cancelled' };
    }
    return timedOut(`${after} was over ${what}${lastFailure(error.lastError)}`);
  }
  if (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return failed(
      deployment ? `${reason} (deployment #${deployment.deploy_number}: ${GOES_ON})` : reason,
    );
  }
  if (!deployment) return failed('Nothing was deployed');

  const number = `Deployment #${deployment.deploy_number}`;
  const shaProblem = commitProblem(result, asked);
  const besides = shaProblem && deployment.git_sha !== null ? `. Besides: ${shaProblem}` : '';
  if (outcome === null) return shaProblem ? failed(shaProblem) : { problem: null, kind: 'success' };
  if (outcome.kind === 'failed') {
    return failed(
      `${number} failed ${elapsed(result)}. Its build log is in Nodion's dashboard; the application's last log lines, if there are any, are above${besides}`,
    );
  }
  if (outcome.kind === 'expired') {
    return failed(
      outcome.overtakenBy === null
        ? `${number} expired ${elapsed(result)}: it is not live. Deploy again, or look at it in Nodion's dashboard${besides}`
        : `${number} expired ${elapsed(result)}: it was superseded by #${outcome.overtakenBy}. Use \`concurrency\` in the workflow to deploy one after another${besides}`,
    );
  }
  if (outcome.kind === 'timed-out') {
    return timedOut(
      `${number} was still ${quoted(deployment.status)} when ${after} was over; ${GOES_ON}. If it takes longer as a rule, raise \`timeout\`${lastFailure(outcome.lastError)}${besides}`,
    );
  }
  if (shaProblem) return failed(shaProblem);
  if (rollout && rollout.missing.length > 0) {
    const missing = rollout.missing.join('; ');
    return rollout.overtakenBy === null
      ? timedOut(
          `${number} is available, but its rollout was not complete when ${after} was over: ${missing}`,
        )
      : failed(
          `${number} is available, but was superseded by #${rollout.overtakenBy} before its rollout was complete: ${missing}`,
        );
  }
  return { problem: null, kind: 'success' };
}

function judgeLostAnswer(
  result: Result,
  { cause, lookFailed }: LostAnswer,
  after: string,
): Verdict {
  const { deployments } = result.target;
  const look = deployments
    ? `look for number ${highestNumber(deployments) + 1} or above in Nodion's dashboard before you trigger again`
    : "look in Nodion's dashboard before you trigger again";
  const maybe = `a deployment may have been made and be under way: ${look}`;
  if (cause instanceof Interrupted) {
    return cause.reason === 'cancelled'
      ? {
          problem: `The workflow was cancelled while the trigger was unanswered; ${maybe}`,
          kind: 'cancelled',
        }
      : {
          problem: `${after} was over while the trigger was unanswered; ${maybe}${lastFailure(cause.lastError)}`,
          kind: 'timed-out',
        };
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return {
    problem: `The trigger was not answered as documented${lookFailed ? ', and looking for its deployment was refused' : ''}; ${maybe}. ${reason}`,
    kind: 'failed',
  };
}

function commitProblem({ deployment, outcome }: Result, asked: Asked): string | null {
  const { expectedSha, wait } = asked;
  if (expectedSha === null || deployment === null || isOfCommit(deployment, expectedSha))
    return null;
  const number = `Deployment #${deployment.deploy_number}`;
  if (deployment.git_sha === null) {
    return `${number}: Nodion does not say of which commit it is, so \`expected_sha\` ${expectedSha} can't be confirmed${wait ? '' : ' (it may say so later: use `wait: true`)'}`;
  }
  const but = outcome?.kind === 'available' ? 'live, but ' : '';
  return `${number} is ${but}of commit ${deployment.git_sha}, not of \`expected_sha\` ${expectedSha}: Nodion deploys the latest commit of the connected branch. Check that the workflow runs on that branch, and that nothing was pushed meanwhile`;
}

function elapsed({ startedAt, endedAt }: Result): string {
  return `after ${formatDuration((endedAt ?? 0) - (startedAt ?? 0))}`;
}

function lastFailure(error: Error | null): string {
  return error ? `. The last look failed: ${error.message}` : '';
}

function quoted(status: string): string {
  return `"${status}"`;
}
