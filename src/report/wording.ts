import type { Target } from '../deploy/preflight.ts';
import type { Deployment } from '../nodion/responses.ts';
import { singleLine } from '../runner/untrusted-text.ts';

const LONGEST_NAME = 100;

/** The application's name, shortened so that it leaves room for the rest, or its ID where it is not known. */
export function displayName({ application, applicationId }: Target): string {
  return singleLine(application?.name ?? applicationId, LONGEST_NAME);
}

/** What a deployment is of: `commit d77ead8 "test" by John Doe`, `image docker.io/nginx:1.25`. */
export function describeRevision(deployment: Deployment): string {
  const { git_sha, commit_message, committer_name, image_reference } = deployment;
  if (image_reference !== null) return `image ${image_reference}`;
  const message = commit_message && firstLine(commit_message);
  const commit = git_sha === null ? 'the latest commit' : `commit ${shortSha(git_sha)}`;
  return [
    commit,
    message && `"${message}"`,
    committer_name && `by ${singleLine(committer_name, 60)}`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** The first line of a commit message, at most 120 characters of it. */
export function firstLine(message: string): string {
  return singleLine(message.split('\n', 1)[0] ?? '', 120);
}

/** The first 7 digits of a commit's hash. */
export function shortSha(sha: string): string {
  return singleLine(sha).slice(0, 7);
}
