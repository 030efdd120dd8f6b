import { replacementOf } from '../../nodion/deployments.ts';
import { withoutAdvice } from '../../nodion/errors.ts';
import type { Deployment } from '../../nodion/responses.ts';
import { joined, ours, type Sentence, sentence } from '../../runner/sentence.ts';
import { formatDuration } from '../../time/duration.ts';
import type { Attempt } from '../attempt/attempt.ts';
import type { Health } from '../checks/check-health.ts';
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
  if (rollout && !rollout.isComplete) return incompleteRollout(deployment, rollout, plan);
  if (health && plan.health && !health.isHealthy) {
    return unhealthy(deployment, health, { plan, healthPlan: plan.health, standing });
  }
  if (stability && !stability.isStable) return unstable(deployment, stability, { plan, standing });
  return failure('No longer live', [
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

function incompleteRollout(deployment: Deployment, rollout: Rollout, plan: DeployPlan): Failure {
  const { missing, unattributed, supersededBy, readError } = rollout;
  const number = sentence`#${deployment.deploy_number}`;
  const hidden = missing.length - PHRASES_SHOWN;
  const more = hidden > 0 && sentence`; and ${hidden} more`;
  const shown = joined(missing.slice(0, PHRASES_SHOWN), '; ');
  const list = missing.length > 0 ? [sentence`Missing: ${shown}${more}.`] : [];
  if (supersededBy !== null) {
    return failure('Superseded before its rollout was complete', [
      sentence`Deployment ${number} went live, but #${supersededBy} superseded it before its rollout was complete.`,
      ...list,
      ONE_AFTER_ANOTHER,
    ]);
  }
  const when = sentence`when ${timeoutOf(plan)} was over`;
  if (readError) {
    return {
      kind: 'timed_out',
      title: 'Rollout not verified',
      lines: [
        sentence`Deployment ${number} went live, but its rollout could not be checked ${when}.`,
        ...list,
        sentence`The last read failed: ${withoutAdvice(readError)}`,
        LOOK_AT_IT,
      ],
    };
  }
  return {
    kind: 'timed_out',
    title: 'Rollout not complete',
    lines: [
      sentence`Deployment ${number} went live, but its rollout was not complete ${when}.`,
      ...list,
      LOOK_AT_IT,
    ],
    // An instance that does not say what it runs proves nothing.
    evidence:
      missing.length > unattributed
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
  if (health.isHealthy === null) {
    return {
      kind: 'timed_out',
      title: 'Health not known',
      lines: [
        sentence`Deployment ${number} went live, but ${timeoutOf(plan)} was over before its health was known.`,
        RAISE_TIMEOUT,
      ],
    };
  }
  const found = describeAnswers(health, successes);
  const needed =
    successes === 1
      ? sentence`1 good answer was expected`
      : sentence`${successes} good answers in a row were expected`;
  const isTimeout = health.endedBy === 'timeout';
  const limit = isTimeout
    ? sentence`before ${timeoutOf(plan)} was over`
    : sentence`within ${ours(formatDuration(timeoutMs))} (\`health_timeout\`)`;
  // Where only time was short, nothing speaks against the deployment.
  const isEvidence = health.bad > 0 || health.answers === 0;
  return {
    kind: isTimeout ? 'timed_out' : 'failure',
    title: standing.isLive ? 'Live, but not healthy' : 'Not healthy',
    lines: [
      sentence`${standing.subject}${standing.but} not ${isEvidence ? null : sentence`yet `}healthy: ${found}.`,
      sentence`${needed} ${limit}: look at the application's log.`,
    ],
    evidence: isEvidence ? sentence`deployment ${number} was not healthy: ${found}.` : null,
  };
}

function describeAnswers(health: Health, needed: number): Sentence {
  const { where, answers, bad, lastAnswer, lastBad } = health;
  if (answers === 0) return sentence`not one whole answer came from ${where}`;
  if (!lastBad)
    return sentence`${answers} good ${answers === 1 ? sentence`answer` : sentence`answers`} came, and ${needed} were needed`;
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
      title: 'Stability not known',
      lines: [
        sentence`${standing.subject}, but ${timeoutOf(plan)} was over before it was known to be stable for ${asked}.`,
        ...(lastProblem ? [lastProblem] : []),
        RAISE_TIMEOUT,
      ],
    };
  }
  const { kind, last } = failed;
  if (kind === 'rollout') {
    const end = sentence`${BAD_IN_A_ROW} looks in a row found it incomplete, the last one: ${last}.`;
    return {
      ...failure(title, [
        sentence`${standing.subject}, but its rollout did not last: ${end}`,
        LOOK_AT_IT,
      ]),
      evidence: sentence`the rollout of deployment ${number} did not last: ${end}`,
    };
  }
  const end = sentence`until ${BAD_IN_A_ROW} answers in a row were bad, the last one ${last}.`;
  return {
    ...failure(title, [
      sentence`${standing.subject}${standing.but} not healthy: it was, ${end}`,
      sentence`Look at the application's log.`,
    ]),
    evidence: sentence`deployment ${number} was healthy at first, ${end}`,
  };
}
