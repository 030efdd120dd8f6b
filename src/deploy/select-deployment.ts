import type { Deployment } from '../nodion/responses.ts';

/** What a deployment must be of. Null: anything. */
export interface DeploymentMatch {
  readonly imageTag: string | null;
  /** 7 to 40 hex digits in lower case. */
  readonly commit: string | null;
}

const FINAL_STATUSES: readonly string[] = ['available', 'failed', 'expired'];

/** Whether Nodion is done with the deployment. An unknown status is not final. */
export function isFinal({ status }: Deployment): boolean {
  return FINAL_STATUSES.includes(status);
}

/** The highest `deploy_number`; 0 for no deployments. */
export function highestNumber(deployments: readonly Deployment[]): number {
  return deployments.reduce((highest, { deploy_number }) => Math.max(highest, deploy_number), 0);
}

/** Whether the deployment is of a commit that begins with `sha`. */
export function isOfCommit({ git_sha }: Deployment, sha: string): boolean {
  return git_sha?.toLowerCase().startsWith(sha) ?? false;
}

/**
 * The newest deployment above `notedNumber` that a trigger may have made, of the image tag where one
 * was given; null when there is none. One that does not say its tag counts when no other matches:
 * a second deployment would be worse.
 */
export function findLostDeployment(
  deployments: readonly Deployment[],
  { notedNumber, imageTag }: { notedNumber: number; imageTag: string | null },
): Deployment | null {
  const later = deployments.filter(({ deploy_number }) => deploy_number > notedNumber);
  if (imageTag === null) return newest(later);
  return (
    newest(later.filter((deployment) => tagOf(deployment) === imageTag)) ??
    newest(later.filter((deployment) => deployment.git_sha === null && tagOf(deployment) === null))
  );
}

/**
 * The newest deployment of what is wanted that is live or on its way to be: the newest `available` one
 * (older ones are no longer live), or one after it that is not final yet; null when there is none.
 */
export function findReusableDeployment(
  deployments: readonly Deployment[],
  { imageTag, commit }: DeploymentMatch,
): Deployment | null {
  const live = newest(deployments.filter(({ status }) => status === 'available'));
  return newest(
    deployments.filter(
      (deployment) =>
        (deployment === live ||
          (!isFinal(deployment) && deployment.deploy_number > (live?.deploy_number ?? 0))) &&
        (imageTag === null || tagOf(deployment) === imageTag) &&
        (commit === null || isOfCommit(deployment, commit)),
    ),
  );
}

function newest(deployments: readonly Deployment[]): Deployment | null {
  const highest = highestNumber(deployments);
  return deployments.find(({ deploy_number }) => deploy_number === highest) ?? null;
}

/**
 * The tag of `registry:5000/name:tag@sha256:…`, `latest` where it names neither tag nor digest, null where
 * it can't be told. Answers without `image_reference` may still say `Image: nginx:1.25` as their message.
 */
function tagOf({ image_reference, git_sha, commit_message }: Deployment): string | null {
  const named = git_sha === null ? /^Image: (\S+)$/.exec(commit_message ?? '')?.[1] : undefined;
  const [image, digest] = (image_reference ?? named ?? '').split('@', 2);
  if (!image) return null;
  return /:([^:/]+)$/.exec(image)?.[1] ?? (digest ? null : 'latest');
}
