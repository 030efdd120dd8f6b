import type { Socket } from 'node:net';
import { connect } from './connect.ts';
import type { HttpProxy } from './proxy.ts';

/** How a connection is opened. */
export interface Way {
  /** The proxy that it goes to, or, for `https:`, through. */
  readonly proxy: HttpProxy | null;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Opens a connection for requests to `url`, and resolves when one can be written to it: until then,
 * nothing has been sent.
 * @throws TransportProblem, or Node's error.
 */
export async function openConnection(url: URL, { proxy, signal }: Way): Promise<Socket> {
  if (!proxy) return await connect(url, { signal });
  return await (await import('./proxy-connection.ts')).connectByProxy(url, { proxy, signal });
}
