import type { Deployment } from '../nodion/responses.ts';
import { joined, ours, type Sentence, sentence } from '../runner/sentence.ts';
import { formatDuration } from '../time/duration.ts';
import type { Health } from './check-health.ts';
import { type Failure, failure } from './failure.ts';
import { timeoutOf, withoutAdvice } from './interruption.ts';
import type { DeployPlan, HealthPlan } from './plan.ts';
import { replacementOf } from './select-deployment.ts';
import { isComplete, type Rollout } from './verify-rollout.ts';
import { BAD_IN_A_ROW, type Stability } from './watch-stability.ts';

const PHRASES_SHOWN = 10;
const RAISE_TIMEOUT = sentence`Raise \`timeout\`, if it often takes longer.`;
const LOOK_AT_IT = sentence`Look at that in Nodion's dashboard.`;

/** What was found of a live deployment. Null: not asked for, or it did not come to that. */
export interface Found {
  readonly rollout: Rollout | null;
  readonly health: Health | null;
  readonly stability: Stability | null;
}

/** What a failed check is told with. */
interface Context {
  readonly plan: DeployPlan;
  /** The number of a newer deployment that is live in place of this one; null for none. */
  readonly replacedBy: number | null;
  /** What it is now. */
  readonly status: string;
}

/** Which check the live deployment failed; null for none. */
export function failedCheck(
  { rollout, health, stability }: Found,
  deployment: Deployment,
  { plan, seen }: { plan: DeployPlan; seen: readonly Deployment[] | null },
): Failure | null {
  const status = seen?.find(({ id }) => id === deployment.id)?.status ?? 'available';
  const replacedBy = seen && replacementOf(deployment, seen);
  const context = { plan, replacedBy, status };
  if (rollout && !isComplete(rollout)) return incompleteRollout(deployment, rollout, plan);
  if (health && plan.health && !health.isHealthy) {
    return unhealthy(deployment, health, { ...context, healthPlan: plan.health });
  }
  if (stability && !stability.isStable) return unstable(deployment, stability, context);
  if (status === 'available' || replacedBy !== null) return null;
  return failure('No longer live', [
    sentence`Deployment #${deployment.deploy_number} went live, but is "${status}" now.`,
    sentence`Look at it in Nodion's dashboard.`,
  ]);
}

function incompleteRollout(deployment: Deployment, rollout: Rollout, plan: DeployPlan): Failure {
  const { missing, silent, supersededBy, unread } = rollout;
  const number = sentence`#${deployment.deploy_number}`;
  const hidden = missing.length - PHRASES_SHOWN;
  const more = hidden > 0 && sentence`; and ${hidden} more`;
  const shown = joined(missing.slice(0, PHRASES_SHOWN), '; ');
  const list = missing.length > 0 ? [sentence`Missing: ${shown}${more}.`] : [];
  if (supersededBy !== null) {
    return failure('Superseded before its rollout was complete', [
      sentence`Deployment ${number} went live, but #${supersededBy} superseded it before its rollout was complete.`,
      ...list,
    ]);
  }
  const when = sentence`when ${timeoutOf(plan)} was over`;
  if (unread) {
    return {
      kind: 'timed_out',
      title: 'Rollout not verified',
      lines: [
        sentence`Deployment ${number} went live, but its rollout could not be checked ${when}.`,
        ...list,
        sentence`The last read failed: ${withoutAdvice(unread)}`,
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
    proof:
      missing.length > silent
        ? sentence`the rollout of deployment ${number} was not complete ${when}: ${shown}${more}.`
        : null,
  };
}

/** The beginning of a sentence about a deployment that failed a check: `Deployment #12 is live`. */
function subject({ deploy_number }: Deployment, { replacedBy, status }: Context): Sentence {
  const number = sentence`Deployment #${deploy_number}`;
  if (replacedBy !== null) return sentence`${number} went live, then #${replacedBy}`;
  if (status !== 'available') return sentence`${number} went live, and is "${status}" now`;
  return sentence`${number} is live`;
}

/** The verb of its health: of the application, where another is live by then. */
function verb({ replacedBy, status }: Context): Sentence {
  if (replacedBy !== null) return sentence`, and the application was`;
  return status === 'available' ? sentence` but` : sentence`; it was`;
}

/** The title of a failure, where the deployment is live still, and else. */
function titleOf({ replacedBy, status }: Context, problem: string): string {
  if (replacedBy !== null) return problem.replace(/^./, (letter) => letter.toUpperCase());
  return status === 'available' ? `Live, but ${problem}` : 'No longer live';
}

function unhealthy(
  deployment: Deployment,
  health: Health,
  context: Context & { healthPlan: HealthPlan },
): Failure {
  const { plan } = context;
  const { successes, timeoutMs } = context.healthPlan;
  const number = sentence`#${deployment.deploy_number}`;
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
  // Where only time was short, nothing speaks against the deployment.
  const isProof = health.bad > 0 || health.answers === 0;
  return {
    kind: isTimeout ? 'timed_out' : 'failure',
    title: titleOf(context, 'not healthy'),
    lines: [
      sentence`${subject(deployment, context)}${verb(context)} not ${isProof ? null : sentence`yet `}healthy: ${found}.`,
      sentence`${needed} ${limit}: look at the application's log.`,
    ],
    proof: isProof ? sentence`deployment ${number} was not healthy: ${found}.` : null,
  };
}

function describeAnswers(health: Health, needed: number): Sentence {
  const { where, answers, bad, lastAnswer, lastBad } = health;
  if (answers === 0) return sentence`not one whole answer came from ${where}`;
  if (!lastBad)
    return sentence`${answers} good ${answers === 1 ? sentence`answer` : sentence`answers`} came, and ${needed} were needed`;
  const last = lastAnswer === lastBad ? sentence`the last one` : sentence`the last bad one`;
  return sentence`${bad} of ${answers} answers were bad, ${last} ${lastBad.what}`;
}

function unstable(deployment: Deployment, { failed, doubt }: Stability, context: Context): Failure {
  const { plan } = context;
  const number = sentence`#${deployment.deploy_number}`;
  const title = titleOf(context, 'not stable');
  if (!failed) {
    const asked = ours(formatDuration(plan.stableForMs));
    return {
      kind: 'timed_out',
      title: 'Stability not known',
      lines: [
        sentence`${subject(deployment, context)}, but ${timeoutOf(plan)} was over before it was known to be stable for ${asked}.`,
        ...(doubt ? [doubt] : []),
        RAISE_TIMEOUT,
      ],
    };
  }
  const { kind, last } = failed;
  if (kind === 'rollout') {
    const end = sentence`${BAD_IN_A_ROW} looks in a row found it incomplete, the last one: ${last}.`;
    return {
      ...failure(title, [
        sentence`${subject(deployment, context)}, but its rollout did not last: ${end}`,
        LOOK_AT_IT,
      ]),
      proof: sentence`the rollout of deployment ${number} did not last: ${end}`,
    };
  }
  const end = sentence`until ${BAD_IN_A_ROW} answers in a row were bad, the last one ${last}.`;
  return {
    ...failure(title, [
      sentence`${subject(deployment, context)}${verb(context)} not healthy: it was, ${end}`,
      sentence`Look at the application's log.`,
    ]),
    proof: sentence`deployment ${number} was healthy at first, ${end}`,
  };
}
