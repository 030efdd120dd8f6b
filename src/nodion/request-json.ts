import { request as octokit } from '@octokit/request';
import { RequestError } from '@octokit/request-error';
import pLimit from 'p-limit';
import { HttpError } from '../http/http-error.ts';
import { toFetch } from '../http/to-fetch.ts';
import type { HttpResponse, SendRequest } from '../http/transport.ts';
import { Interrupted, type InterruptReason, NotSent, withGrace } from '../time/deadline.ts';
import { httpError, NodionError, redirectError } from './errors.ts';
import { UndocumentedShape } from './responses.ts';

const REQUEST_TIMEOUT_MS = 30_000;
/** How long an answer that is on its way at the step's timeout may still take to arrive. */
const ANSWER_GRACE_MS = 300;
const REQUESTS_AT_ONCE = 8;

/** What became of one request, for the debug log. */
export interface RequestRecord {
  readonly method: string;
  readonly path: string;
  /** The HTTP status, or what happened in its place. */
  readonly result: string;
  readonly durationMs: number;
}

export interface ConnectionOptions {
  readonly apiKey: string;
  /** Sent as `X-Nodion-Project`, for user API keys; null sends none. */
  readonly projectId: string | null;
  /** Base URL without a trailing slash. */
  readonly apiUrl: string;
  readonly transport: SendRequest;
  readonly onRequest?: (record: RequestRecord) => void;
}

/** The body of a success, as text. */
interface Success {
  /** The request, such as `GET /applications`. */
  readonly name: string;
  readonly status: number;
  readonly text: string;
}

/** Sends one request, such as `GET /applications/{id}`. */
export type Send = (
  route: string,
  parameters: Record<string, unknown>,
  signal: AbortSignal,
) => Promise<Success>;

/**
 * A way to send requests to Nodion, at most 8 at once, each of at most 30 s.
 *
 * @throws NodionError for anything but a success, Interrupted when `signal` aborts (NotSent when a
 *   POST was not sent because of it).
 */
export function createSend(options: ConnectionOptions): Send {
  const { apiKey, projectId, apiUrl, onRequest } = options;
  const limit = pLimit(REQUESTS_AT_ONCE);
  const request = octokit.defaults({
    baseUrl: apiUrl,
    headers: {
      accept: 'application/json',
      'user-agent': 'nodion-deploy',
      authorization: `Bearer ${apiKey}`,
      ...(projectId && { 'x-nodion-project': projectId }),
    },
    request: { fetch: toFetch(conditional(options.transport), REQUEST_TIMEOUT_MS) },
  });

  // One grace for all: requests that queue behind others must not add up their own.
  let graceEndsAtMs: number | null = null;
  function graceMs(reason: InterruptReason): number {
    if (reason !== 'timed_out') return 0;
    graceEndsAtMs ??= performance.now() + ANSWER_GRACE_MS;
    return Math.max(0, graceEndsAtMs - performance.now());
  }

  return (route, parameters, signal) =>
    limit(async () => {
      const { method, url } = request.endpoint(route, parameters);
      const name = `${method} ${url.slice(apiUrl.length)}`;
      const startedAt = performance.now();
      let result = 'interrupted';
      try {
        if (signal.aborted && method !== 'GET') throw new NotSent(signal.reason);
        const response = await withGrace({ signal, graceMs }, (followed) =>
          request(route, { ...parameters, request: { signal: followed } }),
        );
        result = String(response.status);
        if (response.status >= 300) throw redirectError(name, apiUrl, response);
        return { name, status: response.status, text: String(response.data) };
      } catch (error) {
        if (error instanceof NodionError || error instanceof NotSent) throw error;
        const response = error instanceof RequestError ? error.response : undefined;
        if (response) {
          result = String(response.status);
          throw httpError(name, response);
        }
        if (signal.aborted) throw new Interrupted(signal.reason);
        const cause = error instanceof RequestError ? error.cause : error;
        if (!(cause instanceof HttpError)) throw error;
        result = cause.message;
        throw new NodionError(`${name}: ${result}`, { retryable: !cause.isFinal });
      } finally {
        const path = url.slice(apiUrl.length);
        onRequest?.({ method, path, result, durationMs: performance.now() - startedAt });
      }
    });
}

/**
 * Sends one request and reads the JSON of its answer.
 * @throws NodionError for anything but the documented answer, Interrupted as `send`.
 */
export async function requestJson<T>(
  send: Send,
  route: string,
  options: {
    parameters?: Record<string, unknown>;
    /** @throws UndocumentedShape */
    read: (body: unknown) => T;
    signal: AbortSignal;
  },
): Promise<T> {
  const { name, status, text } = await send(route, options.parameters ?? {}, options.signal);
  try {
    return options.read(JSON.parse(text));
  } catch (error) {
    throw new NodionError(
      `${name}: the answer (status ${status}) is not the documented one: ${
        error instanceof UndocumentedShape ? error.message : 'not JSON'
      }`,
      { status, retryable: true },
    );
  }
}

/**
 * Asks conditionally for what was answered with an `ETag` before. A 304 becomes the answer it stands for.
 */
function conditional(transport: SendRequest): SendRequest {
  const cached = new Map<string, { etag: string; response: HttpResponse }>();
  return async (request) => {
    const known = request.method === 'GET' ? cached.get(request.url) : undefined;
    const headers = { ...request.headers, ...(known && { 'if-none-match': known.etag }) };
    const response = await transport({ ...request, headers });
    const { status, answeredAtMs, dateMs } = response;
    if (status === 304 && known) return { ...known.response, answeredAtMs, dateMs };
    const { etag } = response.headers;
    if (request.method === 'GET' && status === 200 && etag) {
      cached.set(request.url, { etag, response });
    }
    return response;
  };
}
