import type { Socket } from 'node:net';
import { IDLE_CONNECTION_MS } from '../time/step-clock.ts';

/** A connection that is opened before it is needed, for one request. */
export interface SpareConnection {
  /** The connection, ready and never used, which `signal` closes; null where there is none, or no longer. */
  take(signal: AbortSignal): Promise<Socket | null>;
  /** Whether there may be one still. */
  isOpen(): boolean;
  /** Closes it, unless it was taken. */
  close(): void;
}

/**
 * Opens a connection for a later request to `url`. It does not keep the process alive, is closed when it
 * is 4 s old, and where it can't be opened there is none.
 */
export function openSpare(url: string): SpareConnection {
  const ending = new AbortController();
  const end = () => ending.abort();
  const timer = setTimeout(end, IDLE_CONNECTION_MS).unref();
  const open = async () => {
    // Not above: Node's TLS is only loaded once the inputs are known to be right.
    const { openConnection } = await import(/* webpackMode: "eager" */ './connection.ts');
    const { findProxy } = await import(/* webpackMode: "eager" */ './proxy.ts');
    const target = new URL(url);
    const { signal } = ending;
    const socket = await openConnection(target, { proxy: findProxy(target), signal });
    return socket.once('close', end).unref();
  };
  const opening = open().catch(end);
  let isTaken = false;
  return {
    take: async (signal) => {
      isTaken = true;
      clearTimeout(timer);
      signal.addEventListener('abort', end, { once: true });
      const socket = await opening;
      // What has come already, or the end, is no answer to a request that was not sent yet.
      return socket?.readable && socket.writable && socket.readableLength === 0
        ? socket.ref()
        : null;
    },
    isOpen: () => !ending.signal.aborted,
    close: () => {
      clearTimeout(timer);
      if (!isTaken) end();
    },
  };
}
