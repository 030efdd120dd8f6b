import { isFinal } from '../../nodion/deployments.ts';
import type { Deployment } from '../../nodion/responses.ts';
import { ours, sentence } from '../../runner/sentence.ts';
import { mismatchOf, shortSha, tagOf } from '../attempt/revision.ts';
import type { DeployPlan } from '../plan/deploy-plan.ts';
import { type Failure, failure } from './conclusion.ts';
import { whatGoesOn } from './interruption.ts';

/** What was asked for and is known not to be so, or can't be confirmed; null when all is as asked. */
export function describeMismatch(
  deployment: Deployment,
  { match, wait }: DeployPlan,
): Failure | null {
  const { commit, imageTag } = match;
  const { git_sha } = deployment;
  const number = sentence`Deployment #${deployment.deploy_number}`;
  const wentLive = deployment.status === 'available';
  const is = wentLive ? sentence`went live, but is ` : sentence`is `;
  const has = wentLive ? sentence`went live, but has ` : sentence`has `;
  switch (mismatchOf(deployment, match)) {
    case 'tag':
      return failure(
        'wrong_image',
        wentLive ? 'Another image tag went live' : 'Another image tag',
        [
          sentence`${number} ${has}tag "${tagOf(deployment)}", not "${imageTag}" (\`image_tag\`).`,
          sentence`Nodion was asked for that tag and ${ours(wentLive ? 'deployed' : 'took')} another: check the application in its dashboard.`,
          ...(isFinal(deployment) ? [] : [whatGoesOn(deployment)]),
        ],
      );
    case 'no commit':
      return failure('commit_not_confirmed', 'Commit not confirmed', [
        sentence`${number} does not say its commit, so \`expected_sha\` ${shortSha(commit ?? '')} can't be confirmed.`,
        ...(wait ? [] : [sentence`It may say so later: use \`wait: true\`.`]),
      ]);
    case 'commit':
      return failure('wrong_commit', wentLive ? 'Another commit went live' : 'Another commit', [
        sentence`${number} ${is}of commit ${shortSha(git_sha ?? '')}, not of \`expected_sha\` ${shortSha(commit ?? '')}.`,
        wentLive
          ? sentence`It deployed ${git_sha}; ${commit} was expected.`
          : sentence`It is of ${git_sha}; ${commit} was expected.`,
        ...(isFinal(deployment) ? [] : [whatGoesOn(deployment)]),
        sentence`Nodion deploys the latest commit of the connected branch: check that the workflow runs on that branch, and that nothing was pushed meanwhile.`,
      ]);
    case null:
      return null;
  }
}
