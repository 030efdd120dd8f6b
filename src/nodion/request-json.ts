import { request as octokit } from '@octokit/request';
import { RequestError } from '@octokit/request-error';
import pLimit from 'p-limit';
import { Interrupted, NotSent, withLimit } from '../time/deadline.ts';
import { httpError, NodionError, redirectError } from './errors.ts';
import { optional, UndocumentedShape } from './responses.ts';

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
  /** Where requests go out: the global fetch, or one that goes through a proxy (it may throw NodionError). */
  readonly fetch: typeof fetch;
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
    request: { fetch: bufferedFetch(options.fetch), redirect: 'manual' },
  });

  // One grace for all: requests that queue behind others must not add up their own.
  let graceEndsAt: number | null = null;
  function graceMs(signal: AbortSignal): number {
    if (!signal.aborted) return ANSWER_GRACE_MS;
    graceEndsAt ??= performance.now() + ANSWER_GRACE_MS;
    return Math.max(0, graceEndsAt - performance.now());
  }

  return (route, parameters, signal) =>
    limit(async () => {
      const { method, url } = request.endpoint(route, parameters);
      const name = `${method} ${url.slice(apiUrl.length)}`;
      const startedAt = performance.now();
      let result = 'interrupted';
      try {
        if (signal.aborted && method !== 'GET') throw new NotSent(signal.reason);
        const limits = { ms: REQUEST_TIMEOUT_MS, signal, graceMs: graceMs(signal) };
        const response = await withLimit(limits, (limited) =>
          request(route, { ...parameters, request: { signal: limited } }),
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
        const cause = error instanceof Error ? error.cause : undefined;
        result = cause instanceof NodionError ? cause.message : describeNetworkError(error);
        if (cause instanceof NodionError) throw cause;
        throw new NodionError(`${name}: ${result}`, { retryable: true });
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
 * Wraps fetch for @octokit/request 10, which resolves a cut-off body to '', throws on 304, parses only
 * some media types and prints `deprecation` headers: the body is read whole and handed over as text,
 * with the only headers that are used; a 304 becomes the answer it stands for.
 */
function bufferedFetch(fetch: ConnectionOptions['fetch']): typeof fetch {
  const cached = new Map<string, { etag: string; body: ArrayBuffer }>();
  return async (url, init) => {
    const key = init?.method === 'GET' ? String(url) : '';
    const known = cached.get(key);
    const headers = { ...(init?.headers as Record<string, string>) };
    if (known) headers['if-none-match'] = known.etag;
    const answer = await fetch(url, { ...init, headers });
    const body = await answer.arrayBuffer();
    if (answer.status === 304 && known) return new Response(known.body);
    const etag = answer.headers.get('etag');
    if (key && etag && answer.status === 200) cached.set(key, { etag, body });
    const kept = ['location', 'retry-after'].flatMap((name) => {
      const value = answer.headers.get(name);
      return value === null ? [] : [[name, value] as [string, string]];
    });
    const bodiless = answer.status === 204 || answer.status === 205 || answer.status === 304;
    return new Response(bodiless ? null : new TextDecoder().decode(body), {
      status: answer.status,
      headers: kept,
    });
  };
}

/** The innermost cause of a failed fetch, by its code where it has one: `ECONNRESET`. */
function describeNetworkError(error: unknown): string {
  const innermost = innermostCause(error);
  if (innermost === 'gave_up') return `no answer within ${REQUEST_TIMEOUT_MS / 1_000} s`;
  const code = optional(innermost, 'code');
  if (typeof code === 'string') {
    const isCertificate = /CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)/.test(code);
    return `no answer (${code})${isCertificate ? '. The runner does not trust the certificate: name its authority in NODE_EXTRA_CA_CERTS' : ''}`;
  }
  return `no answer (${innermost instanceof Error ? innermost.message : 'network error'})`;
}

/** The end of an error's chain of causes, where fetch says what really happened. */
export function innermostCause(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? innermostCause(error.cause) : error;
}
