import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { addAbortSignal, Duplex } from 'node:stream';

/** What servers listen on. */
export interface Network {
  /** Makes `server` reachable at 127.0.0.1. @returns the port: that one, unless it is 0. @throws the system's error. */
  listen(server: Server, port?: number): Promise<number>;
  /** A connection to what listens at `port`; another host than 127.0.0.1 is one of the machine's. */
  connect(to: { host?: string; port: number }): Duplex;
}

/** The machine's own. */
export const loopback: Network = {
  listen: async (server, port = 0) => {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
    return (server.address() as AddressInfo).port;
  },
  connect: ({ host = '127.0.0.1', port }) => connect(port, host),
};

/** A network without a machine: bytes arrive in the turn in which they are sent. HTTP only, no TLS. */
export class VirtualNetwork implements Network {
  private readonly servers = new Map<number, Server>();
  private readonly onActivity: () => void;
  private nextPort = 20_000;

  /** @param onActivity called whenever anything is on its way. */
  constructor(onActivity: () => void) {
    this.onActivity = onActivity;
  }

  async listen(server: Server, port = 0): Promise<number> {
    const taken = port === 0 ? this.nextPort++ : port;
    this.servers.set(taken, server);
    server.on('close', () => this.servers.delete(taken));
    // What Node does then: from now on it knows its connections.
    server.emit('listening');
    return taken;
  }

  /** A connection to what listens at `port`, or one that is refused; `signal` destroys it. */
  connect({ port, signal }: { port: number; signal?: AbortSignal }): Duplex {
    const { onActivity } = this;
    const client = new VirtualSocket(onActivity);
    const server = new VirtualSocket(onActivity);
    onActivity();
    client.peer = server;
    server.peer = client;
    if (signal) addAbortSignal(signal, client);
    // In a turn of its own: what other connections do before comes before.
    setImmediate(() => {
      const listener = this.servers.get(port);
      onActivity();
      if (listener) {
        client.connected();
        server.connected();
        listener.emit('connection', server);
      } else client.destroy(systemError('connect', 'ECONNREFUSED'));
    });
    return client;
  }
}

function systemError(call: string, code: string): Error {
  return Object.assign(new Error(`${call} ${code}`), { code });
}

/** One end of a connection, as far as Node's HTTP needs a socket. */
class VirtualSocket extends Duplex {
  peer: VirtualSocket | null = null;
  connecting = true;
  private isReset = false;
  /** Goes on with what the peer writes, once this end wants more. */
  private takeMore: () => void = () => {};
  private readonly onActivity: () => void;

  constructor(onActivity: () => void) {
    super();
    this.onActivity = onActivity;
  }

  connected(): void {
    this.connecting = false;
    this.emit('connect');
  }

  override _read(): void {
    const { takeMore } = this;
    this.takeMore = () => {};
    takeMore();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error) => void): void {
    const { peer } = this;
    this.onActivity();
    if (!peer || peer.destroyed) done(systemError('write', 'EPIPE'));
    else if (peer.push(chunk)) done();
    else peer.takeMore = done;
  }

  override _final(done: () => void): void {
    if (this.peer && !this.peer.destroyed) this.peer.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { peer, isReset } = this;
    this.onActivity();
    process.nextTick(() => {
      if (!peer || peer.destroyed) return;
      if (isReset) peer.destroy(systemError('read', 'ECONNRESET'));
      else if (!peer.readableEnded && !this.writableFinished) peer.push(null);
    });
    done(error);
  }

  resetAndDestroy(): void {
    this.isReset = true;
    this.destroy();
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
