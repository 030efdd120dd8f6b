import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import { CERTIFICATE, PRIVATE_KEY } from './certificate.ts';
import { type Clock, realClock } from './clock.ts';
import { loopback, type Network } from './network.ts';
import { writeEndlessly } from './raw-server.ts';

/** A health check as it arrived. */
export interface RecordedCheck {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** In the order and the case in which they came. */
  readonly headerNames: readonly string[];
  /** Which of the server's connections it came on, from 1 on. */
  readonly connection: number;
  /** Which of the server's checks it is, from 1 on. */
  readonly count: number;
  /** By the server's clock. */
  readonly at: number;
}

/**
 * What a server does with a check: it answers; or it sends no answer, cuts the connection before or in the
 * middle of one, or sends one without end, as fast as it can or a byte a second.
 */
export type Reply =
  | number
  | {
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
      /** How long it takes. */
      readonly afterMs?: number;
    }
  | 'hang'
  | 'reset'
  | 'cut-off'
  | 'endless'
  | 'drip';

export type AnswerCheck = (check: RecordedCheck) => Reply;

/** A server on loopback in the place of a deployed application, with a record of the health checks. */
export class ApplicationServer {
  readonly checks: RecordedCheck[] = [];
  /** The most checks that were under way at once. */
  mostChecksAtOnce = 0;
  /** Where it is or was. */
  readonly port: number;
  private readonly server: Server;
  private readonly isSecure: boolean;
  private readonly connections = new Map<Socket, number>();
  private checksAtOnce = 0;

  private constructor(server: Server, port: number, isSecure: boolean) {
    this.server = server;
    this.isSecure = isSecure;
    this.port = port;
  }

  /** @param options.isSecure it is spoken to by TLS, with the certificate of `certificate.ts`. */
  static async start(
    answer: AnswerCheck,
    {
      clock = realClock,
      network = loopback,
      isSecure = false,
    }: { clock?: Clock; network?: Network; isSecure?: boolean } = {},
  ): Promise<ApplicationServer> {
    const server = isSecure
      ? createSecureServer({ cert: CERTIFICATE, key: PRIVATE_KEY })
      : createServer();
    const fake = new ApplicationServer(server, await network.listen(server), isSecure);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const check = fake.record(request, clock.now());
      fake.count(response);
      send(answer(check), response, clock);
    });
    return fake;
  }

  /** `host:port`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Without a slash at its end. */
  get url(): string {
    return `${this.isSecure ? 'https' : 'http'}://${this.address}`;
  }

  /** From now on connections are refused. */
  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private count(response: ServerResponse): void {
    this.checksAtOnce += 1;
    this.mostChecksAtOnce = Math.max(this.mostChecksAtOnce, this.checksAtOnce);
    response.on('close', () => {
      this.checksAtOnce -= 1;
    });
  }

  private record(request: IncomingMessage, at: number): RecordedCheck {
    const { method = '', url = '', headers, rawHeaders, socket } = request;
    const connection = this.connections.get(socket) ?? this.connections.size + 1;
    this.connections.set(socket, connection);
    const check = {
      method,
      url,
      headers,
      headerNames: rawHeaders.filter((_, index) => index % 2 === 0),
      connection,
      count: this.checks.length + 1,
      at,
    };
    this.checks.push(check);
    return check;
  }
}

function send(reply: Reply, response: ServerResponse, clock: Clock): void {
  const { socket } = response;
  if (typeof reply === 'number') response.writeHead(reply).end();
  else if (typeof reply === 'object') {
    const answer = () => response.writeHead(reply.status, reply.headers).end(reply.body);
    if (reply.afterMs === undefined) answer();
    else void clock.sleep(reply.afterMs).then(answer);
  } else if (reply === 'reset') socket?.resetAndDestroy();
  else if (reply === 'cut-off') {
    response.writeHead(200, { 'content-length': 100 }).write('half of it');
    void clock.sleep(20).then(() => socket?.destroy());
  } else if (reply === 'endless') {
    if (!socket) return;
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    writeEndlessly(socket, 'x'.repeat(65_536));
  } else if (reply === 'drip') {
    response.writeHead(200);
    void drip(response, clock);
  }
}

async function drip(response: ServerResponse, clock: Clock): Promise<void> {
  while (!response.closed) {
    await clock.sleep(1_000);
    response.write('x');
  }
}
