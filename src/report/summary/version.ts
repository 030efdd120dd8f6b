import { shortSha, tagOf } from '../../deploy/attempt/revision.ts';
import type { Deployment } from '../../nodion/responses.ts';
import { summaryText } from '../../runner/untrusted-text.ts';
import { firstLine } from '../wording.ts';

const IS_SHA = /^[\da-f]{40}(?:[\da-f]{24})?$/;

/** Where the workflow runs, to link a commit that is its own. */
export interface Workflow {
  /** `https://github.com/owner/name`; null outside of GitHub. */
  readonly repositoryUrl: string | null;
  readonly sha: string | null;
}

/** Two deployments, one after the other. */
interface Step {
  readonly from: Deployment | null;
  readonly to: Deployment;
}

/** HTML of the versions before and after, with a link to compare them where there is one; '' where it is not known. */
export function versionChange({ from, to }: Step, workflow: Workflow): string {
  const repository = ownRepository(to, workflow);
  const now = version(to, repository);
  if (now === '') return '';
  const before = from && version(from, repository);
  if (!from || !before || isSameVersion(from, to)) return `<b>${now}</b>`;
  const isComparable = repository && isSha(from.git_sha) && isSha(to.git_sha);
  const compare = isComparable
    ? ` &ensp;<a href="${repository}/compare/${from.git_sha}...${to.git_sha}">compare</a>`
    : '';
  return `${before} → <b>${now}</b>${compare}`;
}

/** The tag, or else the commit, in HTML; the number where neither is known. */
export function shortVersion(deployment: Deployment): string {
  return version(deployment, null) || `<code>#${deployment.deploy_number}</code>`;
}

/** HTML of the whole reference of its image; '' where it is of none. */
export function imageReference({ image_reference }: Deployment): string {
  return image_reference === null ? '' : summaryText(image_reference, 200);
}

/** HTML of its commit's message and author; '' where it has none. */
export function commitMessage({ commit_message, committer_name, git_sha }: Deployment): string {
  if (git_sha === null || !commit_message) return '';
  const author = committer_name ? ` by ${summaryText(committer_name, 60)}` : '';
  return `${summaryText(firstLine(commit_message), 120)}${author}`;
}

function version(deployment: Deployment, repository: string | null): string {
  const tag = tagOf(deployment);
  if (tag !== null) return summaryText(tag, 130);
  const { git_sha, image_reference } = deployment;
  if (git_sha === null) return image_reference === null ? '' : summaryText(image_reference, 200);
  const short = summaryText(shortSha(git_sha));
  return repository && isSha(git_sha)
    ? `<a href="${repository}/commit/${git_sha}">${short}</a>`
    : short;
}

function isSameVersion(a: Deployment, b: Deployment): boolean {
  return a.git_sha === b.git_sha && tagOf(a) === tagOf(b);
}

/** The workflow's repository, where the deployment is of the commit that the workflow runs for; else null. */
function ownRepository({ git_sha }: Deployment, { repositoryUrl, sha }: Workflow): string | null {
  return git_sha === sha ? repositoryUrl : null;
}

function isSha(sha: string | null): boolean {
  return sha !== null && IS_SHA.test(sha);
}
