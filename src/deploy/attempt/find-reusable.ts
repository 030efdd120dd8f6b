import { isInProgress, liveDeployment, newest } from '../../nodion/deployments.ts';
import type { Deployment } from '../../nodion/responses.ts';
import type { DeploymentMatch } from '../plan/deploy-plan.ts';
import { isOfCommit, tagOf } from './revision.ts';

/**
 * The newest deployment of what is wanted that is live or on its way to be: the newest `available` one
 * (older ones are no longer live), or one after it that is in progress; null when there is none.
 */
export function findReusableDeployment(
  deployments: readonly Deployment[],
  { imageTag, commit }: DeploymentMatch,
): Deployment | null {
  const live = liveDeployment(deployments);
  return newest(
    deployments.filter(
      (deployment) =>
        (deployment === live ||
          (isInProgress(deployment) && deployment.deploy_number > (live?.deploy_number ?? 0))) &&
        (imageTag === null || tagOf(deployment) === imageTag) &&
        (commit === null || isOfCommit(deployment, commit)),
    ),
  );
}
