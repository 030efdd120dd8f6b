import { context, getOctokit } from '@actions/github';
import { singleLine } from '../runner/untrusted-text.ts';

const CREATION_LIMIT_MS = 15_000;
/** @octokit/request prints GitHub's `deprecation` headers to the console. */
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const LONGEST_DESCRIPTION = 140;

/** GitHub's words for the state of a GitHub deployment, as far as they are used here. */
export type GitHubDeploymentState = 'in_progress' | 'success' | 'failure' | 'error';

/** A GitHub deployment that is being recorded in the background. */
export interface GitHubDeployment {
  /**
   * Sets the last state; null leaves it `in_progress`.
   * @throws Error that says what GitHub refused and which permission the job may lack.
   */
  finish(end: {
    state: GitHubDeploymentState | null;
    description: string;
    signal: AbortSignal;
  }): Promise<void>;
}

/**
 * Records the commit that the workflow runs for as a GitHub deployment to `environment`, in the state
 * `in_progress`, by https://docs.github.com/rest/deployments. Never throws: failures come out of finish().
 * Loads `@actions/github`, so import this module only when it is needed.
 *
 * @param options.environmentUrl shown once the state is `success`; null for none.
 */
export function startGitHubDeployment(options: {
  token: string;
  environment: string;
  environmentUrl: string | null;
  description: string;
}): GitHubDeployment {
  const { token, environment, environmentUrl } = options;
  const creation = new AbortController();
  setTimeout(() => creation.abort(), CREATION_LIMIT_MS).unref();

  const setState = async (
    deploymentId: number,
    state: GitHubDeploymentState,
    { description, signal }: { description: string; signal: AbortSignal },
  ) => {
    await getOctokit(token).rest.repos.createDeploymentStatus({
      ...context.repo,
      deployment_id: deploymentId,
      state,
      description: singleLine(description, LONGEST_DESCRIPTION),
      log_url: runUrl(),
      ...(environmentUrl && state === 'success' && { environment_url: environmentUrl }),
      request: { signal, log: SILENT },
    });
  };

  async function create(): Promise<number> {
    if (token === '') throw new Error('`github_token` is empty');
    const isProduction = /(?:^|[^a-z])prod(?:uction)?(?:[^a-z]|$)/i.test(environment);
    const pullRequest = context.payload.pull_request;
    const { data } = await getOctokit(token).rest.repos.createDeployment({
      ...context.repo,
      // The merge commit that a pull request's workflow runs on belongs to no branch.
      ref: pullRequest?.head?.sha ?? context.sha,
      environment,
      description: singleLine(options.description, LONGEST_DESCRIPTION),
      auto_merge: false,
      required_contexts: [],
      production_environment: isProduction,
      transient_environment: pullRequest !== undefined && !isProduction,
      request: { signal: creation.signal, log: SILENT },
    });
    if (!('id' in data)) throw new Error('GitHub made no deployment');
    await setState(data.id, 'in_progress', {
      description: options.description,
      signal: creation.signal,
    });
    return data.id;
  }

  const created = create().then(
    (id) => ({ id, error: null }),
    (error: unknown) => ({ id: null, error }),
  );
  return {
    async finish({ state, description, signal }) {
      signal.addEventListener('abort', () => creation.abort());
      const { id, error } = await created;
      try {
        if (id === null) throw error;
        if (state !== null) await setState(id, state, { description, signal });
      } catch (reason) {
        throw new Error(explain(reason));
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

function explain(reason: unknown): string {
  const error = reason as { response?: { status?: number }; message?: string; name?: string };
  const status = error.response?.status;
  if (status === 403 || status === 404) {
    return `GitHub answered ${status}: the job needs \`permissions: deployments: write\`, and \`github_token\` must be for this repository`;
  }
  if (status === 401) return 'GitHub answered 401: `github_token` is not valid';
  if (error.name === 'AbortError') return 'GitHub did not answer in time';
  return status ? `GitHub answered ${status}: ${error.message}` : String(error.message ?? reason);
}
