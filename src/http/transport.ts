import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  request as requestHttp,
} from 'node:http';
import {
  type AgentOptions,
  Agent as HttpsAgent,
  type RequestOptions,
  request as requestHttps,
} from 'node:https';
import type { Socket } from 'node:net';
import { IDLE_CONNECTION_MS } from '../time/step-clock.ts';
import { openConnection, type Way } from './connection.ts';
import { TransportProblem, toHttpError } from './http-error.ts';
import { limitNameServers } from './limit-name-servers.ts';
import { findProxy, forwardOptions, proxyAnswered } from './proxy.ts';
import { type BodyReader, readBody, unpack } from './read-body.ts';
import type { SpareConnection } from './spare-connection.ts';

const MAX_BYTES = 16 * 2 ** 20;
const LARGEST_ERROR = 2 ** 20;
/** An idle connection is kept as long as fetch does, or less where the server's `Keep-Alive` header says so. */
const KEEP_ALIVE = { keepAlive: true, timeout: IDLE_CONNECTION_MS };

export interface HttpRequest {
  readonly method: string;
  /** `http:` or `https:`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Ends the request at any moment. */
  readonly signal: AbortSignal;
  /** One limit for connecting, TLS, a proxy, the headers and the whole body. */
  readonly timeoutMs: number;
  /** Of the unpacked body; 16 MiB by default. */
  readonly maxBytes?: number;
  /** Makes what reads a success's body above 128 KiB: such a body may have 16 MiB, whatever `maxBytes` is. */
  readonly largeBody?: (() => Promise<BodyReader>) | undefined;
  /** Takes the body's unpacked chunks in place of holding it: as many as it likes, none fails unread. */
  readonly takeBody?: (chunks: AsyncIterable<Buffer>, answer: AnswerHead) => Promise<void>;
  /**
   * Uses a new connection, and only for this request; so does any other than a GET, since a server may
   * close a kept one in silence.
   */
  readonly ownConnection?: boolean;
  /** The connection of its own, where that is still open. */
  readonly spare?: SpareConnection | undefined;
}

/** How an answer begins. */
export interface AnswerHead {
  readonly status: number;
  /** By their names in lower case; several of one name are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A whole answer, of any status. */
export interface HttpResponse extends AnswerHead {
  /** Unpacked and decoded from UTF-8; '' where `takeBody` took it. */
  readonly body: string;
  /** The server's `Date` in epoch milliseconds; null without one that can be read. */
  readonly dateMs: number | null;
  /** `performance.now()` when the answer was there as a whole. */
  readonly answeredAtMs: number;
}

/**
 * Sends one request, once: nothing is followed, repeated or cached.
 * @throws HttpError without a whole answer, or `signal`'s reason when that aborts.
 */
export type SendRequest = (request: HttpRequest) => Promise<HttpResponse>;

/**
 * Makes a transport over connections of its own, through the proxies that the environment names (see
 * {@link findProxy}). Idle connections are used again and don't keep the process alive.
 */
export function createTransport(): SendRequest {
  limitNameServers();
  const pools = { kept: createAgents(KEEP_ALIVE), own: createAgents({}) };
  const provenProxies = new Set<string | null>();

  return async (request) => {
    const { signal, timeoutMs, takeBody } = request;
    signal.throwIfAborted();
    const url = new URL(request.url);
    const proxy = findProxy(url);
    const origin = proxy?.url.origin ?? null;
    const ending = new AbortController();
    const outgoing = open(request, { url, proxy, pools, signal: ending.signal });
    let wasSent = false;
    outgoing.once('socket', () => {
      wasSent = true;
    });
    const broken = new Promise<never>((_, reject) => {
      outgoing.on('error', reject);
      ending.signal.addEventListener('abort', () => reject(ending.signal.reason));
    });
    let response: IncomingMessage | null = null;
    const cancel = () => ending.abort(signal.reason);
    signal.addEventListener('abort', cancel);
    const timer = setTimeout(() => {
      const answer = response ? 'no whole answer' : 'no answer';
      ending.abort(new TransportProblem('TIMEOUT', `${answer} within ${timeoutMs / 1_000} s`));
    }, timeoutMs);
    try {
      response = await Promise.race([broken, responseTo(outgoing, request.body)]);
      const { statusCode: status = 0 } = response;
      if (proxy && url.protocol === 'http:' && status === 407) throw proxyAnswered(status);
      provenProxies.add(origin);
      const headers = Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
      );
      const reading = takeBody
        ? takeBody(unpack(response), { status, headers })
        : readBody(response, limitsOf(request, status));
      const body = (await Promise.race([broken, reading])) ?? '';
      return {
        status,
        headers,
        body,
        dateMs: parseHttpDate(headers.date),
        answeredAtMs: performance.now(),
      };
    } catch (error) {
      signal.throwIfAborted();
      throw toHttpError(error, {
        host: url.host,
        proxy: origin,
        isProxyProven: provenProxies.has(origin),
        status: response?.statusCode ?? null,
        wasSent,
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      outgoing.destroy();
    }
  };
}

/** How much is read of an answer's body: of what is no success only the beginning matters. */
function limitsOf({ maxBytes = MAX_BYTES, largeBody }: HttpRequest, status: number) {
  if (status < 200 || status > 299) {
    return { maxBytes: Math.min(maxBytes, LARGEST_ERROR), truncate: true, largeBody: undefined };
  }
  return { maxBytes: largeBody ? MAX_BYTES : maxBytes, truncate: false, largeBody };
}

interface ConnectingOption {
  /** Opens a connection, ready for the request. */
  readonly connecting: () => Promise<Socket>;
}

/** Hands a connection over only once it is ready, so that a request that has one was sent, and any other was not. */
function handOver(
  { connecting }: RequestOptions & Partial<ConnectingOption>,
  callback: (error: Error | null, socket: Socket) => void,
): undefined {
  connecting?.().then((socket) => callback(null, socket), callback as (error: Error) => void);
}

type Agents = ReturnType<typeof createAgents>;

function createAgents(options: AgentOptions) {
  const opening = { createConnection: handOver };
  return {
    http: Object.assign(new HttpAgent(options), opening),
    https: Object.assign(new HttpsAgent(options), opening),
  };
}

/** An `https:` request goes through a tunnel; an `http:` one is handed to the proxy itself. */
function open(
  request: HttpRequest,
  way: Way & { readonly url: URL; readonly pools: Readonly<Record<'kept' | 'own', Agents>> },
): ClientRequest {
  const { url, proxy, pools, signal } = way;
  const { method, spare, ownConnection = method !== 'GET' } = request;
  const agents = ownConnection ? pools.own : pools.kept;
  const forwarder = url.protocol === 'http:' ? proxy : null;
  const server = forwarder?.url ?? url;
  const isSecure = server.protocol === 'https:';
  const { headers, ...forwarding } = forwarder ? forwardOptions(forwarder, url) : {};
  const connecting = async () =>
    (await spare?.take(signal)) ?? (await openConnection(url, { proxy, signal }));
  const options: RequestOptions & ConnectingOption = {
    ...forwarding,
    method,
    headers: { ...request.headers, ...headers },
    agent: isSecure ? agents.https : agents.http,
    signal,
    connecting,
  };
  return (isSecure ? requestHttps : requestHttp)(server, options);
}

/** Sends the body and waits for the answer's headers. */
function responseTo(outgoing: ClientRequest, body: string | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // Node drops a connection that the server switches to another protocol without an error.
    const fail = () => reject(new TransportProblem('ECONNRESET', 'no answer (ECONNRESET)'));
    outgoing.once('close', fail);
    outgoing.once('response', (response) => {
      // Each answered request is closed, too, and an error takes time to make.
      outgoing.off('close', fail);
      resolve(response);
    });
    outgoing.end(body);
  });
}

/** Epoch milliseconds; null for anything but the one format that servers may send (RFC 9110, 5.6.7). */
function parseHttpDate(text: string | undefined): number | null {
  if (!/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/.test(text ?? '')) return null;
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? null : ms;
}
