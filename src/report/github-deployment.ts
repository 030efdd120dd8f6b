import { context } from '@actions/github';
import { request as octokit } from '@octokit/request';
import { connectProblem, HttpError } from '../http/http-error.ts';
import { parseJson } from '../http/parse-json.ts';
import { toFetch } from '../http/to-fetch.ts';
import type { SendRequest } from '../http/transport.ts';
import { optional } from '../nodion/read-fields.ts';
import { ours, type Sentence, sentence } from '../runner/sentence.ts';
import { describeError, StepFailure } from '../runner/step-failure.ts';
import { singleLine } from '../runner/untrusted-text.ts';
import { GITHUB_LIMIT_MS } from '../time/step-clock.ts';

const LONGEST_DESCRIPTION = 140;
const TITLE = 'No GitHub deployment';

/** GitHub's words for the state of a GitHub deployment, as far as they are used here. */
export type GitHubDeploymentState = 'in_progress' | 'success' | 'failure' | 'error';

/** A GitHub deployment that is being recorded in the background. */
export interface GitHubDeployment {
  /**
   * Sets the last state; null leaves it `in_progress`.
   * @throws StepFailure that says what GitHub refused and which permission the job may lack.
   */
  finish(end: {
    state: GitHubDeploymentState | null;
    description: string;
    /** Shown with the state `success`; null for none. */
    environmentUrl: string | null;
    signal: AbortSignal;
  }): Promise<void>;
}

/**
 * Records the commit that the workflow runs for as a GitHub deployment to `environment`, in the state
 * `in_progress`, by https://docs.github.com/rest/deployments. Never throws: failures come out of finish().
 * Loads `@actions/github`, which reads the event's file at once, so import this module only when it is needed.
 */
export function startGitHubDeployment(options: {
  token: string;
  environment: string;
  description: string;
  transport: SendRequest;
}): GitHubDeployment {
  const { token, environment } = options;
  const post = gitHubPost(token, options.transport);
  const creation = new AbortController();
  setTimeout(() => creation.abort(), GITHUB_LIMIT_MS).unref();

  const setState = async (
    deploymentId: number,
    state: GitHubDeploymentState,
    end: { description: string; environmentUrl: string | null; signal: AbortSignal },
  ) => {
    await post('POST /repos/{owner}/{repo}/deployments/{deploymentId}/statuses', {
      ...context.repo,
      deploymentId,
      state,
      description: singleLine(end.description, LONGEST_DESCRIPTION),
      log_url: runUrl(),
      ...(end.environmentUrl && { environment_url: end.environmentUrl }),
      request: { signal: end.signal },
    });
  };

  /** Resolves to the ID, and why the first state is not set; null when it is. */
  async function create(): Promise<{ id: number; error: unknown }> {
    if (token === '') throw new StepFailure(TITLE, [sentence`\`github_token\` is empty.`]);
    const isProduction = /(?:^|[^a-z])prod(?:uction)?(?:[^a-z]|$)/i.test(environment);
    const pullRequest = context.payload.pull_request;
    const { id } = await post('POST /repos/{owner}/{repo}/deployments', {
      ...context.repo,
      // The merge commit that a pull request's workflow runs on belongs to no branch.
      ref: pullRequest?.head?.sha ?? context.sha,
      environment,
      description: singleLine(options.description, LONGEST_DESCRIPTION),
      auto_merge: false,
      required_contexts: [],
      production_environment: isProduction,
      transient_environment: pullRequest !== undefined && !isProduction,
      request: { signal: creation.signal },
    });
    if (typeof id !== 'number')
      throw new StepFailure(TITLE, [sentence`GitHub made no deployment.`]);
    const { description } = options;
    const end = { description, environmentUrl: null, signal: creation.signal };
    const error = await setState(id, 'in_progress', end).then(
      () => null,
      (reason: unknown) => reason,
    );
    return { id, error };
  }

  const created = create().catch((error: unknown) => ({ id: null, error }));
  return {
    async finish({ state, ...end }) {
      const { signal } = end;
      signal.addEventListener('abort', () => creation.abort());
      const { id, error } = await created;
      try {
        if (id === null) throw error;
        if (state !== null) {
          const environmentUrl = state === 'success' ? end.environmentUrl : null;
          await setState(id, state, { ...end, environmentUrl });
        } else if (error !== null) throw error;
      } catch (reason) {
        const what =
          id === null
            ? sentence`The step is not recorded in GitHub's deployments: `
            : sentence`The GitHub deployment does not have its last state: `;
        throw new StepFailure(TITLE, [sentence`${what}${explain(reason)}`]);
      }
    },
  };
}

function runUrl(): string {
  const attempt = process.env.GITHUB_RUN_ATTEMPT;
  const { owner, repo } = context.repo;
  const run = `${context.serverUrl}/${owner}/${repo}/actions/runs/${context.runId}`;
  return attempt ? `${run}/attempts/${attempt}` : run;
}

/** Sends requests to GitHub's REST API, each of which resolves to the object that answers it. */
function gitHubPost(token: string, transport: SendRequest) {
  const request = octokit.defaults({
    baseUrl: process.env.GITHUB_API_URL ?? 'https://api.github.com',
    headers: { authorization: `token ${token}`, 'user-agent': 'nodion-deploy' },
    request: { fetch: toFetch(withinOrigin(transport), GITHUB_LIMIT_MS) },
  });
  return async (route: string, parameters: Record<string, unknown>) => {
    const { status, data } = await request(route, parameters);
    if (status >= 300)
      throw new StepFailure(TITLE, [
        sentence`GitHub answered ${status}, a redirect that is not followed.`,
      ]);
    try {
      const answer = parseJson(String(data));
      if (typeof answer === 'object' && answer !== null) return answer as Record<string, unknown>;
    } catch {}
    throw new StepFailure(TITLE, [sentence`GitHub answered ${status}, but not with JSON.`]);
  };
}

/** Follows one redirect, as of a renamed repository, unless the token would go to another origin. */
function withinOrigin(transport: SendRequest): SendRequest {
  return async (request) => {
    const response = await transport(request);
    const { status, headers } = response;
    const isRedirect = [301, 302, 307, 308].includes(status);
    if (!isRedirect || !URL.canParse(headers.location ?? '', request.url)) return response;
    const target = new URL(headers.location ?? '', request.url);
    if (target.origin !== new URL(request.url).origin) return response;
    return await transport({ ...request, url: target.href });
  };
}

function explain(reason: unknown): Sentence {
  if (reason instanceof StepFailure) return describeError(reason);
  const error = reason as { response?: { status?: number; data?: unknown }; cause?: unknown };
  const status = error.response?.status;
  if (status === 403 || status === 404) {
    return sentence`GitHub answered ${status}: the job may lack \`permissions: deployments: write\`, or \`github_token\` be for another repository.`;
  }
  if (status === 401) return sentence`GitHub answered 401: \`github_token\` is not valid.`;
  if (status) return sentence`GitHub answered ${status}: ${messageOf(error.response?.data)}.`;
  if (error.cause instanceof HttpError) {
    const why = connectProblem(error.cause) ?? error.cause.message;
    return sentence`Can't reach ${error.cause.host}: ${ours(why)}.`;
  }
  const isOurs = reason instanceof Error && reason.name !== 'AbortError' && !('request' in reason);
  return isOurs ? describeError(reason) : sentence`GitHub did not answer in time.`;
}

/** GitHub's own words in an error body. */
function messageOf(data: unknown): string {
  try {
    const message = optional(parseJson(String(data)), 'message');
    if (typeof message === 'string') return singleLine(message, LONGEST_DESCRIPTION);
  } catch {}
  return 'without a message';
}
