import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { type Clock, realClock } from '../clock.ts';
import { loopback, type Network } from '../network.ts';
import { catalogueRoute } from './catalogue.ts';
import { type ScriptedFault, ScriptedFaults } from './faults.ts';
import {
  type Answer,
  type Endpoint,
  type FakeApplication,
  NodionState,
  type RecordedRequest,
} from './state.ts';

/** Real milliseconds, in which what was sent arrives. */
const CUT_OFF_AFTER_MS = 20;

/**
 * A Nodion API on loopback, as far as its documentation goes, with state, a scripted life of each
 * deployment, scripted faults, and a record of requests. All its times are by its clock.
 */
export class FakeNodion extends NodionState {
  readonly requests: RecordedRequest[] = [];
  /** Whether answers carry an `ETag` and `If-None-Match` is honoured; `constant`: it never changes. */
  etags: boolean | 'constant' = false;
  /** So many requests are answered within any `perMs` milliseconds, the others with 429. */
  rateLimit: { requests: number; perMs: number; hasRetryAfter: boolean } | null = null;
  /** How far a gateway, which writes the `Date` header, is ahead of what writes `created_at`. */
  gatewaySkewMs = 0;
  /** How long after each answer its connection is closed, whatever is under way on it; null: it is kept. */
  closeAfterMs: number | null = null;
  /** Whether answers carry a `Date`. */
  hasDate = true;
  /** Called with each request to an application when its answer is made, whether that arrives or not. */
  afterAnswering: (endpoint: Endpoint, application: FakeApplication) => void = () => {};
  /** When the last answer was sent whole, by performance.now(). */
  lastAnswerAt = 0;
  requestsAtOnce = 0;
  mostRequestsAtOnce = 0;
  /** How many connections were ever opened. */
  connections = 0;

  private port = 0;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly faults = new ScriptedFaults();
  /** When the requests of the latest window passed the rate limit. */
  private passedAt: number[] = [];

  private constructor(clock: Clock) {
    super(clock);
    this.server = createServer((request, response) => {
      // A client that went away in the middle of its request is no fault of the server.
      this.serve(request, response).catch(() => response.destroy());
    });
    this.server.keepAliveTimeout = 60_000;
    this.server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  static async start({
    clock = realClock,
    network = loopback,
    port = 0,
  }: {
    clock?: Clock;
    network?: Network;
    port?: number;
  } = {}): Promise<FakeNodion> {
    const fake = new FakeNodion(clock);
    fake.port = await network.listen(fake.server, port);
    return fake;
  }

  /** How many connections are open. */
  get open(): number {
    return this.sockets.size;
  }

  /** On loopback: takes no new connection until `end`, and closes those that no request came on. */
  async refuseConnections(end: Promise<unknown>): Promise<void> {
    NetServer.prototype.close.call(this.server);
    for (const socket of this.sockets) if (socket.bytesRead === 0) socket.destroy();
    await end;
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** The base URL, for `api_url`. */
  get url(): string {
    return `http://127.0.0.1:${this.port}/v1`;
  }

  /** What goes wrong from now on; faults for the same endpoint follow each other. */
  fail(...faults: readonly ScriptedFault[]): void {
    this.faults.add(...faults);
  }

  /** Nothing goes wrong from now on. */
  recover(): void {
    this.faults.clear();
  }

  /** The requests to an endpoint so far. */
  requestsTo(endpoint: Endpoint): RecordedRequest[] {
    return this.requests.filter((request) => request.endpoint === endpoint);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requestsAtOnce += 1;
    this.mostRequestsAtOnce = Math.max(this.mostRequestsAtOnce, this.requestsAtOnce);
    response.on('finish', () => {
      this.lastAnswerAt = performance.now();
      const { closeAfterMs } = this;
      if (closeAfterMs !== null) {
        void this.clock.sleep(closeAfterMs).then(() => request.socket.destroy());
      }
    });
    response.on('close', () => {
      this.requestsAtOnce -= 1;
    });
    const chunks: Buffer[] = [];
    if (request.method !== 'GET') for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '' } = request;
    const [path = '', query = ''] = url.split('?');
    const [, id = '', rest = ''] = /^\/v1\/applications(?:\/([^/]*)(\/.*)?)?$/.exec(path) ?? [];
    const route = catalogueRoute(path.replace(/^\/v1(?=\/)/, ''));
    const endpoint = `${method} ${id ? '/applications/:id' : route}${rest}`;
    const record: RecordedRequest = {
      endpoint,
      method,
      url,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
      at: this.clock.now(),
      status: 0,
      bytesSent: 0,
    };
    this.requests.push(record);
    response.sendDate = this.hasDate;
    if (this.hasDate)
      response.setHeader('date', new Date(this.time() + this.gatewaySkewMs).toUTCString());

    const retryAfterMs = this.rateLimited();
    if (retryAfterMs !== null) {
      const headers = { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) };
      return this.send(response, record, { status: 429, ...(retryAfterMs > 0 && { headers }) });
    }
    const isTriggered = () =>
      this.requestsTo('POST /applications/:id/deployments').some(({ url }) => url.includes(id));
    const fault = this.faults.next(endpoint as Endpoint, id, isTriggered);
    if (fault && 'ms' in fault) await this.clock.sleep(fault.ms ?? 0);
    const isCarriedOut = !fault || !('carriedOut' in fault) || fault.carriedOut;
    const ageMs = fault?.kind === 'stale' ? fault.ageMs : 0;
    const answer = isCarriedOut
      ? this.answer(record, id, { query: new URLSearchParams(query), ageMs })
      : { status: 200, body: {} };
    const application = this.applications.find((one) => one.id === id);
    if (application) this.afterAnswering(endpoint as Endpoint, application);
    if (fault?.kind === 'reset') request.socket.resetAndDestroy();
    else if (fault?.kind === 'answer') this.send(response, record, fault);
    else if (fault?.kind === 'cut-off' || fault?.kind === 'stall') {
      const body = JSON.stringify(answer.body);
      response.writeHead(answer.status, {
        'content-type': 'application/json',
        'content-length': body.length + 2,
      });
      response.write(body.slice(0, body.length / 2));
      if (fault.kind === 'cut-off') {
        await this.clock.sleep(CUT_OFF_AFTER_MS);
        request.socket.destroy();
      }
    } else if (fault?.kind === 'wire') {
      fault.write(request.socket, JSON.stringify(answer.body));
      // So that the connection takes the next request.
      response.emit('finish');
    } else if (fault?.kind !== 'hang') this.send(response, record, answer);
  }

  /** Null when the request may pass; else the time to wait, 0 where it is not told. */
  private rateLimited(): number | null {
    if (!this.rateLimit) return null;
    const { requests, perMs, hasRetryAfter } = this.rateLimit;
    const since = this.clock.now() - perMs;
    this.passedAt = this.passedAt.filter((at) => at > since);
    const [oldest] = this.passedAt;
    if (oldest !== undefined && this.passedAt.length >= requests) {
      return hasRetryAfter ? oldest - since : 0;
    }
    this.passedAt.push(this.clock.now());
    return null;
  }

  private send(response: ServerResponse, record: RecordedRequest, answer: Answer): void {
    const { status, body = '' } = answer;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      ...answer.headers,
    };
    const isCacheable = this.etags !== false && record.method === 'GET' && status === 200;
    if (isCacheable) headers.etag = `"${this.etags === 'constant' ? 'constant' : digest(text)}"`;
    const isUnchanged = isCacheable && record.headers['if-none-match'] === headers.etag;
    record.status = isUnchanged ? 304 : status;
    record.bytesSent = isUnchanged ? 0 : Buffer.byteLength(text);
    response.writeHead(record.status, headers).end(isUnchanged ? undefined : text);
  }
}

function digest(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
