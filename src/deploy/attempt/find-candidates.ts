import type { Deployment } from '../../nodion/responses.ts';
import { type Sentence, sentence } from '../../runner/sentence.ts';
import { TOO_OLD_MS } from '../../time/step-clock.ts';
import type { DeploymentMatch } from '../plan/deploy-plan.ts';
import { isOfCommit, tagOf } from './revision.ts';

/** What is known of a trigger whose answer is lost. */
export interface LostTrigger {
  /** The highest `deploy_number` just before it. */
  readonly notedNumber: number;
  /** When it was sent by Nodion's clock, in epoch milliseconds, or earlier; null: not known. */
  readonly sentAt: number | null;
  readonly match: DeploymentMatch;
  /** The tag that is deployed when none is asked for; null for Git-based applications. */
  readonly defaultTag: string | null;
}

/** A deployment that a trigger may have made. */
export interface Candidate {
  readonly deployment: Deployment;
  /** Whether it may be what was asked for, by its commit and the default tag. */
  readonly isAsked: boolean;
  /** Whether it was created before the trigger, by a clock that may be a gateway's. */
  readonly isOlder: boolean;
}

/** The deployments above the noted number that say nothing against a lost trigger. */
export interface Candidates {
  /** Those that it may have made, the likeliest first. */
  readonly possible: readonly Candidate[];
  /** What was asked for, as far as they say, though created a minute or more before it. */
  readonly tooOld: readonly Deployment[];
}

/**
 * The deployments that a lost trigger may have made: above the noted number, not much older than it, and
 * of the tag where one was asked for. First come those of the tag and the commit, then those that don't
 * say theirs (a second deployment would be worse); of each, those not older than the trigger, then the
 * newest.
 */
export function findCandidates(
  deployments: readonly Deployment[],
  { notedNumber, sentAt, match, defaultTag }: LostTrigger,
): Candidates {
  const above = deployments
    .filter(({ deploy_number }) => deploy_number > notedNumber)
    .map((deployment) => {
      const tag = agreement(match.imageTag ?? defaultTag, tagOf(deployment));
      const isOf = match.commit !== null && isOfCommit(deployment, match.commit);
      const commit = agreement(match.commit, isOf ? match.commit : deployment.git_sha);
      const createdAt = Date.parse(deployment.created_at ?? '');
      const ageMs = sentAt === null || Number.isNaN(createdAt) ? 0 : sentAt - createdAt;
      return { deployment, tag, commit, ageMs };
    })
    .filter(({ deployment, tag }) => {
      if (match.imageTag === null) return true;
      return tag === 'same' || (tag === 'unknown' && deployment.git_sha === null);
    })
    .map(({ deployment, tag, commit, ageMs }) => ({
      deployment,
      isAsked: tag !== 'other' && commit !== 'other',
      isOlder: ageMs > 0,
      isTooOld: ageMs >= TOO_OLD_MS,
      rank: Math.max(RANKS.indexOf(tag), RANKS.indexOf(commit)),
    }))
    .sort(
      (a, b) =>
        a.rank - b.rank ||
        Number(a.isOlder) - Number(b.isOlder) ||
        b.deployment.deploy_number - a.deployment.deploy_number,
    );
  return {
    possible: above
      .filter(({ isTooOld }) => !isTooOld)
      .map(({ deployment, isAsked, isOlder }) => ({
        deployment,
        isAsked,
        isOlder,
      })),
    tooOld: above
      .filter(({ isTooOld, isAsked }) => isTooOld && isAsked)
      .map(({ deployment }) => deployment),
  };
}

const RANKS = ['same', 'unknown', 'other'] as const;

function agreement(asked: string | null, actual: string | null): (typeof RANKS)[number] {
  if (asked === null || asked === actual) return 'same';
  return actual === null ? 'unknown' : 'other';
}

/** Why the trigger is not sent again, though this seems to have been there before it. */
export function mayBeOurs({ deploy_number }: Deployment): Sentence {
  return sentence`#${deploy_number} is not in the list from just before the trigger, though it was created a minute or more before that by Nodion's clock: it can't be told whether it is this step's.`;
}
