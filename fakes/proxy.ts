import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

/** A proxy on loopback that tunnels by CONNECT, with a record of where to. */
export class FakeProxy {
  /** `host:port` of each CONNECT. */
  readonly targets: string[] = [];
  /** The `user:password` that it demands; null demands none. */
  credentials: string | null = null;
  private readonly server: Server;

  private constructor() {
    this.server = createServer((_, response) => response.writeHead(405).end());
    this.server.on('connect', (request, socket, head) => {
      const target = request.url ?? '';
      this.targets.push(target);
      socket.on('error', () => socket.destroy());
      const expected = `Basic ${Buffer.from(this.credentials ?? '').toString('base64')}`;
      if (this.credentials !== null && request.headers['proxy-authorization'] !== expected) {
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
        return;
      }
      const [host = '', port = ''] = target.split(':');
      const upstream = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        upstream.write(head);
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on('error', () => socket.destroy());
      socket.on('close', () => upstream.destroy());
    });
  }

  static async start(): Promise<FakeProxy> {
    const proxy = new FakeProxy();
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** `host:port`. */
  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
