import { gitHubState } from '../deploy/conclusion/github-state.ts';
import type { DeploymentRun } from '../deploy/deploy-application.ts';
import type { DeployPlan } from '../deploy/plan/deploy-plan.ts';
import type { Target } from '../deploy/preflight/preflight.ts';
import type { SendRequest } from '../http/transport.ts';
import type { Deployment } from '../nodion/responses.ts';
import * as commands from '../runner/commands.ts';
import { joined, ours, type Sentence, sentence } from '../runner/sentence.ts';
import { describeError, StepFailure } from '../runner/step-failure.ts';
import { singleLine } from '../runner/untrusted-text.ts';
import { Interrupted, type InterruptReason, sleep } from '../time/deadline.ts';
import { FIRST_STATE_MS } from '../time/step-clock.ts';
import { byGravity } from './ends.ts';
import { createGitHubApi, GitHubError, type GitHubRequest, withRetries } from './github-api.ts';
import { commitOf, findTaggedCommit, saysRevision } from './github-commit.ts';
import { createCreation, LONGEST_DESCRIPTION, whyUnavailable } from './github-creation.ts';
import { describeHead, describeNow, displayName } from './wording.ts';

const GAVE_UP: InterruptReason = 'gave_up';

/** The step as a GitHub deployment, which is recorded in the background. */
export interface GitHubDeployment {
  /** Takes note of a target's deployment; once the first one says its commit, that is recorded as in progress. */
  update(target: Target, deployment: Deployment): void;
  /** Sets the last state, by how all applications ended. Never throws: a failure is a warning. */
  finish(end: {
    runs: readonly DeploymentRun[];
    /** Shown with the state `success`; null for none. */
    environmentUrl: string | null;
    signal: AbortSignal;
  }): Promise<void>;
}

/** What is recorded. */
interface Recorded {
  readonly environment: NonNullable<DeployPlan['environment']>;
  readonly match: DeployPlan['match'];
  readonly targets: readonly Target[];
  /** Its description. */
  readonly about: string;
  readonly transport: SendRequest;
}

/**
 * Records the commit that is deployed as a GitHub deployment to `environment`. Never throws: a failure is
 * a warning at the end. Loads `@actions/github`, which reads the event's file at once, so import this
 * module only when it is needed.
 */
export function createGitHubDeployment(recorded: Recorded): GitHubDeployment {
  const { environment, match, targets, about } = recorded;
  const { GITHUB_API_URL = 'https://api.github.com' } = process.env;
  const apiUrl = GITHUB_API_URL.replace(/\/+$/, '');
  const [first] = targets;
  const deployments = new Map<Target, Deployment>();
  const creating = new AbortController();
  const firstState = new AbortController();
  const request = gitHubRequest(apiUrl, recorded);
  const creation = createCreation(request, creating.signal);
  let created: Promise<number> | null = null;
  /** Resolves to why there is no first state; null where there is. */
  let started: Promise<unknown> | null = null;
  let hasState = false;

  async function create(): Promise<number> {
    const { signal } = creating;
    const deployment = (first && deployments.get(first)) ?? null;
    const find = (tag: string) => findTaggedCommit(tag, { request, signal });
    const commit = await commitOf(deployment, match, { find });
    const key = crypto.randomUUID();
    const payload = { ...payloadOf(targets, deployments), key };
    const { name } = environment;
    return await creation.create({ environment: name, description: about, commit, payload, key });
  }

  async function setState(
    state: 'in_progress' | 'success' | 'failure' | 'error',
    { description, ...more }: { description: string; environment_url?: string },
    signal: AbortSignal,
  ): Promise<void> {
    created ??= create();
    const parameters = {
      deploymentId: await created,
      state,
      description: singleLine(description, LONGEST_DESCRIPTION),
      log_url: runUrl(),
      ...more,
    };
    const route = 'POST /repos/{owner}/{repo}/deployments/{deploymentId}/statuses';
    await withRetries(signal, () => request(route, parameters, signal));
    hasState = true;
  }

  async function start(): Promise<unknown> {
    return await setState('in_progress', { description: about }, firstState.signal).then(
      () => null,
      (error: unknown) => error,
    );
  }

  async function setLastState({
    runs,
    environmentUrl,
    signal,
  }: Parameters<GitHubDeployment['finish']>[0]): Promise<void> {
    const state = gitHubState(runs.map(({ conclusion }) => conclusion));
    if (state === null) {
      started ??= start();
      const error = await started;
      if (error !== null) throw error;
      return;
    }
    if (started !== null) await Promise.race([started, sleep(FIRST_STATE_MS, signal)]);
    firstState.abort(GAVE_UP);
    const hasUrl = state === 'success' && environmentUrl;
    const end = {
      description: describeEnd(runs),
      ...(hasUrl && { environment_url: environmentUrl }),
    };
    await setState(state, end, signal);
  }

  return {
    update: (target, deployment) => {
      deployments.set(target, deployment);
      if (target === first && saysRevision(deployment)) started ??= start();
    },
    finish: async (end) => {
      const { signal } = end;
      const giveUp = () => {
        creating.abort(GAVE_UP);
        firstState.abort(GAVE_UP);
      };
      if (signal.aborted) giveUp();
      else signal.addEventListener('abort', giveUp);
      try {
        await setLastState(end);
      } catch (error) {
        const isMade = await created?.then(
          () => true,
          () => false,
        );
        const what = isMade ? unfinished(hasState, error) : notMade(creation.isInDoubt());
        const title = isMade ? 'GitHub deployment not finished' : 'No GitHub deployment';
        commands.warning(title, [sentence`${what}${explain(error, apiUrl)}`]);
      }
    },
  };
}

/** @returns what throws GitHubError at each request, where there can be no GitHub deployment. */
function gitHubRequest(apiUrl: string, { environment, transport }: Recorded): GitHubRequest {
  const problem = whyUnavailable(apiUrl, environment.token);
  if (problem) return () => Promise.reject(new GitHubError(problem));
  const request = createGitHubApi({ apiUrl, token: environment.token, transport });
  const [owner, repo] = (process.env.GITHUB_REPOSITORY ?? '').split('/');
  return (route, parameters, signal) => request(route, { owner, repo, ...parameters }, signal);
}

/** What is known of the first application's deployment, and of all where there are several. */
function payloadOf(
  targets: readonly Target[],
  deployments: ReadonlyMap<Target, Deployment>,
): object {
  const all = targets.map((target) => {
    const { deploy_number, git_sha, image_reference } = deployments.get(target) ?? {};
    return {
      application_id: target.applicationId,
      application_name: target.application?.name ?? null,
      deploy_number: deploy_number ?? null,
      git_sha: git_sha ?? null,
      image_reference: image_reference ?? null,
    };
  });
  return { ...all[0], ...(all.length > 1 && { applications: all }) };
}

/** How each ended, the gravest first. */
function describeEnd(runs: readonly DeploymentRun[]): string {
  const ends = byGravity(runs).map((run) => {
    const { target, conclusion } = run;
    const now = describeNow(run);
    const end =
      conclusion.kind === 'success'
        ? sentence`${ours(describeHead(run).toLowerCase())}${now && sentence`; ${now}`}`
        : joined(conclusion.lines, ' ');
    return `${displayName(target)}: ${end}`;
  });
  return ends.join('; ');
}

function runUrl(): string | undefined {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_RUN_ATTEMPT } = process.env;
  if (!GITHUB_RUN_ID) return undefined;
  const server = GITHUB_SERVER_URL ?? 'https://github.com';
  const run = `${server}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`;
  return GITHUB_RUN_ATTEMPT ? `${run}/attempts/${GITHUB_RUN_ATTEMPT}` : run;
}

function notMade(isInDoubt: boolean): Sentence {
  return isInDoubt
    ? sentence`It is not known whether the step is recorded in GitHub's deployments: `
    : sentence`The step is not recorded in GitHub's deployments: `;
}

function unfinished(hasState: boolean, error: unknown): Sentence {
  const isLost =
    error instanceof Interrupted || (error instanceof GitHubError && error.mayHaveEffect);
  const may = isLost ? sentence`may stay` : sentence`stays`;
  const rest = hasState
    ? sentence`${may} "in_progress"`
    : isLost
      ? sentence`may have no state`
      : sentence`has no state`;
  return sentence`The GitHub deployment was made, but ${rest}: `;
}

function explain(error: unknown, apiUrl: string): Sentence {
  if (error instanceof Interrupted) {
    const { lastError } = error;
    if (lastError) return explain(lastError, apiUrl);
    return sentence`${ours(new URL(apiUrl).host)} did not answer in time.`;
  }
  return error instanceof StepFailure ? joined(error.lines, ' ') : describeError(error);
}
