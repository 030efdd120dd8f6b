import { FailedRequest } from '../http/failed-request.ts';
import { connectProblem, type HttpError, isCertificateProblem } from '../http/http-error.ts';
import { parseJson } from '../http/parse-json.ts';
import { joined, ours, type Sentence, sentence } from '../runner/sentence.ts';
import { describeError } from '../runner/step-failure.ts';
import { optional } from './read-fields.ts';

const MESSAGES_SHOWN = 10;
/** Characters: none of Nodion's own is longer. */
const LONGEST_ERROR = 2 ** 20;
const LONGEST_RETRY_AFTER_MS = 24 * 3_600_000;

/** What is known of a failed request besides what it says. */
interface Details {
  readonly status?: number | null;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  readonly isTimeout?: boolean;
  readonly apiMessage?: Sentence | null;
}

/** A request to Nodion that ended without a documented answer. */
export class NodionError extends FailedRequest {
  /** Nodion's own words; null for none. */
  readonly apiMessage: Sentence | null;
  /** HTTP status, also of an answer whose body could not be read; null when no headers came. */
  readonly status: number | null;
  /** Whether no whole answer came in time. */
  readonly isTimeout: boolean;

  constructor(summary: Sentence, details: Details, advice: Sentence | null = null) {
    const { retryable, retryAfterMs = 0 } = details;
    super('Request to Nodion failed', { summary, advice, retryable, retryAfterMs });
    this.name = 'NodionError';
    this.apiMessage = details.apiMessage ?? null;
    this.status = details.status ?? null;
    this.isTimeout = details.isTimeout ?? false;
  }

  /** Whether it is an answer of success (2xx), though not as documented. */
  get isSuccess(): boolean {
    return this.status !== null && this.status >= 200 && this.status <= 299;
  }

  /** Whether the answer asks for a pause of all requests: a rate limit, or any read with a `Retry-After`. */
  holdsAll(isRead: boolean): boolean {
    return this.status === 429 || (isRead && this.retryAfterMs > 0);
  }
}

/** What an error says, where what it advises would be wrong. */
export function withoutAdvice(error: unknown): Sentence {
  return error instanceof NodionError ? error.summary : describeError(error);
}

/** In place of what failed, where only the step's time ended a read. */
export const UNANSWERED = new NodionError(sentence`No answer at the timeout.`, { retryable: true });

/** 304 is one that nobody asked for. */
const RETRYABLE: readonly number[] = [304, 408, 425, 429];

const ADVICE: Readonly<Record<number, string>> = {
  400: "Check the inputs and, in Nodion's dashboard, the application.",
  401: 'Create a new key and update the secret behind `api_key`.',
  403: 'Check the key behind `api_key`: its scopes must cover this request, and it must belong to the project (for a user API key, see `project_id`).',
  404: 'Check the ID, that it is in the project of the key behind `api_key` (for a user API key, set `project_id`), and `api_url` if it is set.',
  429: 'Nodion, or a gateway before it, limits the rate of requests: run the job again later.',
};
/** In place of those, for a request that names no application. */
const PROJECT_ADVICE: Readonly<Record<number, string>> = {
  400: 'Check the inputs.',
  404: 'Check `api_url` if it is set, and, for a user API key, `project_id`.',
};
const SERVER_ADVICE = 'Nodion, or a gateway before it, is down or busy: run the job again later.';
const HTML_ADVICE =
  'That is a web page, not the API: check `api_url`, and whether a proxy or a login page answers in its place.';

/** What an error is made of: `headers` by lower-case names, `data` the body as text. */
export interface ErrorResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: unknown;
}

/** A request, as messages name it. */
export interface RequestName {
  /** Such as `GET /applications/:id/deployments`, without IDs. */
  readonly route: string;
  /** Such as `api.nodion.com`. */
  readonly host: string;
}

/**
 * The error for an answer that is no success.
 * @param nowMs the server's time, for a `Retry-After` that is a date.
 */
export function httpError(
  { route, host }: RequestName,
  { status, headers, data }: ErrorResponse,
  nowMs: number,
): NodionError {
  const messages = apiErrorMessages(data);
  const apiMessage = messages.length > 0 ? joined(messages, '; ') : null;
  const isServer = status === 429 || status >= 500;
  const who = ours(isServer ? host : 'Nodion');
  const summary =
    status === 401
      ? sentence`Nodion refused the API key (401 Unauthorized).`
      : sentence`${who} answered ${status} to ${ours(route)}${apiMessage && sentence`: ${apiMessage}`}.`;
  const advice =
    (route.includes(':id') ? null : PROJECT_ADVICE[status]) ??
    ADVICE[status] ??
    (status >= 500 ? SERVER_ADVICE : null);
  return new NodionError(
    summary,
    {
      status,
      retryable: RETRYABLE.includes(status) || status >= 500,
      retryAfterMs: retryAfterMs(headers['retry-after'], nowMs),
      apiMessage,
    },
    advice === null ? null : ours(advice),
  );
}

/** The error for a redirect, which is never followed. */
export function redirectError(
  { route, host }: RequestName,
  { status, headers }: ErrorResponse,
  requestUrl: string,
): NodionError {
  const { location } = headers;
  const target =
    typeof location === 'string' && URL.canParse(location, requestUrl)
      ? sentence`to ${new URL(location, requestUrl).origin}`
      : sentence`to nowhere`;
  return new NodionError(
    sentence`${ours(host)} answered ${status} to ${ours(route)}, a redirect ${target}.`,
    { status, retryable: false },
    ours(
      'Redirects are not followed, since the key would go along: set `api_url` to the final address, if you trust it.',
    ),
  );
}

/**
 * The error for a request without a whole answer.
 * @param hasBeenAnswered whether Nodion has answered another request: then `api_url` is right.
 */
export function networkError(
  { route, host }: RequestName,
  error: HttpError,
  hasBeenAnswered: boolean,
): NodionError {
  const { status } = error;
  const details = { status, retryable: !error.isFinal, isTimeout: error.code === 'TIMEOUT' };
  if (error.code === 'PROXY_UNUSABLE') return new NodionError(ours(error.message), details);
  if (error.proxy !== null) {
    return new NodionError(
      sentence`Can't reach ${ours(host)}: ${ours(error.message)}.`,
      details,
      ours('Check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY on the runner.'),
    );
  }
  const problem = connectProblem(error);
  if (problem) {
    return new NodionError(
      sentence`Can't reach ${ours(host)}: ${ours(problem)}.`,
      details,
      ours(
        isCertificateProblem(error)
          ? CERTIFICATE_ADVICE
          : hasBeenAnswered
            ? LATER_ADVICE
            : NETWORK_ADVICE,
      ),
    );
  }
  return new NodionError(
    sentence`The request to ${ours(host)} (${ours(route)}) failed: ${ours(error.message)}.`,
    details,
    ours(/^(?:TOO_LARGE|BAD_ENCODING|HPE_\w+)$/.test(error.code) ? ANSWER_ADVICE : LATER_ADVICE),
  );
}

const NETWORK_ADVICE = "Check the runner's network, `api_url` and proxy.";
const ANSWER_ADVICE =
  'Check what answers at `api_url`: Nodion itself, or a gateway or proxy before it.';
const LATER_ADVICE = "Check the runner's network, or run the job again later.";
const CERTIFICATE_ADVICE =
  'If an authority of your own signed it, name that in NODE_EXTRA_CA_CERTS; else check `api_url`.';

/** The error for a success with another body than the documented one. */
export function undocumentedError(
  { route, host }: RequestName,
  answer: { status: number; text: string; problem: string },
): NodionError {
  const { status, text, problem } = answer;
  const isHtml = /^\s*<(?:!doctype|html)\b/i.test(text.slice(0, 1_000));
  return new NodionError(
    sentence`${ours(host)} answered ${status} to ${ours(route)}, but not as documented: ${ours(isHtml ? 'HTML' : problem)}.`,
    { status, retryable: true },
    ours(isHtml ? HTML_ADVICE : ANSWER_ADVICE),
  );
}

/** Nodion's own words in an error body; none when the body isn't one of theirs, such as a gateway's HTML. */
function apiErrorMessages(data: unknown): string[] {
  try {
    const text = String(data);
    if (text.length > LONGEST_ERROR) return [];
    const body = parseJson(text);
    const words = optional(body, 'errors') ?? optional(body, 'error') ?? optional(body, 'message');
    return (Array.isArray(words) ? words : [words ?? []].flat())
      .slice(0, MESSAGES_SHOWN)
      .map((word) => (typeof word === 'string' ? word : JSON.stringify(word)).replace(/\.$/, ''));
  } catch {
    return [];
  }
}

/** `Retry-After` in seconds or as an HTTP date (RFC 9110, 10.2.3). */
function retryAfterMs(value: unknown, nowMs: number): number {
  if (typeof value !== 'string') return 0;
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - nowMs;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS);
}
