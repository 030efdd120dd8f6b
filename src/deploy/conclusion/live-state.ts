import { liveDeployment } from '../../nodion/deployments.ts';
import type { Deployment } from '../../nodion/responses.ts';
import type { Attempt } from '../attempt/attempt.ts';

/** What is live, as far as it is known. */
export type LiveState =
  /** By a list: as it is now, or `outdated`, as it was when last seen; null: none is live. */
  | { readonly kind: 'listed' | 'outdated'; readonly deployment: Deployment | null }
  /** By the instances, which may show it before the list does. */
  | { readonly kind: 'running'; readonly number: number }
  | { readonly kind: 'unknown' };

/** What is live by the lists that were read, by the deployment itself, which may have been seen later, and by its rollout. */
export function liveState({
  lastSeen,
  deployment: ours,
  rollout,
}: Pick<Attempt, 'lastSeen' | 'deployment' | 'rollout'>): LiveState {
  if (lastSeen === null && ours?.status !== 'available') return { kind: 'unknown' };
  const others = (lastSeen?.deployments ?? []).filter(({ id }) => id !== ours?.id);
  const deployment = liveDeployment(ours ? [...others, ours] : others);
  if (lastSeen && !lastSeen.isCurrent) return { kind: 'outdated', deployment };
  const number = rollout?.supersededBy ?? 0;
  const isListed = number <= (deployment?.deploy_number ?? 0);
  return isListed ? { kind: 'listed', deployment } : { kind: 'running', number };
}
