import { request as octokit } from '@octokit/request';
import { RequestError } from '@octokit/request-error';
import { createGate, type Gate, type Lane } from '../http/gate.ts';
import { HttpError } from '../http/http-error.ts';
import { createResponseCache, type ResponseCache } from '../http/response-cache.ts';
import type { SpareConnection } from '../http/spare-connection.ts';
import { toFetch } from '../http/to-fetch.ts';
import type { HttpRequest, HttpResponse, SendRequest } from '../http/transport.ts';
import { Interrupted, type InterruptReason, NotSent, withGrace } from '../time/deadline.ts';
import {
  CANCELLED_POST_GRACE_MS,
  LAST_LOOK_MS,
  LONG_WAIT_MS,
  POST_GRACE_MS,
  REQUEST_LIMIT_MS,
} from '../time/step-clock.ts';
import { NodionError, type RequestName, type RequestRecord } from './errors.ts';
import type { ListName } from './list-shapes.ts';
import { createOutageLimit, type OutageLimit } from './outage-limit.ts';

/** Bytes: eight such bodies at once take less than 300 MB. */
const LARGEST_BODY = 2 ** 20;

export interface ConnectionOptions {
  readonly apiKey: string;
  /** Sent as `X-Nodion-Project`, for user API keys; null sends none. */
  readonly projectId: string | null;
  /** Base URL without a trailing slash. */
  readonly apiUrl: string;
  readonly transport: SendRequest;
  readonly onRequest?: (record: RequestRecord) => void;
}

/** How a request is sent. */
export interface SendOptions {
  readonly signal: AbortSignal;
  /** `normal` by default. */
  readonly lane?: Lane;
  /** Where the caller has passed the gate already. */
  readonly gate?: 'passed';
  /** Whether it is to an application that did not answer in time before. */
  readonly isSlow?: boolean;
  /** Whether a cache must not answer it, neither ours (by `ETag`) nor one on the way. */
  readonly isFresh?: boolean;
  /** At most 30 s, which is the default. */
  readonly timeoutMs?: number;
  readonly parameters?: { readonly id?: string; readonly [name: string]: unknown };
  /** What the answer is a list of: it may have 16 MiB, others 1 MiB. */
  readonly list?: ListName;
  /** The ID of one in that list that is kept in any case. */
  readonly wanted?: string | null;
  /** Of the body, 1 MiB by default; a list's may always have 16 MiB. */
  readonly maxBytes?: number;
  /** Of an answer that need not be sent again. */
  readonly etag?: string | null;
  /** For a POST, opened before. */
  readonly spare?: SpareConnection | undefined;
}

/** A success with its body as text. */
export interface Success {
  readonly name: RequestName;
  readonly url: string;
  readonly status: number;
  /** Whether the answer is the one that `etag` was sent of: then there is no text. */
  readonly isUnchanged: boolean;
  readonly text: string;
  /** Null for none. */
  readonly etag: string | null;
  /** `performance.now()` when it was there. */
  readonly answeredAtMs: number;
}

/** Sends one request, such as `GET /applications/{id}`. */
export type Send = (route: string, options: SendOptions) => Promise<Success>;

/** A way to send requests to Nodion through one gate, and what it learns of Nodion's clock. */
export interface Connection {
  /**
   * @throws NodionError for anything but a success, Interrupted when `signal` aborts (NotSent when a
   *   POST was not sent because of it).
   */
  readonly send: Send;
  readonly gate: Gate;
  readonly outageLimit: OutageLimit;
  readonly cache: ResponseCache;
  /** The addresses that were answered as documented. */
  readonly answered: Set<string>;
  /** Nodion's time at `atMs` (performance.now()), in epoch milliseconds, or earlier; null where its successes carry no `Date`. */
  serverTime(atMs: number): number | null;
}

export function createConnection(options: ConnectionOptions): Connection {
  const { apiKey, projectId, apiUrl, transport, onRequest } = options;
  const gate = createGate();
  const { host } = new URL(apiUrl);
  const outageLimit = createOutageLimit();
  const answered = new Set<string>();
  const request = octokit.defaults({
    baseUrl: apiUrl,
    headers: {
      accept: 'application/json',
      'user-agent': 'nodion-deploy',
      authorization: `Bearer ${apiKey}`,
      ...(projectId && { 'x-nodion-project': projectId }),
    },
  });

  // A gateway's clock may be ahead of the one that writes `created_at`: what it refuses says nothing, and
  // of successes the earliest time calls nothing older than it is. What a cache answers (`Age`) is late.
  let clockOffsetMs: number | null = null;
  function learnTime({ status, headers, dateMs, answeredAtMs }: HttpResponse): void {
    const isOwn = status >= 200 && status <= 299 && !(Number(headers.age) > 0);
    if (dateMs === null || !isOwn) return;
    clockOffsetMs = Math.min(clockOffsetMs ?? Number.POSITIVE_INFINITY, dateMs - answeredAtMs);
  }
  function serverTime(atMs: number): number | null {
    return clockOffsetMs === null ? null : Math.floor((atMs + clockOffsetMs) / 1_000) * 1_000;
  }

  // One limit for all last looks of a signal: those that queue behind others must not add up their own.
  const lastLooksEndAtMs = new WeakMap<AbortSignal, number>();
  function graceMs(signal: AbortSignal, isPost: boolean, isLastLook: boolean): number {
    const isTimeout = signal.reason === ('timed_out' satisfies InterruptReason);
    const endAtMs = lastLooksEndAtMs.get(signal) ?? performance.now() + LAST_LOOK_MS;
    if (isTimeout) lastLooksEndAtMs.set(signal, endAtMs);
    if (isPost && signal.reason === 'cancelled') return CANCELLED_POST_GRACE_MS;
    if (isPost && isTimeout) return POST_GRACE_MS;
    return isLastLook ? endAtMs - performance.now() : 0;
  }

  async function sendNow(route: string, sending: SendOptions): Promise<Success> {
    const { signal, parameters = {}, isFresh = false, timeoutMs = REQUEST_LIMIT_MS } = sending;
    const { maxBytes = LARGEST_BODY, etag = null, spare } = sending;
    const { method, url } = request.endpoint(route, parameters);
    const isPost = method !== 'GET';
    const isLastLook = signal.aborted && signal.reason === 'timed_out';
    const path = url.slice(apiUrl.length);
    const name = { route: route.replace(/\{(\w+)\}/g, ':$1'), host, id: parameters.id ?? null };
    const startedAtMs = performance.now();
    let result = 'interrupted';
    let dateMs: number | null = null;
    let answeredAtMs = startedAtMs;
    let isUnchanged = false;
    let newEtag: string | null = null;
    try {
      if (signal.aborted && isPost) throw new NotSent(signal.reason);
      const fetch = toFetch(async (http) => {
        const limited = { ...http, maxBytes, largeBody: readerOf(sending), spare };
        const answer = await transport(limited);
        learnTime(answer);
        ({ dateMs, answeredAtMs } = answer);
        newEtag = answer.headers.etag ?? null;
        isUnchanged = answer.status === 304 && etag !== null;
        return isUnchanged ? { ...answer, status: 200, body: '' } : answer;
      }, timeoutMs);
      const response = await withGrace(
        signal,
        () => graceMs(signal, isPost, isLastLook),
        (followed) =>
          request(route, {
            ...parameters,
            headers: {
              ...(isFresh && { 'cache-control': 'no-cache' }),
              ...(etag !== null && { 'if-none-match': etag }),
            },
            request: { fetch, signal: followed },
          }),
      );
      result = String(response.status);
      if (response.status >= 300) {
        throw (await import('./request-errors.ts')).redirectError(name, response, url);
      }
      gate.release();
      const { status, data } = response;
      return { name, url, status, isUnchanged, text: String(data), etag: newEtag, answeredAtMs };
    } catch (error) {
      if (error instanceof NodionError || error instanceof NotSent) throw error;
      const response = error instanceof RequestError ? error.response : undefined;
      if (response) {
        result = String(response.status);
        const nowMs = dateMs ?? serverTime(performance.now()) ?? Date.now();
        const { httpError } = await import('./request-errors.ts');
        throw httpError(name, response, { nowMs, wasAnswered: answered.has(url) });
      }
      const isLong = performance.now() - startedAtMs > LONG_WAIT_MS;
      const isTold = isLong && signal.reason === ('timed_out' satisfies InterruptReason);
      if (signal.aborted && !isTold) throw new Interrupted(signal.reason);
      const { networkError, unansweredError } = await import('./request-errors.ts');
      if (signal.aborted) throw new Interrupted(signal.reason, unansweredError(name, url));
      const cause = error instanceof RequestError ? error.cause : error;
      if (!(cause instanceof HttpError)) throw error;
      result = cause.message;
      throw networkError(name, cause, outageLimit.hasBeenAnswered());
    } finally {
      const durationMs = performance.now() - startedAtMs;
      onRequest?.({ method, path, result, durationMs });
    }
  }

  /** Holds the others before this one leaves the gate, which would let the next one through. */
  async function sendOrHold(route: string, sending: SendOptions): Promise<Success> {
    try {
      return await sendNow(route, sending);
    } catch (error) {
      if (error instanceof NodionError && error.holdsAll(route.startsWith('GET '))) {
        // What the step can do without makes nobody wait for an hour, but a limit is one for all.
        const isNeeded = sending.lane !== 'background';
        const askedMs = isNeeded ? error.retryAfterMs : 0;
        const heldMs = isNeeded || error.status === 429 ? gate.hold(askedMs) : 0;
        if (askedMs > 0) outageLimit.pause(heldMs);
      }
      throw error;
    }
  }

  async function send(route: string, sending: SendOptions): Promise<Success> {
    const { lane = 'normal', isSlow = false, signal } = sending;
    const work = () => sendOrHold(route, sending);
    return await (sending.gate === 'passed' ? work() : gate.pass({ lane, isSlow, signal }, work));
  }

  return { send, gate, outageLimit, cache: createResponseCache(), answered, serverTime };
}

/** What reads a large list; loaded only for one. */
function readerOf({ list, wanted }: SendOptions): HttpRequest['largeBody'] {
  return list && (async () => (await import('./list-reader.ts')).createListReader(list, wanted));
}
