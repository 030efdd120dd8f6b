import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { CERTIFICATE, PRIVATE_KEY } from './certificate.ts';
import { loopback, type Network } from './network.ts';

/**
 * What a proxy does with a CONNECT in place of a tunnel: it closes the connection, never answers, answers
 * with headers without end, or with this status.
 */
export type ProxyFault = 'close' | 'hang' | 'flood' | number;

/** A proxy on loopback that tunnels by CONNECT and forwards `http:` requests, with a record of where to. */
export class FakeProxy {
  /** `host:port` of each CONNECT. */
  readonly targets: string[] = [];
  /** The URL of each forwarded request. */
  readonly forwarded: string[] = [];
  /** The `user:password` that it demands; null demands none. */
  credentials: string | null = null;
  fault: ProxyFault | null = null;
  /** Called with each CONNECT before it is answered. */
  onConnect: () => void = () => {};
  /** Called when the answer to a forwarded request has been passed on whole. */
  onForwarded: () => void = () => {};
  /** The name that each TLS connection asked for; false for none. */
  readonly servernames: (string | false)[] = [];
  /** Where made-up hosts are: `host:port` by `host:port`. */
  readonly hosts = new Map<string, string>();
  private readonly server: Server;
  private readonly network: Network;
  private port = 0;
  private readonly tunnels = new Set<Duplex>();

  private constructor(isSecure: boolean, network: Network) {
    this.network = network;
    const forward = (request: IncomingMessage, response: ServerResponse) =>
      this.forward(request, response);
    this.server = isSecure
      ? createSecureServer({ cert: CERTIFICATE, key: PRIVATE_KEY }, forward)
      : createServer(forward);
    this.server.on('secureConnection', (socket: TLSSocket) => {
      this.servernames.push(socket.servername ?? false);
    });
    this.server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const target = request.url ?? '';
      this.targets.push(target);
      this.onConnect();
      this.tunnels.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => this.tunnels.delete(socket));
      if (!this.admits(request)) {
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
        return;
      }
      if (this.fault !== null) {
        fail(socket, this.fault);
        return;
      }
      const [host = '', port = ''] = (this.hosts.get(target) ?? target).split(':');
      const upstream = network.connect({ host, port: Number(port) });
      upstream.on('connect', () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        upstream.write(head);
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on('error', () => socket.destroy());
      socket.on('close', () => upstream.destroy());
    });
  }

  /** `isSecure`: it is spoken to by TLS, with the certificate of `certificate.ts`. */
  static async start({
    isSecure = false,
    port = 0,
    network = loopback,
  }: {
    isSecure?: boolean;
    port?: number;
    network?: Network;
  } = {}): Promise<FakeProxy> {
    const proxy = new FakeProxy(isSecure, network);
    proxy.port = await network.listen(proxy.server, port);
    return proxy;
  }

  /** `host:port`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** How many CONNECTs and tunnels are open. */
  get open(): number {
    return this.tunnels.size;
  }

  /** Cuts every tunnel, as a proxy does that dies; new ones are still made. */
  cutTunnels(): void {
    for (const tunnel of this.tunnels) tunnel.destroy();
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
    this.cutTunnels();
  }

  private admits(request: IncomingMessage): boolean {
    const expected = `Basic ${Buffer.from(this.credentials ?? '').toString('base64')}`;
    return this.credentials === null || request.headers['proxy-authorization'] === expected;
  }

  private forward(incoming: IncomingMessage, response: ServerResponse): void {
    if (!URL.canParse(incoming.url ?? '')) {
      response.writeHead(405).end();
      return;
    }
    const url = new URL(incoming.url ?? '');
    this.forwarded.push(url.href);
    if (!this.admits(incoming)) {
      response.writeHead(407).end();
      return;
    }
    const { method, headers } = incoming;
    const [host = '', port] = (
      this.hosts.get(`${url.hostname}:${url.port || 80}`) ?? url.host
    ).split(':');
    const path = url.pathname + url.search;
    const createConnection = () => this.network.connect({ host, port: Number(port) });
    const outgoing = request({ method, path, headers, createConnection }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.writeHead(502).end());
    response.on('finish', () => this.onForwarded());
    incoming.pipe(outgoing);
  }
}

function fail(socket: Duplex, fault: ProxyFault): void {
  if (fault === 'close') socket.end();
  else if (fault === 'flood') flood(socket);
  else {
    if (fault !== 'hang') socket.write(`HTTP/1.1 ${fault} Fault\r\ncontent-length: 9\r\n\r\n`);
    socket.resume().on('end', () => socket.destroy());
  }
}

function flood(socket: Duplex): void {
  const send = () => {
    while (!socket.destroyed && socket.write(`x-flood: ${'x'.repeat(60_000)}\r\n`));
  };
  socket.on('drain', send).write('HTTP/1.1 200 OK\r\n');
  send();
}
