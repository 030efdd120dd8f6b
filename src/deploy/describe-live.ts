import type { Deployment } from '../nodion/responses.ts';
import { type Sentence, sentence } from '../runner/sentence.ts';
import { liveDeployment, shortSha, tagOf } from './select-deployment.ts';

/**
 * What is live, as far as it is known: the end of every failure after a trigger.
 * @param known.before the deployments before the trigger; null or `'unread'` where they are not known.
 * @param known.lastSeen the deployments as last seen; null where they were never read.
 * @param known.deployment ours, which may have been seen later; null where it is not known.
 */
export function describeLive(known: {
  before: readonly Deployment[] | 'unread' | null;
  lastSeen: readonly Deployment[] | null;
  deployment: Deployment | null;
}): Sentence {
  const { before, lastSeen, deployment: ours } = known;
  if (lastSeen === null && ours?.status !== 'available') {
    return sentence`What is live can't be said.`;
  }
  const others = (lastSeen ?? []).filter(({ id }) => id !== ours?.id);
  const live = liveDeployment(ours ? [...others, ours] : others);
  if (!live) return sentence`No deployment of the application is live.`;
  const liveBefore = before && before !== 'unread' && liveDeployment(before);
  const still = liveBefore && liveBefore.id === live.id && sentence`still `;
  return sentence`Live is ${still}#${live.deploy_number}${version(live)}.`;
}

/** The tag, or else the commit, in brackets; null where neither is known. */
function version(deployment: Deployment): Sentence | null {
  const tag = tagOf(deployment);
  if (tag !== null) return sentence` (${tag})`;
  return deployment.git_sha === null ? null : sentence` (commit ${shortSha(deployment.git_sha)})`;
}
