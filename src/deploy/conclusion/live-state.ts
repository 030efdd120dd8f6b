import { liveDeployment } from '../../nodion/deployments.ts';
import type { Deployment } from '../../nodion/responses.ts';
import type { Attempt } from '../attempt/attempt.ts';

/** What is live, as far as it is known. */
export type LiveState =
  /** By a list: as it is now, or `outdated`, as it was when last seen; null: none is live. */
  | { readonly kind: 'listed' | 'outdated'; readonly deployment: Deployment | null }
  | { readonly kind: 'unknown' };

/** What is live by the lists that were read, and by the deployment itself, which may have been seen later. */
export function liveState({
  lastSeen,
  deployment: ours,
}: Pick<Attempt, 'lastSeen' | 'deployment'>): LiveState {
  if (lastSeen === null && ours?.status !== 'available') return { kind: 'unknown' };
  const others = (lastSeen?.deployments ?? []).filter(({ id }) => id !== ours?.id);
  const deployment = liveDeployment(ours ? [...others, ours] : others);
  return { kind: lastSeen && !lastSeen.isCurrent ? 'outdated' : 'listed', deployment };
}
