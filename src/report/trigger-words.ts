import type { Attempt, AttemptEvent } from '../deploy/attempt/attempt.ts';
import type { DeployPlan } from '../deploy/plan/deploy-plan.ts';
import type { Target } from '../deploy/preflight/preflight.ts';
import type { Deployment } from '../nodion/responses.ts';
import { joined, ours, type Sentence, sentence } from '../runner/sentence.ts';
import { describeRevision, describeStatus, displayName } from './wording.ts';

/** What is going to be deployed: `Deploying shop (prebuilt_image, region fra): tag "v2"`. */
export function announcement(target: Target, { match }: DeployPlan): Sentence {
  const { application } = target;
  const defaultTag = application?.image_tag;
  const region = application?.region.slug;
  const details = [application?.deployment_strategy, region && sentence`region ${region}`].filter(
    (detail) => detail !== null && detail !== undefined && detail !== '',
  );
  const inBrackets = details.length > 0 && sentence` (${joined(details, ', ')})`;
  const tag =
    match.imageTag === null
      ? defaultTag && sentence`: its default tag "${defaultTag}", since \`image_tag\` is empty`
      : sentence`: tag "${match.imageTag}"`;
  return sentence`Deploying ${displayName(target)}${inBrackets}${tag || null}`;
}

/** That nothing is triggered before the end of another deployment. */
export function busyWith(deployment: Deployment): Sentence {
  return sentence`#${deployment.deploy_number} (${describeRevision(deployment)}) is ${describeStatus(deployment)}: waiting until it has ended (\`if_busy\`)`;
}

/** That it has ended, or is gone. */
export function noLongerBusy({
  number,
  status,
}: Extract<AttemptEvent, { kind: 'idle' }>): Sentence {
  return status === null
    ? sentence`#${number} is not listed any more`
    : sentence`#${number} is "${status}"`;
}

/** That one of several is taken for what a lost trigger made. */
export function severalCandidates([taken, ...others]: readonly Deployment[]): Sentence {
  const number = taken?.deploy_number ?? 0;
  const numbers = listNumbers(others.map(({ deploy_number }) => deploy_number));
  return sentence`The trigger may have made #${number} or ${numbers}: continuing with #${number}, the likeliest`;
}

/** That what is taken for a lost trigger's seems to be older than that. */
export function olderCandidate({ deploy_number }: Deployment): Sentence {
  return sentence`#${deploy_number} was created before the trigger, by the clock of the answers, which may be a gateway's`;
}

/** That a trigger which was repeated seems to have been carried out more than once. */
export function lateDuplicate(numbers: readonly number[]): Sentence {
  return sentence`The trigger was sent again because it seemed to have had no effect. Now there are ${listNumbers(numbers)}: an earlier one may have been carried out late`;
}

/** That others are below ours which the list before the trigger did not have. */
export function overtaken(deployments: readonly Deployment[], attempt: Attempt): Sentence {
  const numbers = deployments.map(({ deploy_number }) => deploy_number);
  return sentence`Not in the list from just before the trigger: ${listNumbers(numbers)}. ${madeBy(numbers, attempt)}`;
}

const NUMBERS_NAMED = 5;

/** That numbers were given to deployments that are not listed. */
export function unlisted(numbers: readonly number[], attempt: Attempt): Sentence {
  const named = listNumbers(numbers.slice(0, NUMBERS_NAMED));
  const more = numbers.length > NUMBERS_NAMED && sentence` and more`;
  return sentence`Numbers without a listed deployment: ${named}${more}. ${madeBy(numbers, attempt)}`;
}

function madeBy({ length }: readonly number[], { origin, deployment }: Attempt): Sentence {
  const them = ours(length === 1 ? 'it' : 'them');
  const orOurs =
    origin === 'recovered' &&
    sentence`, or this step did and somebody else triggered #${deployment?.deploy_number ?? null}`;
  return sentence`Somebody else triggered ${them}${orOurs}, or something on the way sent the trigger twice`;
}

function listNumbers(numbers: readonly number[]): Sentence {
  return joined(
    numbers.map((number) => sentence`#${number}`),
    ', ',
  );
}

/** Which deployment is followed, and why. */
export function introduction(event: Extract<AttemptEvent, { kind: 'deployment' }>): Sentence {
  const { deployment, origin } = event;
  const number = sentence`#${deployment.deploy_number}`;
  const details = sentence`${describeRevision(deployment)}; ID ${deployment.id}, status ${describeStatus(deployment)}`;
  switch (origin) {
    case 'triggered':
      return sentence`Triggered deployment ${number}: ${details}`;
    case 'recovered':
      return sentence`The trigger seems to have succeeded: continuing with ${number}: ${details}`;
    case 'reused':
      return sentence`Following deployment ${number} instead of triggering another: ${details}`;
  }
}
