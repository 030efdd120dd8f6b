import { shortSha } from '../deploy/attempt/find-candidates.ts';
import { withoutAdvice } from '../deploy/conclusion/interruption.ts';
import type { DeploymentRun } from '../deploy/deploy-application.ts';
import type { Target } from '../deploy/preflight.ts';
import type { Deployment } from '../nodion/responses.ts';
import { foreign, joined, ours, type Sentence, sentence } from '../runner/sentence.ts';
import { Interrupted } from '../time/deadline.ts';
import { formatDuration } from '../time/duration.ts';

const LONGEST_MESSAGE = 100;
const LONGEST_COMMITTER = 60;

/** The application's name, or its ID where it is not known. */
export function displayName({ application, applicationId }: Target): Sentence {
  return foreign(application?.name ?? applicationId);
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
  const count = sentence`${failed.length} of ${runs.length} applications`;
  const isCancelled = failed.every(({ conclusion }) => conclusion.kind === 'cancelled');
  const gravest = byGravity(failed);
  return {
    hasFailed: true,
    title: isCancelled ? 'Workflow cancelled' : 'Not all succeeded',
    lines: [
      isCancelled
        ? sentence`The workflow was cancelled before ${count} were done.`
        : sentence`${count} failed.`,
      ...gravest.map(describeFailure),
    ],
  };
}

/** Failed rollbacks first, since what is live is bad then; then other failures. */
export function byGravity(runs: readonly DeploymentRun[]): DeploymentRun[] {
  const gravity = ({ conclusion, rollback }: DeploymentRun) =>
    conclusion.kind === 'success' ? 0 : rollback?.conclusion.kind === 'failure' ? 2 : 1;
  return [...runs].sort((a, b) => gravity(b) - gravity(a));
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

/** What a health check before the trigger showed; no lines where there was none. */
export function describeHealthBefore(target: Target): Sentence[] {
  const { healthBefore: answer } = target;
  if (!answer) return [];
  const how = answer.isGood ? sentence`good` : sentence`bad`;
  return [
    sentence`The health check of ${displayName(target)} is ${how} now, whatever the answer contains: ${answer.what}.`,
  ];
}

/** Whether its deployment went live, whatever became of it then. */
export function hasGoneLive({ outcome, deployment }: DeploymentRun): boolean {
  return outcome?.kind === 'available' || deployment?.status === 'available';
}

/** Two or three words for how a run ended. */
export function describeHead(run: DeploymentRun): string {
  const { conclusion, origin, timeline, replacedBy, health } = run;
  if (conclusion.kind !== 'success') return conclusion.title;
  if (!hasGoneLive(run)) return origin === 'reused' ? 'Already in progress' : 'Triggered';
  if (replacedBy !== null || isUnseen(run)) return 'Went live';
  if (origin === 'reused' && timeline[0]?.status === 'available') return 'Already live';
  return health ? 'Live and healthy' : 'Live';
}

/** Whether the deployments could not be read once more after the checks. */
function isUnseen({ rollout, health, lastSeen }: DeploymentRun): boolean {
  return (rollout !== null || health !== null) && !lastSeen?.isCurrent;
}

/** What is live after a deployment that went well, where that is not known to be it; null where it is. */
export function describeNow(run: DeploymentRun): Sentence | null {
  if (run.conclusion.kind !== 'success' || describeHead(run) !== 'Went live') return null;
  return run.replacedBy === null
    ? sentence`whether it still is live could not be read`
    : sentence`now #${run.replacedBy}, which is newer, is live`;
}

/** What became of the application's deployment, and what it is of. */
function describeSuccess(run: DeploymentRun): Sentence[] {
  const { target, deployment, health } = run;
  if (!deployment) return [];
  const what = sentence`Application ${displayName(target)}: Deployment #${deployment.deploy_number}`;
  const revision = sentence`It is of ${describeRevision(deployment)}.`;
  const checked = health ? [sentence`The application is healthy.`] : [];
  switch (describeHead(run)) {
    case 'Triggered':
      return [sentence`${what} was triggered, and is not waited for.`, revision];
    case 'Already in progress':
      return [sentence`${what} was in progress already, so nothing was triggered.`, revision];
    case 'Already live':
      return [sentence`${what} was live already, so nothing was triggered.`, ...checked, revision];
    case 'Went live':
      return [sentence`${what} went live; ${describeNow(run)}.`, ...checked, revision];
    default:
      return [sentence`${what} is live${describeChecks(run)}.`, revision];
  }
}

/** What was checked, and when: ` on 2 of 2 online instances and healthy after 35 s, and stable for 1 min`. */
function describeChecks({ rollout, health, timeline, durationMs }: DeploymentRun): Sentence {
  const count = rollout?.instances;
  const where = count && sentence` on ${count.current} of ${count.online} online instances`;
  const stableAt = timeline.findIndex(({ status }) => status === 'stable');
  const endMs = durationMs ?? 0;
  const settledMs = timeline[stableAt - 1]?.afterMs ?? endMs;
  const stable =
    stableAt > 0 && sentence`, and stable for ${ours(formatDuration(endMs - settledMs))}`;
  return sentence`${where ?? null}${health && sentence` and healthy`} after ${ours(formatDuration(settledMs))}${stable}`;
}

/** Why something could not be had. */
export function reasonOf(error: unknown): Sentence {
  if (!(error instanceof Interrupted)) return withoutAdvice(error);
  return error.lastError ? withoutAdvice(error.lastError) : sentence`no answer in time.`;
}
