import { request as octokit } from '@octokit/request';
import { FailedRequest } from '../http/failed-request.ts';
import { connectProblem, HttpError } from '../http/http-error.ts';
import { parseJson } from '../http/parse-json.ts';
import { retryRead } from '../http/retry.ts';
import { toFetch } from '../http/to-fetch.ts';
import type { SendRequest } from '../http/transport.ts';
import { optional } from '../nodion/read-fields.ts';
import { foreign, ours, type Sentence, sentence } from '../runner/sentence.ts';
import { Interrupted } from '../time/deadline.ts';
import { GITHUB_LIMIT_MS } from '../time/step-clock.ts';

const LONGEST_MESSAGE = 140;
const FORBIDDEN = sentence`The job may lack \`permissions: deployments: write\`, or \`github_token\` be for another repository.`;

/** A request to GitHub that ended without a documented answer. */
export class GitHubError extends FailedRequest {
  /** Null where no answer came. */
  readonly status: number | null;
  /** Whether it may have been carried out all the same. */
  readonly mayHaveEffect: boolean;

  constructor(
    summary: Sentence,
    details: {
      status?: number;
      retryable?: boolean;
      retryAfterMs?: number;
      mayHaveEffect?: boolean;
      advice?: Sentence | null;
    } = {},
  ) {
    const { retryable = false, retryAfterMs = 0, advice = null } = details;
    super('No GitHub deployment', { summary, advice, retryable, retryAfterMs });
    this.status = details.status ?? null;
    this.mayHaveEffect = details.mayHaveEffect ?? false;
  }
}

/**
 * Sends a request to GitHub's REST API, such as `GET /repos/{owner}/{repo}/deployments`.
 * @returns the JSON that answers it; of what was created, `{}` where that can't be read. @throws GitHubError; Interrupted when `signal` aborts.
 */
export type GitHubRequest = (
  route: string,
  parameters: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
) => Promise<object>;

/** @param options.apiUrl an address without a trailing slash. */
export function createGitHubApi(options: {
  apiUrl: string;
  token: string;
  transport: SendRequest;
}): GitHubRequest {
  const { apiUrl, token } = options;
  const { host } = new URL(apiUrl);
  const request = octokit.defaults({
    baseUrl: apiUrl,
    headers: { authorization: `token ${token}`, 'user-agent': 'nodion-deploy' },
    request: { fetch: toFetch(withinOrigin(options.transport), GITHUB_LIMIT_MS) },
  });
  return async (route, parameters, signal) => {
    let answer: { status: number; data: unknown };
    try {
      answer = await request(route, { ...parameters, request: { signal } });
    } catch (error) {
      throw signal.aborted ? new Interrupted(signal.reason) : toGitHubError(error, host);
    }
    const { status, data } = answer;
    if (status >= 300) {
      throw new GitHubError(
        sentence`${ours(host)} answered ${status}, a redirect that is not followed.`,
        { status },
      );
    }
    try {
      const json = parseJson(String(data));
      if (typeof json === 'object' && json !== null) return json;
    } catch {}
    if (status === 201) return {};
    throw new GitHubError(sentence`${ours(host)} answered ${status}, but not with JSON.`, {
      status,
    });
  };
}

/** Tries again what failed for the moment, until `signal` aborts. */
export function withRetries<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return retryRead(work, { signal, onRetry: () => {} });
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

/** What octokit throws: an error without a response has a `status` of 500 all the same. */
function toGitHubError(thrown: unknown, host: string): unknown {
  const { response, cause } = thrown as {
    response?: { status: number; data: unknown; headers: Record<string, unknown> };
    cause?: unknown;
  };
  if (response) return refusal(response, host);
  if (!(cause instanceof HttpError)) return thrown;
  const why = connectProblem(cause) ?? cause.message;
  return new GitHubError(sentence`Can't reach ${ours(cause.host)}: ${ours(why)}.`, {
    retryable: !cause.isFinal,
    mayHaveEffect: cause.wasSent,
  });
}

function refusal(
  { status, data, headers }: { status: number; data: unknown; headers: Record<string, unknown> },
  host: string,
): GitHubError {
  const message = messageOf(data);
  const isLimit =
    status === 429 ||
    (status === 403 &&
      (headers['retry-after'] !== undefined ||
        headers['x-ratelimit-remaining'] === '0' ||
        /rate limit/i.test(message ?? '')));
  const said = message && sentence`: ${foreign(message.replace(/\.$/, ''), LONGEST_MESSAGE)}`;
  const isForbidden = (status === 403 && !isLimit) || status === 404;
  const invalid = status === 401 && sentence`\`github_token\` is not valid.`;
  return new GitHubError(sentence`${ours(host)} answered ${status}${said}.`, {
    status,
    retryable: isLimit || status >= 500,
    retryAfterMs: isLimit ? pauseMs(headers) : 0,
    mayHaveEffect: status >= 500,
    advice: isForbidden ? FORBIDDEN : invalid || null,
  });
}

/** How long a limit holds, by https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api. */
function pauseMs(headers: Readonly<Record<string, unknown>>): number {
  const after = Number(headers['retry-after']);
  if (after >= 0) return after * 1_000;
  const resetAt = Number(headers['x-ratelimit-reset']) * 1_000;
  const isOver = headers['x-ratelimit-remaining'] === '0' && resetAt > Date.now();
  return isOver ? resetAt - Date.now() : 0;
}

/** GitHub's own words in an error's body; null for none. */
function messageOf(data: unknown): string | null {
  try {
    const body = parseJson(String(data));
    const errors = optional(body, 'errors');
    const details = Array.isArray(errors)
      ? errors.map((one) => (typeof one === 'string' ? one : optional(one, 'message')))
      : [];
    const texts = [optional(body, 'message'), ...details].filter((one) => typeof one === 'string');
    return texts.length > 0 ? texts.join(': ') : null;
  } catch {
    return null;
  }
}
