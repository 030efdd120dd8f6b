import { shortSha } from '../deploy/attempt/revision.ts';
import type { Success } from '../deploy/conclusion/conclusion.ts';
import type { DeploymentRun } from '../deploy/deploy-application.ts';
import type { Target } from '../deploy/preflight/preflight.ts';
import { isKnown } from '../nodion/deployments.ts';
import { withoutAdvice } from '../nodion/errors.ts';
import type { Deployment } from '../nodion/responses.ts';
import { foreign, joined, ours, type Sentence, sentence } from '../runner/sentence.ts';
import { Interrupted } from '../time/deadline.ts';
import { formatDuration } from '../time/duration.ts';

const LONGEST_MESSAGE = 100;
const LONGEST_COMMITTER = 60;

/** What messages call an application. */
export function displayName({ name }: Pick<Target, 'name'>): Sentence {
  return foreign(name);
}

/** What a deployment is of: `commit d77ead8 "test" by John Doe`, `image docker.io/nginx:1.25`. */
export function describeRevision(deployment: Deployment): Sentence {
  const { git_sha, commit_message, committer_name, image_reference, strategy } = deployment;
  if (image_reference !== null) return sentence`image ${image_reference}`;
  if (git_sha === null && strategy === 'prebuilt_image') {
    return sentence`an image that it does not name`;
  }
  const commit =
    git_sha === null ? sentence`the latest commit` : sentence`commit ${shortSha(git_sha)}`;
  const message =
    commit_message && sentence` "${foreign(firstLine(commit_message), LONGEST_MESSAGE)}"`;
  const committer = committer_name && sentence` by ${foreign(committer_name, LONGEST_COMMITTER)}`;
  return sentence`${commit}${message || null}${committer || null}`;
}

/** Nodion's word, such as `"waiting"`, and whether it is a new one. */
export function describeStatus(deployment: Deployment): Sentence {
  const isNew = !isKnown(deployment);
  return sentence`"${deployment.status}"${isNew && sentence` (a status that this action does not know)`}`;
}

/** The first line of a commit message. */
export function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? '';
}

/** The end of a step with these runs, of which all went well, for its annotation. */
export function describeSuccesses(runs: readonly DeploymentRun[]): {
  title: string;
  lines: readonly Sentence[];
} {
  const [head = '', ...others] = new Set(runs.map(describeHead));
  const lines = runs.map(describeSuccess);
  return {
    title: [head, ...others.map((other) => other.toLowerCase())].join(', '),
    lines: runs.length === 1 ? lines.flat() : lines.map((each) => joined(each, ' ')),
  };
}

/** In one line: the application and all that is to be said of its failure. */
export function describeFailure({ target, conclusion }: DeploymentRun): Sentence {
  const lines = conclusion.kind === 'success' ? [] : conclusion.lines;
  return sentence`Application ${displayName(target)}: ${joined(lines, ' ')}`;
}

/** Two or three words for how a run ended. */
export function describeHead({ conclusion, health }: DeploymentRun): string {
  if (conclusion.kind !== 'success') return conclusion.title;
  if (conclusion.superseded) return 'Went live';
  if (conclusion.reason === 'live' && health) return 'Live and healthy';
  return HEADS[conclusion.reason];
}

const HEADS: Readonly<Record<Success['reason'], string>> = {
  triggered: 'Triggered',
  in_progress: 'Already in progress',
  already_live: 'Already live',
  live: 'Live',
};

/** What is live after a deployment that went well, where that is not known to be it; null where it is. */
export function describeNow({ conclusion, deployment }: DeploymentRun): Sentence | null {
  if (conclusion.kind !== 'success' || !conclusion.superseded) return null;
  const { by } = conclusion.superseded;
  return by === null
    ? sentence`whether it still is live is not known`
    : sentence`now #${by}${by > (deployment?.deploy_number ?? 0) && sentence`, which is newer,`} is live`;
}

/** What became of the application's deployment, and what it is of. */
function describeSuccess(run: DeploymentRun): Sentence[] {
  const { target, deployment, health, conclusion } = run;
  if (!deployment || conclusion.kind !== 'success') return [];
  const subject = sentence`Application ${displayName(target)}: Deployment #${deployment.deploy_number}`;
  const revision = sentence`It is of ${describeRevision(deployment)}.`;
  const checked = health ? [sentence`The application is healthy.`] : [];
  const wasChecked = health ? [sentence`The application was healthy when last asked.`] : [];
  if (conclusion.superseded) {
    const what = sentence`#${deployment.deploy_number} is of ${describeRevision(deployment)}.`;
    return [sentence`${subject} went live; ${describeNow(run)}.`, ...wasChecked, what];
  }
  switch (conclusion.reason) {
    case 'triggered':
      return [sentence`${subject} was triggered, and is not waited for.`, revision];
    case 'in_progress':
      return [sentence`${subject} was in progress already, so nothing was triggered.`, revision];
    case 'already_live':
      return [
        sentence`${subject} was live already, so nothing was triggered.`,
        ...checked,
        revision,
      ];
    case 'live':
      return [sentence`${subject} is live${describeChecks(run)}.`, revision];
  }
}

/** What was checked, and when: ` on 2 of 2 online instances and healthy after 35 s, and stable for 1 min`. */
function describeChecks({ rollout, health, timeline, durationMs }: DeploymentRun): Sentence {
  const count = rollout?.instances;
  const where =
    count && count.online > 0 && sentence` on ${count.current} of ${count.online} online instances`;
  const stableAt = timeline.findIndex(({ name }) => name === 'stable');
  const endMs = durationMs ?? 0;
  const settledMs = timeline[stableAt - 1]?.afterMs ?? endMs;
  const stable =
    stableAt > 0 && sentence`, and stable for ${ours(formatDuration(endMs - settledMs))}`;
  // Not waited for, but found by a search that took its time.
  const after = durationMs !== null && sentence` after ${ours(formatDuration(settledMs))}`;
  return sentence`${where || null}${health && sentence` and healthy`}${after}${stable}`;
}

/** Why something could not be had. */
export function reasonOf(error: unknown): Sentence {
  if (!(error instanceof Interrupted)) return withoutAdvice(error);
  return error.lastError ? withoutAdvice(error.lastError) : sentence`no answer in time.`;
}
