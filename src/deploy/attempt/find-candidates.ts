import { isInProgress, liveDeployment, newest } from '../../nodion/deployments.ts';
import type { Deployment } from '../../nodion/responses.ts';
import type { DeploymentMatch } from '../plan/deploy-plan.ts';
import { isOfCommit, tagOf } from './revision.ts';

/** What is known of a trigger whose answer is lost. */
export interface LostTrigger {
  /** The highest `deploy_number` just before it. */
  readonly notedNumber: number;
  /** When it was sent by Nodion's clock, in epoch milliseconds, or up to 2 s earlier; null: not known. */
  readonly sentAt: number | null;
  readonly match: DeploymentMatch;
  /** The tag that is deployed when none is asked for; null for Git-based applications. */
  readonly defaultTag: string | null;
}

/** A deployment that a trigger may have made. */
export interface Candidate {
  readonly deployment: Deployment;
  /** Whether nothing known speaks against it: not its commit, and not the default tag. */
  readonly isLikely: boolean;
}

/**
 * The deployments that a lost trigger may have made, the likeliest first, then the newest: above the
 * noted number, not older than the trigger, and of the tag where one was asked for. One that does not
 * say its tag or commit comes after those that do: a second deployment would be worse.
 */
export function findCandidates(
  deployments: readonly Deployment[],
  { notedNumber, sentAt, match, defaultTag }: LostTrigger,
): Candidate[] {
  return deployments
    .filter(({ deploy_number, created_at }) => {
      const createdAt = Date.parse(created_at ?? '');
      return deploy_number > notedNumber && !(sentAt !== null && createdAt < sentAt);
    })
    .map((deployment) => {
      const tag = agreement(match.imageTag ?? defaultTag, tagOf(deployment));
      const isOf = match.commit !== null && isOfCommit(deployment, match.commit);
      const commit = agreement(match.commit, isOf ? match.commit : deployment.git_sha);
      return { deployment, tag, commit };
    })
    .filter(({ deployment, tag }) => {
      if (match.imageTag === null) return true;
      return tag === 'same' || (tag === 'unknown' && deployment.git_sha === null);
    })
    .map(({ deployment, tag, commit }) => ({
      deployment,
      isLikely: tag !== 'other' && commit !== 'other',
      rank: Math.max(RANKS.indexOf(tag), RANKS.indexOf(commit)),
    }))
    .sort((a, b) => a.rank - b.rank || b.deployment.deploy_number - a.deployment.deploy_number);
}

const RANKS = ['same', 'unknown', 'other'] as const;

function agreement(asked: string | null, actual: string | null): (typeof RANKS)[number] {
  if (asked === null || asked === actual) return 'same';
  return actual === null ? 'unknown' : 'other';
}

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
