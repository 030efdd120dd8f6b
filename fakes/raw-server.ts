import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import { CERTIFICATE, PRIVATE_KEY } from './certificate.ts';

/** A server on loopback that answers with raw bytes, as no HTTP library would. */
export class RawServer {
  /** Every request, head and body as they came. */
  readonly requests: string[] = [];
  /** How many connections were ever opened. */
  connections = 0;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly scheme: string;

  private constructor(answer: Answer, isSecure: boolean) {
    this.scheme = isSecure ? 'https' : 'http';
    this.server = isSecure
      ? createSecureServer({ cert: CERTIFICATE, key: PRIVATE_KEY })
      : createServer();
    this.server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    this.server.on(isSecure ? 'secureConnection' : 'connection', (socket: Socket) => {
      socket.on('error', () => socket.destroy());
      socket.setNoDelay(true).setEncoding('utf8');
      socket.on('data', (text: unknown) => {
        this.requests.push(String(text));
        answer(socket, this.requests.length);
      });
    });
  }

  /** `answer` is called for each request, with how many there were by then. */
  static async start(answer: Answer, { isSecure = false } = {}): Promise<RawServer> {
    const raw = new RawServer(answer, isSecure);
    await new Promise<void>((resolve) => raw.server.listen(0, '127.0.0.1', resolve));
    return raw;
  }

  /** `host:port`. */
  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `${this.scheme}://${this.address}/`;
  }

  /** How many connections are open. */
  get open(): number {
    return this.sockets.size;
  }

  /** Does something to each open connection. */
  eachConnection(act: (socket: Socket) => unknown): void {
    for (const socket of this.sockets) act(socket);
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

export type Answer = (socket: Socket, count: number) => void;

/** Writes as fast as the other side reads, until it no longer does. */
export function writeEndlessly(socket: Socket, chunk: Buffer | string): void {
  const write = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', write);
  write();
}
