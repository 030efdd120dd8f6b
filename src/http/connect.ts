import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ADDRESS_ATTEMPT_MS } from '../time/step-clock.ts';
import { TransportProblem } from './http-error.ts';

/** A connection to the host of `url` itself, over `socket` where there is one, ready to be written to. @throws TransportProblem, or Node's error. */
export async function connect(
  url: URL,
  options: { readonly signal: AbortSignal; readonly socket?: Socket },
): Promise<Socket> {
  // Node dies of a TLS socket whose signal has aborted before.
  options.signal.throwIfAborted();
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isSecure = url.protocol === 'https:';
  const where = {
    ...options,
    host,
    port: Number(url.port) || (isSecure ? 443 : 80),
    autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS,
  };
  if (!isSecure) return await ready(connectTcp(where), 'connect');
  const tls = { servername: isIP(host) ? '' : host, ALPNProtocols: ['http/1.1'] };
  return await ready(connectTls({ ...where, ...tls }), 'secureConnect');
}

/** Resolves with the socket after `event`. Later errors are left to whoever uses it. */
function ready(socket: Socket, event: 'connect' | 'secureConnect'): Promise<Socket> {
  return new Promise((resolve, reject) => {
    socket
      .on('error', reject)
      .once('close', () => reject(new TransportProblem('ECONNRESET', 'no answer (ECONNRESET)')))
      .once(event, () => resolve(socket.setNoDelay(true)));
  });
}
