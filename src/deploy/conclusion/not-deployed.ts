import { ApplicationMismatch } from '../../applications/application-mismatch.ts';
import { isFinal, isKnown } from '../../nodion/deployments.ts';
import { NodionError, withoutAdvice } from '../../nodion/errors.ts';
import { type Sentence, sentence } from '../../runner/sentence.ts';
import type { StepFailure } from '../../runner/step-failure.ts';
import type { Busy } from '../attempt/busy.ts';
import { shortSha } from '../attempt/revision.ts';
import type { DeployPlan } from '../plan/deploy-plan.ts';
import { type Failure, failure, misfit } from './conclusion.ts';
import { interruption, lastError, whatEnded, whatGoesOn } from './interruption.ts';

/** What keeps an application from being deployed, before anything is triggered. */
export type Obstacle =
  | { readonly kind: 'unreadable'; readonly error: StepFailure }
  /** An input is not for applications of this strategy. */
  | {
      readonly kind: 'misfit';
      readonly input: MisfitInput;
      readonly strategy: string | null;
      readonly error?: never;
    }
  /** `health_url` is a path, and the application has no address, or it can't be read. */
  | { readonly kind: 'no address'; readonly path: string; readonly error: NodionError | null };

export type MisfitInput = 'rollback' | 'image_tag' | 'verify_image' | 'expected_sha';

/** Why the application called `name` can't be deployed. */
export function notDeployed(
  obstacle: Obstacle,
  { name, plan }: { name: Sentence; plan: DeployPlan },
): Failure {
  switch (obstacle.kind) {
    case 'unreadable': {
      const { error } = obstacle;
      return failure(reasonBeforeTrigger(error, true), 'Not deployed', error.lines);
    }
    case 'misfit':
      return misfit(misfitLines(obstacle, name, plan));
    case 'no address': {
      const { path, error } = obstacle;
      const needs = sentence`\`health_url\`: "${path}" needs the address of ${name}`;
      return misfit([
        error
          ? sentence`${needs}, which can't be read: ${withoutAdvice(error)}`
          : sentence`${needs}, which has no usable domain: one that is \`available\` and a plain host name.`,
        sentence`Give the whole address in \`health_url\`.`,
      ]);
    }
  }
}

/**
 * Why nothing could be triggered.
 * @param isOfApplication whether the error is of a request for one application, by its ID.
 */
export function reasonBeforeTrigger(error: unknown, isOfApplication: boolean): Failure['reason'] {
  if (error instanceof ApplicationMismatch) return error.reason;
  if (!(error instanceof NodionError)) return 'internal_error';
  const { status, isGateways } = error;
  if (isGateways) return 'unreachable';
  if (status === 401 || status === 403) return 'unauthorized';
  return status === 404 && isOfApplication ? 'application_not_found' : 'unreachable';
}

function misfitLines(
  { input, strategy }: Extract<Obstacle, { kind: 'misfit' }>,
  name: Sentence,
  { match }: DeployPlan,
): Sentence[] {
  switch (input) {
    case 'rollback':
      return [
        sentence`\`rollback: true\` is not for ${name}, a Git-based application (${strategy}).`,
        sentence`Nodion deploys the latest commit of its branch: leave \`rollback\` out, and push a revert where one is needed.`,
      ];
    case 'image_tag':
      return [
        sentence`\`image_tag\`: "${match.imageTag}" is not for ${name}, a Git-based application (${strategy}).`,
        sentence`Nodion deploys the latest commit of its branch: leave \`image_tag\` out, or see \`expected_sha\`.`,
      ];
    case 'verify_image':
      return [
        sentence`\`verify_image: true\` is not for ${name}, a Git-based application (${strategy}).`,
        sentence`Nodion builds its image itself: leave \`verify_image\` out.`,
      ];
    case 'expected_sha':
      return [
        sentence`\`expected_sha\`: "${shortSha(match.commit ?? '')}" is not for ${name}, a pre-built image application.`,
        sentence`Its deployments are of no commit: see \`image_tag\`.`,
      ];
  }
}

/** Nothing was triggered, since another deployment was in progress. */
export function busy({ deployment, interruption: ended }: Busy, plan: DeployPlan): Failure {
  const number = sentence`deployment #${deployment.deploy_number}`;
  if (!ended) {
    return failure('busy', 'Application busy', [
      sentence`Deployment #${deployment.deploy_number} was "${deployment.status}" already, and \`if_busy\` is \`fail\`.`,
      sentence`Nothing was triggered for it.`,
      isKnown(deployment)
        ? sentence`Run the step again once that has ended, or set \`if_busy: wait\`.`
        : whatGoesOn(deployment),
    ]);
  }
  return {
    ...interruption(ended, 'busy'),
    lines: [
      isFinal(deployment)
        ? sentence`${whatEnded(ended, plan)} as soon as ${number}, which \`if_busy: wait\` was waiting for, was "${deployment.status}".`
        : sentence`${whatEnded(ended, plan)} while \`if_busy: wait\` was waiting for the end of ${number}, still "${deployment.status}".`,
      sentence`Nothing was triggered for it.`,
      ...(isKnown(deployment) ? [] : [whatGoesOn(deployment)]),
      ...lastError(ended),
    ],
  };
}
