import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { connect } from './connect.ts';
import { isCertificateProblem, TransportProblem } from './http-error.ts';
import { type HttpProxy, proxyAnswered } from './proxy.ts';

interface Way {
  readonly proxy: HttpProxy;
  readonly signal: AbortSignal;
}

/**
 * A connection to the proxy, for `http:` requests, or through it to the host of an `https:` address.
 * @throws TransportProblem, or Node's error.
 */
export async function connectByProxy(url: URL, { proxy, signal }: Way): Promise<Socket> {
  const toProxy = await connect(proxy.url, { signal }).catch((error) => {
    throw isTlsProblem(error) ? wrongScheme('https:') : error;
  });
  if (url.protocol === 'http:') return toProxy;
  const tunnel = await openTunnel(toProxy, { url, proxy, signal });
  return await connect(url, { signal, socket: tunnel });
}

/** Asks the proxy at the other end of `socket` for a tunnel, by one CONNECT. */
async function openTunnel(
  socket: Socket,
  { url, proxy, signal }: Way & { readonly url: URL },
): Promise<Socket> {
  const target = `${url.hostname}:${url.port || 443}`;
  const options = {
    method: 'CONNECT',
    path: target,
    headers: { host: target, ...proxy.headers },
    createConnection: () => socket,
    signal,
  };
  try {
    const [{ statusCode = 0 }] = await once(request(options).end(), 'connect');
    if (statusCode >= 200 && statusCode <= 299) return socket;
    throw proxyAnswered(statusCode);
  } catch (error) {
    socket.destroy();
    if (
      proxy.url.protocol === 'http:' &&
      isSilence(error as NodeJS.ErrnoException) &&
      (await speaksTls(proxy.url, signal))
    ) {
      throw wrongScheme('http:');
    }
    throw error;
  }
}

/** Whether the error is one of a side that does not speak TLS. */
function isTlsProblem({ code = '' }: NodeJS.ErrnoException): boolean {
  return /^(?:EPROTO|ERR_SSL_)/.test(code);
}

/** Whether the other side closed the connection, or answered with what is no HTTP, as servers do that expect TLS. */
function isSilence({ code = '' }: NodeJS.ErrnoException): boolean {
  return /^(?:ECONNRESET|HPE_INVALID_\w+)$/.test(code);
}

async function speaksTls(proxy: URL, signal: AbortSignal): Promise<boolean> {
  const secure = new URL(proxy.href.replace('http:', 'https:'));
  secure.port = proxy.port || '80';
  try {
    (await connect(secure, { signal })).destroy();
    return true;
  } catch (error) {
    return isCertificateProblem(error as NodeJS.ErrnoException);
  }
}

/** The proxy's address in the environment has the wrong scheme. */
function wrongScheme(named: 'http:' | 'https:'): TransportProblem {
  const [speaks, right] = named === 'https:' ? ['plain HTTP', 'http:'] : ['TLS', 'https:'];
  return new TransportProblem(
    'PROXY_SCHEME',
    `the proxy speaks ${speaks}, so its address must begin with ${right}//`,
  );
}
