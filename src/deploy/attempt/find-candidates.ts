import type { Deployment } from '../../nodion/responses.ts';

/** What a deployment must be of. Null: anything. */
export interface DeploymentMatch {
  readonly imageTag: string | null;
  /** 7 to 40 hex digits in lower case. */
  readonly commit: string | null;
}

const FINAL_STATUSES: readonly string[] = ['available', 'failed', 'expired'];
const IN_PROGRESS_STATUSES: readonly string[] = ['created', 'waiting'];

/** Whether Nodion is done with the deployment. An unknown status is not final. */
export function isFinal({ status }: Deployment): boolean {
  return FINAL_STATUSES.includes(status);
}

/** Whether its status is one that this action knows. */
export function isKnown(deployment: Deployment): boolean {
  return isFinal(deployment) || IN_PROGRESS_STATUSES.includes(deployment.status);
}

/** The live deployment: the newest `available` one; null for none. */
export function liveDeployment(deployments: readonly Deployment[]): Deployment | null {
  return newest(deployments.filter(({ status }) => status === 'available'));
}

/** The number of the live deployment, where it is newer than `deployment`; null where it is not. */
export function replacementOf(
  deployment: Deployment,
  deployments: readonly Deployment[],
): number | null {
  const number = liveDeployment(deployments)?.deploy_number ?? 0;
  return number > deployment.deploy_number ? number : null;
}

/** The highest `deploy_number`; 0 for no deployments. */
export function highestNumber(deployments: readonly Deployment[]): number {
  return deployments.reduce((highest, { deploy_number }) => Math.max(highest, deploy_number), 0);
}

/** Whether the deployment is of a commit that begins with `sha`. */
export function isOfCommit({ git_sha }: Deployment, sha: string): boolean {
  return git_sha?.toLowerCase().startsWith(sha) ?? false;
}

/** Whether the deployment may be of `tag`; null: of any. */
export function isOfTag(deployment: Deployment, tag: string | null): boolean {
  return tag === null || (tagOf(deployment) ?? tag) === tag;
}

/** The first 7 digits of a commit's hash. */
export function shortSha(sha: string): string {
  return sha.slice(0, 7);
}

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
          (IN_PROGRESS_STATUSES.includes(deployment.status) &&
            deployment.deploy_number > (live?.deploy_number ?? 0))) &&
        (imageTag === null || tagOf(deployment) === imageTag) &&
        (commit === null || isOfCommit(deployment, commit)),
    ),
  );
}

/** The one of the highest number; null for none. */
export function newest(deployments: readonly Deployment[]): Deployment | null {
  const highest = highestNumber(deployments);
  return deployments.find(({ deploy_number }) => deploy_number === highest) ?? null;
}

/**
 * The tag of `registry:5000/name:tag@sha256:…`, `latest` where it names neither tag nor digest, null where
 * it can't be told. Answers without `image_reference` may still say `Image: nginx:1.25` as their message.
 */
export function tagOf({ image_reference, git_sha, commit_message }: Deployment): string | null {
  const named = git_sha === null ? /^Image: (\S+)$/.exec(commit_message ?? '')?.[1] : undefined;
  const [image, digest] = (image_reference ?? named ?? '').split('@', 2);
  if (!image) return null;
  return /:([^:/]+)$/.exec(image)?.[1] ?? (digest ? null : 'latest');
}
