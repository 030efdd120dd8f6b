import { highestNumber, liveDeployment, replacementOf } from '../nodion/deployments.ts';
import { NodionError } from '../nodion/errors.ts';
import { UnknownOutcome } from '../nodion/post-once.ts';
import type { Deployment } from '../nodion/responses.ts';
import { Sentence, sentence } from '../runner/sentence.ts';
import { Interrupted } from '../time/deadline.ts';
import type { Attempt } from './attempt/attempt.ts';
import { mismatchOf, tagOf } from './attempt/revision.ts';
import { type AttemptOptions, runAttempt } from './attempt/run-attempt.ts';
import { NoLongerNewest, newerAppeared } from './attempt/trigger-deployment.ts';
import { conclude } from './conclusion/conclude.ts';
import { type Conclusion, type Failure, failure } from './conclusion/conclusion.ts';
import { version } from './conclusion/describe-live.ts';
import type { DeployPlan } from './plan/deploy-plan.ts';
import { rollbackTarget } from './preflight/find-way-back.ts';
import type { Target } from './preflight/preflight.ts';

/** The one attempt to go back to what was live before. */
export interface Rollback {
  /** What was live before. */
  readonly to: Deployment;
  /** What became of its tag's new deployment. */
  readonly attempt: Attempt;
  /** Success where that is live and passed the same checks. */
  readonly conclusion: Conclusion;
  /** What the step fails with in either case, but for what is live now. */
  readonly failure: Failure;
}

/** Why nothing was triggered to go back. */
export interface NoRollback {
  readonly why: Sentence;
  /** The attempt that saw last what is live. */
  readonly attempt: Attempt;
}

/** A rollback that is due: to `tag`, which `to` was of, because of `evidence`. */
export interface DueRollback {
  readonly to: Deployment;
  readonly tag: string;
  readonly evidence: Sentence;
}

/**
 * The rollback of a failed deployment, or why there is none: only one that went live by this step, is
 * known to be bad, and is the newest still, goes back to what was live before it.
 */
function decideRollback(
  attempt: Attempt,
  { evidence }: Failure,
  options: { target: Target; plan: DeployPlan; previous: Deployment | null },
): DueRollback | Sentence {
  const { deployment, error, outcome, rollout, latest } = attempt;
  const { target, plan, previous } = options;
  if (error instanceof UnknownOutcome) return sentence`it is unknown whether a deployment was made`;
  if (isCancelled(attempt)) return sentence`the step was cancelled`;
  if (outcome?.kind !== 'available' || !deployment) {
    return sentence`the deployment was not seen to go live`;
  }
  if (attempt.origin === 'reused') return sentence`this step did not trigger the deployment`;
  if (!attempt.isCertainlyOurs) return sentence`the deployment may not be this step's`;
  if (mismatchOf(deployment, plan.match) !== null) {
    return sentence`it is for bad health, not for another commit or tag`;
  }
  const deployments = attempt.lastSeen?.deployments ?? [];
  const newest = Math.max(highestNumber(deployments), latest.rollout?.newer ?? 0);
  if (newest > deployment.deploy_number) return newerAppeared({ deploy_number: newest });
  const { status } = deployment;
  if (status !== 'available') return sentence`#${deployment.deploy_number} is "${status}" now`;
  if (error || (rollout && !rollout.isComplete && !evidence)) {
    return sentence`the rollout could not be checked`;
  }
  if (!evidence) return doubt(attempt);
  const { healthBefore } = target;
  if (healthBefore && healthBefore.verdict !== 'good') {
    return healthBefore.verdict === 'bad'
      ? sentence`the application was not healthy before either: ${healthBefore.phrase}`
      : sentence`it is not known whether the application was healthy before: ${healthBefore.phrase}`;
  }
  const tag = tagOf(deployment) ?? plan.match.imageTag;
  const way = rollbackTarget(previous, { tag, image: deployment.image_reference });
  if ('problem' in way) return sentence`there is nothing to go back to: ${way.problem}`;
  const between = liveDeployment(deployments.filter(({ id }) => id !== deployment.id));
  if (between && between.deploy_number > way.to.deploy_number) {
    return sentence`#${between.deploy_number}, which is not this step's, is "available" as well`;
  }
  return { ...way, evidence };
}

/** Why nothing proves that the deployment is bad. */
function doubt({ health }: Attempt): Sentence {
  if (health?.endedBy === 'timeout') {
    return sentence`\`timeout\` ended the health check, which proves nothing`;
  }
  const { isHealthy, endedBy, lastAnswer = null, lastFailure = null } = health ?? {};
  if (isHealthy === false && endedBy && !lastFailure && lastAnswer?.verdict === 'good') {
    return sentence`the last answer was good, so it may just have become healthy too late`;
  }
  return sentence`it is not certain that the deployment is bad`;
}

/**
 * Goes back to what was live before, where that is due: deploys its tag, once, with the same care and
 * the same checks but for `health_text`. Never throws.
 *
 * @returns the rollback, or why nothing was triggered.
 */
export async function rollBack(
  bad: Attempt,
  failed: Failure,
  options: Omit<AttemptOptions, 'signal' | 'halt'> & {
    target: Target;
    plan: DeployPlan;
    previous: Deployment | null;
    moreTime: (ms: number) => AbortSignal;
    onDue: (due: DueRollback) => void;
  },
): Promise<Rollback | NoRollback> {
  const { target, plan, moreTime, onDue, ...running } = options;
  const due = decideRollback(bad, failed, options);
  if (due instanceof Sentence) return { why: due, attempt: bad };
  const signal = moreTime(plan.timeoutMs);
  if (signal.aborted) return { why: sentence`the step was cancelled`, attempt: bad };
  onDue(due);
  const itsPlan: DeployPlan = {
    ...plan,
    match: { imageTag: due.tag, commit: null },
    reuseExisting: false,
    ifBusy: 'deploy',
    health: plan.health && { ...plan.health, text: null },
  };
  const start = {
    deployments: bad.lastSeen,
    defaultTag: target.application?.image_tag ?? null,
    verifiedTag: null,
    healthUrl: target.healthUrl,
    onlyWhileLive: bad.deployment,
  };
  const ended = await runAttempt(start, itsPlan, { ...running, signal, halt: NEVER });
  // Waited for, whatever came of it.
  const durationMs = ended.durationMs ?? performance.now() - ended.startMs;
  const attempt = { ...ended, durationMs };
  if (attempt.error instanceof NoLongerNewest) return { why: attempt.error.reason, attempt };
  if (isCancelled(attempt) && attempt.before.kind === 'not sent') {
    return { why: sentence`the step was cancelled`, attempt };
  }
  const conclusion = await concludeIt(attempt, itsPlan);
  const failure =
    conclusion.kind === 'success'
      ? rolledBack(due, attempt)
      : rollbackFailed(due, conclusion, attempt);
  return { to: due.to, attempt, conclusion, failure };
}

function isCancelled({ error }: Attempt): boolean {
  return error instanceof Interrupted && error.reason === 'cancelled';
}

/** It is a success only while nothing newer is live in its place. */
async function concludeIt(attempt: Attempt, plan: DeployPlan): Promise<Conclusion> {
  const conclusion = await conclude(attempt, plan);
  const { deployment, lastSeen } = attempt;
  const newer = deployment && replacementOf(deployment, lastSeen?.deployments ?? []);
  if (conclusion.kind !== 'success' || !newer) return conclusion;
  return failure('superseded', 'Deployment superseded', [
    sentence`Deployment #${deployment.deploy_number} went live, but #${newer}, which is newer, is live now.`,
  ]);
}

const NEVER = { signal: new AbortController().signal, because: () => sentence`` };

const UNDONE = sentence`Data and migrations are not undone.`;

/** What somebody else triggered too late to keep the rollback from its trigger. */
function overtook({ overtaken, deployment }: Attempt): Sentence[] {
  return overtaken.map(
    (other) =>
      sentence`#${other.deploy_number}${version(other)}, which was not in the list from just before the rollback's trigger, was overtaken by #${deployment?.deploy_number ?? null}: see whether it is meant to be live.`,
  );
}

function rolledBack({ to, evidence }: DueRollback, attempt: Attempt): Failure {
  const { deployment } = attempt;
  const was = to.image_reference;
  const image = deployment?.image_reference ?? was ?? tagOf(to);
  const number = sentence`#${to.deploy_number}`;
  return failure('rolled_back', 'Rolled back', [
    sentence`Rolled back to ${image} (${number}, now #${deployment?.deploy_number}): ${evidence}`,
    // The tag may have moved.
    ...(was && was !== image ? [sentence`${number} was of ${was}.`] : []),
    ...overtook(attempt),
    UNDONE,
    sentence`Find out what was wrong before you deploy it again.`,
  ]);
}

function rollbackFailed({ to, evidence }: DueRollback, failed: Failure, attempt: Attempt): Failure {
  const [summary = sentence``, ...more] = failed.lines;
  const { kind } = failed;
  const told = {
    cancelled: { title: 'Rollback cancelled', line: summary },
    timed_out: {
      title: 'Rollback timed out',
      line: sentence`The rollback was not done in time: ${summary}`,
    },
    failure: { title: 'Rollback failed', line: sentence`The rollback failed too: ${summary}` },
  }[kind];
  return {
    kind,
    reason: kind === 'cancelled' ? 'cancelled' : 'rollback_failed',
    title: told.title,
    lines: [
      told.line,
      ...more.filter((line) => !isAdvice(line, attempt.error)),
      sentence`It was meant to restore ${to.image_reference ?? tagOf(to)} (#${to.deploy_number}), because ${evidence}`,
      ...overtook(attempt),
      UNDONE,
      sentence`Look at the application in Nodion's dashboard, and deploy a tag that is known to be good.`,
    ],
  };
}

/** What to do about a refusal is meant for the workflow's own tag, which is the bad one. */
function isAdvice(line: Sentence, error: unknown): boolean {
  return error instanceof NodionError && line === error.advice;
}
