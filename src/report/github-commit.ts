import { tagOf } from '../deploy/attempt/revision.ts';
import type { DeploymentMatch } from '../deploy/plan/deploy-plan.ts';
import type { Deployment } from '../nodion/responses.ts';
import { GitHubError, type GitHubRequest, withRetries } from './github-api.ts';

/** Whether a deployment says by now what it is of, so that its commit can be named. */
export function saysRevision(deployment: Deployment): boolean {
  const { git_sha, image_reference, strategy } = deployment;
  return git_sha !== null || image_reference !== null || strategy === 'prebuilt_image';
}

/**
 * The commit that a deployment is of, as far as it says so: its own, `expected_sha`, a tag that is a
 * commit, or what the Git tag of the same name as a version's image tag points to. Null for none.
 */
export async function commitOf(
  deployment: Deployment | null,
  { commit, imageTag }: DeploymentMatch,
  { find }: { find: (tag: string) => Promise<string | null> },
): Promise<string | null> {
  const tag = (deployment && tagOf(deployment)) ?? imageTag;
  const sha = [deployment?.git_sha, commit, tag].find((one) => one && isWholeCommit(one));
  if (sha) return sha;
  // Other tags, such as `latest`, say nothing about Git.
  return tag && /^(?:v\d|\d+\.\d)/i.test(tag) ? await find(tag) : null;
}

/** The commit of a Git tag; null where there is none, or the token may not read it. */
export async function findTaggedCommit(
  tag: string,
  { request, signal }: { request: GitHubRequest; signal: AbortSignal },
): Promise<string | null> {
  const read = (route: string, parameters: Record<string, string>) =>
    withRetries(signal, () => request(route, parameters, signal)) as Promise<{
      object?: { type?: unknown; sha?: unknown };
    }>;
  try {
    let { object } = await read('GET /repos/{owner}/{repo}/git/ref/tags/{tag}', { tag });
    if (object?.type === 'tag') {
      const annotated = { sha: String(object.sha) };
      ({ object } = await read('GET /repos/{owner}/{repo}/git/tags/{sha}', annotated));
    }
    return typeof object?.sha === 'string' ? object.sha : null;
  } catch (error) {
    if (error instanceof GitHubError) return null;
    throw error;
  }
}

/** SHA-1 or SHA-256. */
function isWholeCommit(text: string): boolean {
  return /^(?:[\da-f]{40}|[\da-f]{64})$/i.test(text);
}
