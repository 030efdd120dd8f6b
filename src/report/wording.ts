import type { DeploymentRun } from '../deploy/deploy-application.ts';
import type { Target } from '../deploy/preflight.ts';
import { shortSha } from '../deploy/select-deployment.ts';
import type { Deployment } from '../nodion/responses.ts';
import { foreign, joined, ours, type Sentence, sentence } from '../runner/sentence.ts';
import { formatDuration } from '../time/duration.ts';

const LONGEST_MESSAGE = 100;
const LONGEST_COMMITTER = 60;

/** The application's name, or its ID where it is not known. */
export function displayName({ application, applicationId }: Target): Sentence {
  return foreign(application?.name ?? applicationId);
}

/** What a deployment is of: `commit d77ead8 "test" by John Doe`, `image docker.io/nginx:1.25`. */
export function describeRevision(deployment: Deployment): Sentence {
  const { git_sha, commit_message, committer_name, image_reference } = deployment;
  if (image_reference !== null) return sentence`image ${image_reference}`;
  const commit =
    git_sha === null ? sentence`the latest commit` : sentence`commit ${shortSha(git_sha)}`;
  const message =
    commit_message && sentence` "${foreign(firstLine(commit_message), LONGEST_MESSAGE)}"`;
  const committer = committer_name && sentence` by ${foreign(committer_name, LONGEST_COMMITTER)}`;
  return sentence`${commit}${message || null}${committer || null}`;
}

/** The first line of a commit message. */
export function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? '';
}

/** How a step ended, for its annotation. */
export interface StepEnd {
  readonly hasFailed: boolean;
  readonly title: string;
  readonly lines: readonly Sentence[];
}

/** The end of a step with these runs: each that failed, or all of them. */
export function describeEnd(runs: readonly DeploymentRun[]): StepEnd {
  const failed = runs.filter(({ conclusion }) => conclusion.kind !== 'success');
  const [first] = failed;
  if (!first || first.conclusion.kind === 'success') {
    const [head = '', ...others] = new Set(runs.map(describeHead));
    const lines = runs.map(describeSuccess);
    return {
      hasFailed: false,
      title: [head, ...others.map((other) => other.toLowerCase())].join(', '),
      lines: runs.length === 1 ? lines.flat() : lines.map((each) => joined(each, ' ')),
    };
  }
  if (runs.length === 1) {
    const [what, ...rest] = first.conclusion.lines;
    const named = sentence`Application ${displayName(first.target)}: ${what ?? null}`;
    return { hasFailed: true, title: first.conclusion.title, lines: [named, ...rest] };
  }
  return {
    hasFailed: true,
    title: 'Not all deployed',
    lines: [
      sentence`${failed.length} of ${runs.length} applications failed.`,
      ...failed.map(describeFailure),
    ],
  };
}

/** In one line: the application and all that is to be said of its failure. */
export function describeFailure({ target, conclusion }: DeploymentRun): Sentence {
  const lines = conclusion.kind === 'success' ? [] : conclusion.lines;
  return sentence`Application ${displayName(target)}: ${joined(lines, ' ')}`;
}

/** Why a target can't be deployed, naming an unknown one where there are `others`; no lines where it can. */
export function describeProblem(target: Target, hasOthers: boolean): readonly Sentence[] {
  const [what, ...advice] = target.problem ?? [];
  if (!what || target.application || !hasOthers) return target.problem ?? [];
  return [sentence`Application ${displayName(target)}: ${what}`, ...advice];
}

/** Two or three words for how a run ended. */
export function describeHead(run: DeploymentRun): string {
  const { conclusion, origin, deployment, timeline, replacedBy } = run;
  if (conclusion.kind !== 'success') return conclusion.title;
  if (origin === 'reused' && timeline[0]?.status === 'available') return 'Already live';
  if (deployment?.status === 'available') return replacedBy === null ? 'Live' : 'Went live';
  return origin === 'reused' ? 'Already in progress' : 'Triggered';
}

/** What became of the application's deployment, and what it is of. */
function describeSuccess(run: DeploymentRun): Sentence[] {
  const { target, deployment, durationMs, rollout, replacedBy } = run;
  if (!deployment) return [];
  const what = sentence`Application ${displayName(target)}: Deployment #${deployment.deploy_number}`;
  const revision = sentence`It is of ${describeRevision(deployment)}.`;
  switch (describeHead(run)) {
    case 'Triggered':
      return [sentence`${what} was triggered, and is not waited for.`, revision];
    case 'Already in progress':
      return [sentence`${what} was in progress already, so nothing was triggered.`, revision];
    case 'Already live':
      return [sentence`${what} was live already, so nothing was triggered.`, revision];
    default: {
      if (replacedBy !== null) {
        return [
          sentence`${what} went live; now #${replacedBy}, which is newer, is live.`,
          revision,
        ];
      }
      const count = rollout?.instances;
      const where = count && sentence` on ${count.current} of ${count.online} online instances`;
      const after = ours(formatDuration(durationMs ?? 0));
      return [sentence`${what} is live${where ?? null} after ${after}.`, revision];
    }
  }
}
