import { liveDeployment } from '../../nodion/deployments.ts';
import type { Application, Deployment, DeploymentList } from '../../nodion/responses.ts';
import { isSameImage } from '../../registry/image-reference.ts';
import { type Sentence, sentence } from '../../runner/sentence.ts';
import { findReusableDeployment } from '../attempt/find-reusable.ts';
import { tagOf } from '../attempt/revision.ts';
import type { ProbeResult } from '../checks/probe-health.ts';
import type { DeployPlan } from '../plan/deploy-plan.ts';

/** What a rollback goes back to, or why there is nothing. */
export type RollbackTarget =
  | { readonly to: Deployment; readonly tag: string }
  | { readonly problem: Sentence };

/**
 * What to go back to from a deployment of `tag` and `image` (null: not known), where `live` was live
 * before it (null: nothing was). A trigger takes a tag, so neither a digest alone nor another image is a
 * way back.
 */
export function rollbackTarget(
  live: Deployment | null,
  { tag, image }: { tag: string | null; image: string | null },
): RollbackTarget {
  if (!live) return { problem: sentence`no earlier deployment is known to have been live` };
  const number = sentence`#${live.deploy_number}`;
  const liveTag = tagOf(live);
  if (liveTag === null) {
    return {
      problem: sentence`${number}, which was live before, says no tag that can be deployed`,
    };
  }
  if (liveTag === tag) {
    return { problem: sentence`${number}, which was live before, is of the same tag, ${tag}` };
  }
  const liveImage = live.image_reference;
  if (image && liveImage && !isSameImage(image, liveImage)) {
    return {
      problem: sentence`${number}, which was live before, is of another image, ${liveImage}`,
    };
  }
  return { to: live, tag: liveTag };
}

/** Why a rollback would not be possible, as far as that is known before the trigger; null for no reason. */
export function rollbackProblem(
  read: {
    application: Application | null;
    deployments: DeploymentList | null;
    healthBefore: ProbeResult | null;
  },
  { match, reuseExisting }: DeployPlan,
): Sentence | null {
  const { application, deployments, healthBefore } = read;
  const listed = deployments?.deployments ?? [];
  if (reuseExisting && findReusableDeployment(listed, match)) return null;
  if (healthBefore && healthBefore.verdict !== 'good') {
    return healthBefore.verdict === 'bad'
      ? sentence`it is not healthy now: ${healthBefore.phrase}`
      : sentence`it is not known whether it is healthy now: ${healthBefore.phrase}`;
  }
  const tag = match.imageTag ?? application?.image_tag ?? null;
  const way = rollbackTarget(liveDeployment(listed), { tag, image: null });
  return 'problem' in way ? sentence`there is nothing to go back to: ${way.problem}` : null;
}
