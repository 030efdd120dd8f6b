import { liveDeployment } from '../../nodion/deployments.ts';
import type { Deployment } from '../../nodion/responses.ts';
import { type Sentence, sentence } from '../../runner/sentence.ts';
import type { Before } from '../attempt/attempt.ts';
import { shortSha, tagOf } from '../attempt/revision.ts';
import type { Rollout } from '../checks/verify-rollout.ts';

/**
 * What is live, as far as it is known: the end of every failure after a trigger.
 * @param known.before the deployments before the trigger, as far as they are known.
 * @param known.lastSeen the deployments as last seen; null where they were never read.
 * @param known.deployment ours, which may have been seen later; null where it is not known.
 * @param known.rollout how far it got; null where it was not verified.
 */
export function describeLive(known: {
  before: Before;
  lastSeen: { readonly deployments: readonly Deployment[]; readonly isCurrent: boolean } | null;
  deployment: Deployment | null;
  rollout: Rollout | null;
}): Sentence {
  const { before, lastSeen, deployment: ours, rollout } = known;
  if (lastSeen === null && ours?.status !== 'available') {
    return sentence`What is live can't be said.`;
  }
  const supersededBy = rollout?.supersededBy ?? 0;
  const others = (lastSeen?.deployments ?? []).filter(({ id }) => id !== ours?.id);
  const live = liveDeployment(ours ? [...others, ours] : others);
  if (lastSeen && !lastSeen.isCurrent) {
    const was = live ? sentence`#${live.deploy_number}${version(live)} was` : sentence`nothing was`;
    return sentence`When it was last seen, ${was} live; what is live now can't be said.`;
  }
  // Its instances may show it before the list does.
  if (supersededBy > (live?.deploy_number ?? 0)) return sentence`Live is #${supersededBy}.`;
  if (!live) return sentence`No deployment of the application is live.`;
  const liveBefore = before.kind === 'listed' ? liveDeployment(before.deployments) : null;
  const still = liveBefore?.id === live.id && sentence`still `;
  return sentence`Live is ${still}#${live.deploy_number}${version(live)}.`;
}

/** The tag, or else the commit, in brackets; null where neither is known. */
export function version(deployment: Deployment): Sentence | null {
  const tag = tagOf(deployment);
  if (tag !== null) return sentence` (${tag})`;
  return deployment.git_sha === null ? null : sentence` (commit ${shortSha(deployment.git_sha)})`;
}
