import { connectProblem, type HttpError, isCertificateProblem } from '../http/http-error.ts';
import { parseJson } from '../http/parse-json.ts';
import { findProxy } from '../http/proxy.ts';
import { retryAfterMs } from '../http/retry-after.ts';
import { joined, ours, sentence } from '../runner/sentence.ts';
import { NodionError, type RequestName } from './errors.ts';
import { optional } from './read-fields.ts';

const MESSAGES_SHOWN = 10;

/** 304 is one that nobody asked for. */
const RETRYABLE: readonly number[] = [304, 408, 425, 429];

const BUSY_ADVICE = 'Something else is in progress there: run the job again once that has ended.';

const ADVICE: Readonly<Record<number, string>> = {
  400: "Check the inputs and, in Nodion's dashboard, the application.",
  401: 'Create a new key and update the secret behind `api_key`.',
  403: 'Check the key behind `api_key`: its scopes must cover this request, and it must belong to the project (for a user API key, see `project_id`).',
  409: BUSY_ADVICE,
  423: BUSY_ADVICE,
  429: 'Nodion, or a gateway before it, limits the rate of requests: run the job again later.',
};
/** In place of those, for a request that names no application. */
const PROJECT_ADVICE: Readonly<Record<number, string>> = {
  400: 'Check the inputs.',
  404: 'Check `api_url` if it is set, and, for a user API key, `project_id`.',
};
/** For a request that names an application. */
const idAdvice = (id: string): Readonly<Record<number, string>> => ({
  404: `Check the ID ${id}, that it is in the project of the key behind \`api_key\` (for a user API key, set \`project_id\`), and \`api_url\` if it is set.`,
});
const NETWORK_ADVICE = "Check the runner's network, `api_url` and proxy.";
const ANSWER_ADVICE =
  'Check what answers at `api_url`: Nodion itself, or a gateway or proxy before it.';
const GATEWAY_ADVICE =
  'Check `api_url`, and what stands there before Nodion: it may want credentials or a certificate of its own, or allow fewer or smaller headers.';
const LATER_ADVICE = "Check the runner's network, or run the job again later.";
const CERTIFICATE_ADVICE =
  'If an authority of your own signed it, name that in NODE_EXTRA_CA_CERTS; else check `api_url`.';
const PROXY_ADVICE = 'Check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY on the runner.';
const PROXY_FAILED_ADVICE =
  'Check whether the proxy can reach that host, or run the job again later.';
const SERVER_ADVICE = 'Nodion, or a gateway before it, is down or busy: run the job again later.';
const HTML_ADVICE =
  'That is a web page, not the API: check `api_url`, and whether a proxy or a login page answers in its place.';

/** What an error is made of: `headers` by lower-case names, `data` the body as text. */
export interface ErrorResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: unknown;
}

/**
 * The error for an answer that is no success.
 * @param context.nowMs the server's time, for a `Retry-After` that is a date.
 * @param context.wasAnswered whether the same path was answered with success before.
 */
export function httpError(
  { route, host, id }: RequestName,
  { status, headers, data }: ErrorResponse,
  { nowMs, wasAnswered }: { nowMs: number; wasAnswered: boolean },
): NodionError {
  const waitMs = retryAfterMs(headers['retry-after'], nowMs);
  const body = nodionBody(data);
  const messages = apiErrorMessages(body);
  const apiMessage = messages.length > 0 ? joined(messages, '; ') : null;
  const isServer = status === 429 || status >= 500;
  const isGateways = body === null && status >= 400;
  // Where this path was answered well before, a gateway that starts has not learnt of it yet.
  const isRestart = isGateways && status === 404 && wasAnswered;
  if (isGateways && !isServer) {
    return new NodionError(
      sentence`${ours(host)} answered ${status} to ${ours(route)}, but not in Nodion's format: a gateway or proxy may have.`,
      {
        status,
        retryable: isRestart || RETRYABLE.includes(status),
        retryAfterMs: waitMs,
        isGateways,
      },
      ours(GATEWAY_ADVICE),
    );
  }
  const who = ours(isServer ? host : 'Nodion');
  const summary =
    status === 401
      ? sentence`Nodion refused the API key (401 Unauthorized).`
      : sentence`${who} answered ${status} to ${ours(route)}${apiMessage && sentence`: ${apiMessage}`}.`;
  const advice =
    (id === null ? PROJECT_ADVICE : idAdvice(id))[status] ??
    ADVICE[status] ??
    (status >= 500 ? SERVER_ADVICE : null);
  return new NodionError(
    summary,
    {
      status,
      retryable: RETRYABLE.includes(status) || status >= 500,
      retryAfterMs: waitMs,
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
  const { status, isFinal, code, wasSent } = error;
  const details = { status, retryable: !isFinal, isTimeout: code === 'TIMEOUT', wasSent };
  if (code === 'PROXY_UNUSABLE') return new NodionError(ours(error.message), details);
  if (error.proxy !== null) {
    return new NodionError(
      sentence`Can't reach ${ours(host)}: ${ours(error.message)}.`,
      details,
      ours(/^PROXY_(?:FAILED|GATEWAY)$/.test(code) ? PROXY_FAILED_ADVICE : PROXY_ADVICE),
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
    ours(/^(?:TOO_LARGE|BAD_ENCODING|HPE_\w+)$/.test(code) ? ANSWER_ADVICE : LATER_ADVICE),
  );
}

/** In place of an answer that the end of the step's time cut off. */
export function unansweredError({ route, host }: RequestName, url: string): NodionError {
  const proxy = findProxy(new URL(url));
  const through = proxy && sentence` through the proxy ${ours(proxy.url.origin)}`;
  return new NodionError(
    sentence`${ours(host)} had not answered ${ours(route)}${through}.`,
    { retryable: true },
    ours(LATER_ADVICE),
  );
}

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

/** An error's body; null when it isn't one of Nodion's, which are JSON or empty, but a gateway's text or HTML. */
function nodionBody(data: unknown): unknown {
  const text = String(data);
  try {
    return text.trim() === '' ? {} : parseJson(text);
  } catch {
    return null;
  }
}

/** Nodion's own words in an error's body: what it is called, and then its details. */
function apiErrorMessages(body: unknown): string[] {
  const messages = ['error', 'message', 'errors', 'details'].flatMap((name) =>
    messagesIn(optional(body, name)),
  );
  return [...new Set(messages)].slice(0, MESSAGES_SHOWN);
}

/** Of a text, a list, or an object of them by the names of fields, as `name: can't be blank`. */
function messagesIn(words: unknown): string[] {
  if (typeof words !== 'object' || words === null) return words ? [toMessage(words)] : [];
  if (Array.isArray(words)) return words.slice(0, MESSAGES_SHOWN).map(toMessage);
  return Object.entries(words)
    .slice(0, MESSAGES_SHOWN)
    .flatMap(([name, value]) =>
      [value]
        .flat()
        .slice(0, MESSAGES_SHOWN)
        .map((word) => `${name}: ${toMessage(word)}`),
    );
}

function toMessage(word: unknown): string {
  return (typeof word === 'string' ? word : JSON.stringify(word)).replace(/\.$/, '');
}
