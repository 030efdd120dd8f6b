import { UnknownOutcome } from '../nodion/post-once.ts';
import type { Deployment } from '../nodion/responses.ts';
import { Interrupted } from '../time/deadline.ts';
import { formatDuration } from '../time/duration.ts';
import type { DeployPlan } from './plan.ts';
import { highestNumber, isOfCommit } from './select-deployment.ts';
import type { Rollout } from './verify-rollout.ts';
import type { Outcome } from './wait-for-deployment.ts';

/** How an application ended: success, or a failure of a kind with a sentence about it and what to do. */
export type Conclusion =
  | { readonly kind: 'success' }
  | {
      readonly kind: 'failure' | 'timed_out' | 'cancelled';
      readonly title: string;
      readonly problem: string;
    };

/** What happened to one application, as far as its conclusion depends on it. Null: it did not come to that. */
export interface Course {
  /** The deployments just before the trigger; null also when they could not be read. */
  readonly before: readonly Deployment[] | null;
  readonly deployment: Deployment | null;
  readonly outcome: Outcome | null;
  readonly rollout: Rollout | null;
  readonly durationMs: number | null;
  /** What ended it early. */
  readonly error: unknown;
}

const GOES_ON = 'it goes on at Nodion, where nothing can cancel it';
const SUCCESS: Conclusion = { kind: 'success' };

/** Concludes what happened; the rules of what is green are all here. */
export function conclude(course: Course, plan: DeployPlan): Conclusion {
  const { error, outcome, rollout, deployment } = course;
  const timeout = `the timeout of ${formatDuration(plan.timeoutMs)}`;

  if (error instanceof UnknownOutcome) return unknownOutcome(course, error, timeout);
  if (error instanceof Interrupted) {
    const what = deployment
      ? `while deployment #${deployment.deploy_number} was ${quoted(deployment.status)}; ${GOES_ON}`
      : 'before anything was triggered';
    return error.reason === 'cancelled'
      ? cancelled(`The workflow was cancelled ${what}`)
      : timedOut(`${timeout} was over ${what}${lastFailure(error.lastError)}`);
  }
  if (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return failure(
      deployment ? `${reason} (deployment #${deployment.deploy_number}: ${GOES_ON})` : reason,
    );
  }
  if (!deployment) return failure('Nothing was deployed');

  const number = `Deployment #${deployment.deploy_number}`;
  const shaProblem = commitProblem(course, plan);
  const besides = shaProblem && deployment.git_sha !== null ? `. Besides: ${shaProblem}` : '';
  if (outcome === null) return shaProblem ? failure(shaProblem) : SUCCESS;
  if (outcome.kind === 'failed') {
    return failure(
      `${number} failed ${elapsed(course)}. Its build log is in Nodion's dashboard; the application's last log lines, if there are any, are above${besides}`,
    );
  }
  if (outcome.kind === 'expired') {
    return failure(
      outcome.supersededBy === null
        ? `${number} expired ${elapsed(course)}: it is not live. Deploy again, or look at it in Nodion's dashboard${besides}`
        : `${number} expired ${elapsed(course)}: it was superseded by #${outcome.supersededBy}. Use \`concurrency\` in the workflow to deploy one after another${besides}`,
    );
  }
  if (outcome.kind === 'timed_out') {
    return timedOut(
      `${number} was still ${quoted(deployment.status)} when ${timeout} was over; ${GOES_ON}. If it takes longer as a rule, raise \`timeout\`${lastLook(outcome)}${besides}`,
    );
  }
  if (shaProblem) return failure(shaProblem);
  if (rollout && rollout.missing.length > 0) {
    const missing = rollout.missing.join('; ');
    return rollout.supersededBy === null
      ? timedOut(
          `${number} is available, but its rollout was not complete when ${timeout} was over: ${missing}`,
        )
      : failure(
          `${number} is available, but was superseded by #${rollout.supersededBy} before its rollout was complete: ${missing}`,
        );
  }
  return SUCCESS;
}

function failure(problem: string): Conclusion {
  return { kind: 'failure', title: 'Deployment failed', problem };
}

function timedOut(problem: string): Conclusion {
  return { kind: 'timed_out', title: 'Deployment timed out', problem };
}

function cancelled(problem: string): Conclusion {
  return { kind: 'cancelled', title: 'Cancelled', problem };
}

function unknownOutcome(
  { before }: Course,
  { cause, searchFailed }: UnknownOutcome,
  timeout: string,
): Conclusion {
  const look = before
    ? `look for number ${highestNumber(before) + 1} or above in Nodion's dashboard before you trigger again`
    : "look in Nodion's dashboard before you trigger again";
  const maybe = `a deployment may have been made and be under way: ${look}`;
  if (cause instanceof Interrupted) {
    return cause.reason === 'cancelled'
      ? cancelled(`The workflow was cancelled while the trigger was unanswered; ${maybe}`)
      : timedOut(
          `${timeout} was over while the trigger was unanswered; ${maybe}${lastFailure(cause.lastError)}`,
        );
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return failure(
    `The trigger was not answered as documented${searchFailed ? ', and looking for its deployment was refused' : ''}; ${maybe}. ${reason}`,
  );
}

function commitProblem({ deployment, outcome }: Course, plan: DeployPlan): string | null {
  const { commit } = plan.match;
  if (commit === null || deployment === null || isOfCommit(deployment, commit)) return null;
  const number = `Deployment #${deployment.deploy_number}`;
  if (deployment.git_sha === null) {
    return `${number}: Nodion does not say of which commit it is, so \`expected_sha\` ${commit} can't be confirmed${plan.wait ? '' : ' (it may say so later: use `wait: true`)'}`;
  }
  const but = outcome?.kind === 'available' ? 'live, but ' : '';
  return `${number} is ${but}of commit ${deployment.git_sha}, not of \`expected_sha\` ${commit}: Nodion deploys the latest commit of the connected branch. Check that the workflow runs on that branch, and that nothing was pushed meanwhile`;
}

function elapsed({ durationMs }: Course): string {
  return `after ${formatDuration(durationMs ?? 0)}`;
}

function lastFailure(error: Error | null): string {
  return error ? `. The last look failed: ${error.message}` : '';
}

function lastLook({ lastLook: look }: Outcome): string {
  if (look === null) return '';
  const ago = formatDuration(look.lastSeenMs);
  return `. That is what was seen ${ago} before; since then every poll failed, at last: ${look.error.message}`;
}

function quoted(status: string): string {
  return `"${status}"`;
}
