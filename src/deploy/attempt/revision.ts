import type { Deployment } from '../../nodion/responses.ts';
import { imageTagOf } from '../../registry/reference-grammar.ts';
import { redactSecrets } from '../../runner/redact-secrets.ts';
import type { DeploymentMatch } from '../plan/deploy-plan.ts';

/** Whether the deployment is of a commit that begins with `sha`. */
export function isOfCommit({ git_sha }: Deployment, sha: string): boolean {
  return git_sha?.toLowerCase().startsWith(sha) ?? false;
}

/** Whether the deployment may be of `tag`; null: of any. */
export function mayBeOfTag(deployment: Deployment, tag: string | null): boolean {
  return tag === null || (tagOf(deployment) ?? tag) === tag;
}

/** The first 7 digits of a commit's hash. Secrets are hidden first: of 7 characters nobody would know one. */
export function shortSha(sha: string): string {
  return redactSecrets(sha).slice(0, 7);
}

/**
 * The tag that a deployment is of; null where it can't be told. Answers without `image_reference` may still
 * say `Image: nginx:1.25` as their message.
 */
export function tagOf({ image_reference, git_sha, commit_message }: Deployment): string | null {
  const named = git_sha === null ? /^Image: (\S+)$/.exec(commit_message ?? '')?.[1] : undefined;
  return imageTagOf(image_reference ?? named ?? '');
}

/** What a deployment is not of, though it was asked for, or what it does not say; null where all is as asked. */
export function mismatchOf(
  deployment: Deployment,
  { imageTag, commit }: DeploymentMatch,
): 'tag' | 'commit' | 'no commit' | null {
  const tag = tagOf(deployment);
  if (imageTag !== null && tag !== null && tag !== imageTag) return 'tag';
  if (commit === null || isOfCommit(deployment, commit)) return null;
  return deployment.git_sha === null ? 'no commit' : 'commit';
}
