import { replacementOf } from '../../nodion/deployments.ts';
import { withoutAdvice } from '../../nodion/errors.ts';
import type { Deployment } from '../../nodion/responses.ts';
import { joined, ours, type Sentence, sentence } from '../../runner/sentence.ts';
import { formatDuration } from '../../time/duration.ts';
import type { Attempt } from '../attempt/attempt.ts';
import type { Health } from '../checks/check-health.ts';
import type { ProbeResult, Trouble } from '../checks/probe-health.ts';
import type { Rollout } from '../checks/verify-rollout.ts';
import { BAD_IN_A_ROW, type Stability } from '../checks/watch-stability.ts';
import type { DeployPlan, HealthPlan } from '../plan/deploy-plan.ts';
import { type Failure, failure, ONE_AFTER_ANOTHER } from './conclusion.ts';
import { timeoutOf } from './interruption.ts';

const PHRASES_SHOWN = 10;
const RAISE_TIMEOUT = sentence`Raise \`timeout\`, if it often takes longer.`;
const LOOK_AT_IT = sentence`Look at the application in Nodion's dashboard.`;

/** How sentences about a failed check begin, by what has become of its deployment. */
interface Standing {
  /** Such as `Deployment #12 is live`. */
  readonly subject: Sentence;
  /** From there on to its health: ` but`. */
  readonly but: Sentence;
  readonly isLive: boolean;
}

/** Which check the live deployment failed. */
export function failedCheck(
  { rollout, health, stability, lastSeen }: Attempt,
  deployment: Deployment,
  plan: DeployPlan,
): Failure {
  const replacedBy = lastSeen?.isCurrent ? replacementOf(deployment, lastSeen.deployments) : null;
  const standing = standingOf(deployment, replacedBy);
  if (rollout && !rollout.isComplete) {
    return incompleteRollout(deployment, rollout, { plan, replacedBy });
  }
  if (health && plan.health && !health.isHealthy) {
    return unhealthy(deployment, health, { plan, healthPlan: plan.health, standing });
  }
  if (stability && !stability.isStable) return unstable(deployment, stability, { plan, standing });
  return failure('no_longer_live', 'No longer live', [
    sentence`${standing.subject}.`,
    sentence`Look at it in Nodion's dashboard.`,
  ]);
}

function standingOf({ deploy_number, status }: Deployment, replacedBy: number | null): Standing {
  const number = sentence`Deployment #${deploy_number}`;
  if (replacedBy !== null) {
    const subject = sentence`${number} went live, then #${replacedBy}`;
    return { subject, but: sentence`, and the application was`, isLive: false };
  }
  if (status !== 'available') {
    const subject = sentence`${number} went live, but is "${status}" now`;
    return { subject, but: sentence`; it was`, isLive: false };
  }
  return { subject: sentence`${number} is live`, but: sentence` but`, isLive: true };
}

function incompleteRollout(
  deployment: Deployment,
  rollout: Rollout,
  { plan, replacedBy }: { plan: DeployPlan; replacedBy: number | null },
): Failure {
  const { missing, unproven, readError } = rollout;
  const supersededBy = rollout.supersededBy ?? replacedBy;
  const number = sentence`#${deployment.deploy_number}`;
  const hidden = missing.length - PHRASES_SHOWN;
  const more = hidden > 0 && sentence`; and ${hidden} more`;
  const shown = joined(missing.slice(0, PHRASES_SHOWN), '; ');
  const list = missing.length > 0 ? [sentence`Missing: ${shown}${more}.`] : [];
  if (supersededBy !== null) {
    const superseded = failure('superseded', 'Superseded before its rollout was complete', [
      sentence`Deployment ${number} went live, but #${supersededBy} superseded it before its rollout was complete.`,
      ...list,
      ONE_AFTER_ANOTHER,
    ]);
    // Found out meanwhile, else by the last look at the list.
    return rollout.supersededBy === null ? { ...superseded, kind: 'timed_out' } : superseded;
  }
  const when = sentence`when ${timeoutOf(plan)} expired`;
  if (readError) {
    return {
      kind: 'timed_out',
      reason: 'rollout_not_verified',
      title: 'Rollout not verified',
      lines: [
        sentence`Deployment ${number} went live, but its rollout could not be checked ${when}.`,
        ...list,
        sentence`The last read failed: ${withoutAdvice(readError)}`,
        LOOK_AT_IT,
      ],
    };
  }
  const isProven = missing.length > unproven;
  return {
    kind: 'timed_out',
    reason: isProven ? 'rollout_incomplete' : 'rollout_not_verified',
    title: isProven ? 'Rollout not complete' : 'Rollout not verified',
    lines: [
      isProven
        ? sentence`Deployment ${number} went live, but its rollout was not complete ${when}.`
        : sentence`Deployment ${number} went live, but its rollout was not verified ${when}.`,
      ...list,
      LOOK_AT_IT,
    ],
    evidence: isProven
      ? sentence`the rollout of deployment ${number} was not complete ${when}: ${shown}${more}.`
      : null,
  };
}

function unhealthy(
  deployment: Deployment,
  health: Health,
  { plan, healthPlan, standing }: { plan: DeployPlan; healthPlan: HealthPlan; standing: Standing },
): Failure {
  const { successes, timeoutMs } = healthPlan;
  const number = sentence`#${deployment.deploy_number}`;
  const isTimeout = health.endedBy === 'timeout';
  const kind = isTimeout ? 'timed_out' : 'failure';
  const limit = isTimeout
    ? sentence`before ${timeoutOf(plan)} expired`
    : sentence`within ${ours(formatDuration(timeoutMs))} (\`health_timeout\`)`;
  if (health.isHealthy === null) {
    const { lastFailure } = health;
    const last = lastFailure && sentence`, the last one: ${lastFailure.phrase}`;
    const lines =
      lastFailure || !isTimeout
        ? [
            sentence`Deployment ${number} went live, but its health is not known: no probe got an answer from the application ${limit}${last}.`,
            sentence`${ours(capitalized(ADVICE[lastFailure?.trouble ?? 'proxy']))}.`,
          ]
        : [
            sentence`Deployment ${number} went live, but ${timeoutOf(plan)} expired before its health was known.`,
            RAISE_TIMEOUT,
          ];
    return { kind, reason: 'health_not_known', title: 'Health not known', lines };
  }
  const found = describeAnswers(health, successes);
  const needed =
    successes === 1
      ? sentence`1 good answer was needed`
      : sentence`${successes} consecutive good answers were needed`;
  const isShort = health.bad === 0 && health.answers > 0;
  const next = isShort
    ? timeWasShort(isTimeout ? '`timeout`' : '`health_timeout`', plan, health)
    : sentence`${ours(adviceFor(health.lastBad))}.`;
  return {
    kind,
    reason: 'unhealthy',
    title: standing.isLive ? 'Live, but not healthy' : 'Not healthy',
    lines: [
      sentence`${standing.subject}${standing.but} not ${isShort && sentence`yet `}healthy: ${found}.`,
      sentence`${needed} ${limit}: ${next}`,
    ],
    evidence: health.isProof ? sentence`deployment ${number} was not healthy: ${found}.` : null,
  };
}

/** Where no answer was bad. */
function timeWasShort(limit: string, plan: DeployPlan, health: Health): Sentence {
  const every = ours(formatDuration(plan.pollIntervalMs));
  const last = health.lastFailure && sentence`, and a probe got none: ${health.lastFailure.phrase}`;
  return sentence`no answer was bad${last}. Raise ${ours(limit)}, or lower \`poll_interval\` (${every}).`;
}

/** What to do about a bad result; null: not one whole answer came. */
function adviceFor(result: ProbeResult | null): string {
  return ADVICE[result?.trouble ?? 'application'];
}

const ADVICE: Readonly<Record<Trouble, string>> = {
  application: "look at the application's log",
  connection: "look at the application's log, and at the proxy's",
  text: 'check what the application answers there, and `health_text`',
  redirect: 'give the final address in `health_url`',
  login: 'let this path need no login, or give another one in `health_url`',
  path: 'check the path in `health_url`',
  certificate: "check the domain's certificate, and `health_url`",
  name: 'check the domain, and `health_url`',
  cache: 'give an address in `health_url` that no cache keeps',
  proxy: "check the runner's proxy, or exempt the host in NO_PROXY",
  stopped: 'check the application yourself: the runner stood still for a while',
};

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function describeAnswers(health: Health, needed: number): Sentence {
  const { where, answers, bad, lastAnswer, lastBad } = health;
  if (answers === 0) return sentence`not one whole answer came from ${where}`;
  if (!lastBad)
    return sentence`got ${answers} good ${answers === 1 ? sentence`answer` : sentence`answers`}, needed ${needed}`;
  const last = lastAnswer === lastBad ? sentence`the last one` : sentence`the last bad one`;
  return sentence`${bad} of ${answers} answers were bad, ${last} ${lastBad.phrase}`;
}

function unstable(
  deployment: Deployment,
  { failed, lastProblem }: Stability,
  { plan, standing }: { plan: DeployPlan; standing: Standing },
): Failure {
  const number = sentence`#${deployment.deploy_number}`;
  const title = standing.isLive ? 'Live, but not stable' : 'Not stable';
  if (!failed) {
    const asked = ours(formatDuration(plan.stableForMs));
    return {
      kind: 'timed_out',
      reason: 'stability_not_known',
      title: 'Stability not known',
      lines: [
        sentence`${standing.subject}, but ${timeoutOf(plan)} expired before it was known to be stable for ${asked}.`,
        ...(lastProblem ? [lastProblem] : []),
        RAISE_TIMEOUT,
      ],
    };
  }
  const { kind, last, isProof } = failed;
  if (kind === 'rollout') {
    const end = sentence`${BAD_IN_A_ROW} looks found it incomplete, with none complete in between, the last one: ${last.phrase}.`;
    return {
      ...failure('unstable', title, [
        sentence`${standing.subject}, but its rollout did not last: ${end}`,
        LOOK_AT_IT,
      ]),
      evidence: isProof ? sentence`the rollout of deployment ${number} did not last: ${end}` : null,
    };
  }
  const end = sentence`until ${BAD_IN_A_ROW} answers in a row were bad, the last one ${last.phrase}.`;
  return {
    ...failure('unstable', title, [
      sentence`${standing.subject}${standing.but} not healthy: it was, ${end}`,
      sentence`${ours(capitalized(adviceFor(last)))}.`,
    ]),
    evidence: isProof ? sentence`deployment ${number} was healthy at first, ${end}` : null,
  };
}
