import { liveDeployment } from '../../nodion/deployments.ts';
import type { Deployment } from '../../nodion/responses.ts';
import { type Sentence, sentence } from '../../runner/sentence.ts';
import type { Before } from '../attempt/attempt.ts';
import { shortSha, tagOf } from '../attempt/revision.ts';
import type { LiveState } from './live-state.ts';

/**
 * What is live, as far as it is known: the end of every failure after a trigger.
 * @param options.wentLive whether ours was live in between.
 */
export function describeLive(
  state: LiveState,
  before: Before,
  { wentLive }: { wentLive: boolean },
): Sentence {
  if (state.kind === 'unknown') return sentence`It is not known what is live.`;
  const { deployment: live } = state;
  const named = live && sentence`#${live.deploy_number}${version(live)}`;
  if (state.kind === 'outdated') {
    return sentence`When it was last seen, ${named ?? sentence`nothing`} was live; it is not known what is live now.`;
  }
  if (!live) return sentence`No deployment of the application is live.`;
  const liveBefore = before.kind === 'listed' ? liveDeployment(before.deployments) : null;
  const isStill = liveBefore?.id === live.id && !wentLive;
  return sentence`${named} is ${isStill && sentence`still `}live.`;
}

/** The tag, or else the commit, in brackets; null where neither is known. */
export function version(deployment: Deployment): Sentence | null {
  const tag = tagOf(deployment);
  if (tag !== null) return sentence` (${tag})`;
  return deployment.git_sha === null ? null : sentence` (commit ${shortSha(deployment.git_sha)})`;
}
