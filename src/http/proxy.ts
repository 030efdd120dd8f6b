import { request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions, request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { getProxyForUrl } from 'proxy-from-env';
import { HttpError, PROXY_VARIABLES, TransportProblem } from './http-error.ts';

/** A proxy that the environment names. */
export interface HttpProxy {
  /** `http:` or `https:`, without credentials. */
  readonly url: URL;
  /** Whose certificate it must show; Node would go by the Host header, which is the target's. '' for an IP address. */
  readonly servername: string;
  /** Its credentials, where it has some. */
  readonly headers: { readonly 'proxy-authorization'?: string };
}

/** Whether a URL's host name is this machine itself: `localhost`, 127.0.0.0/8 or `[::1]`. */
export function isLoopback(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}

/**
 * The proxy that the environment names for `target`: HTTPS_PROXY or HTTP_PROXY by its scheme, else
 * ALL_PROXY, in either case. Null for none, for hosts in NO_PROXY, and always for loopback.
 * @throws HttpError `PROXY_UNUSABLE` with a whole sentence as its message.
 */
export function findProxy(target: URL): HttpProxy | null {
  if (isLoopback(target.hostname) || getProxyForUrl(target.href) === '') return null;
  // Without a scheme a proxy is an `http:` one, as for curl and the runner; proxy-from-env takes the target's.
  const address = [`${target.protocol.slice(0, -1)}_proxy`, 'all_proxy']
    .flatMap((name) => [process.env[name], process.env[name.toUpperCase()]])
    .find((value) => value);
  if (!address) return null;

  const unusable = (message: string, proxy: string | null) =>
    new HttpError(message, { code: 'PROXY_UNUSABLE', host: target.host, proxy, isFinal: true });
  const text = address.includes('://') ? address : `http://${address}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    const problem = url ? `${url.protocol}// is not supported` : 'it is not a URL';
    throw unusable(
      `The proxy in the environment (${PROXY_VARIABLES}) can't be used: ${problem}; allowed are http:// and https://. NO_PROXY exempts hosts.`,
      null,
    );
  }
  try {
    const credentials = decodeURIComponent(`${url.username}:${url.password}`);
    const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    const host = url.hostname.replace(/^\[|\]$/g, '');
    return {
      url: new URL(url.origin),
      servername: isIP(host) ? '' : host,
      headers: credentials === ':' ? {} : { 'proxy-authorization': authorization },
    };
  } catch {
    throw unusable(
      `The proxy ${url.origin} can't be used: its user name and password must be URL-encoded`,
      url.origin,
    );
  }
}

/** The options of an `http:` request to `proxy` that asks it for `target`. */
export function forwardOptions(proxy: HttpProxy, target: URL) {
  return {
    path: `${target.origin}${target.pathname}${target.search}`,
    headers: { host: target.host, ...proxy.headers },
    servername: proxy.servername,
  };
}

/** The proxy's own answer, in place of one from the host behind it. */
export function proxyAnswered(status: number): TransportProblem {
  const isRefusal = status >= 400 && status <= 499;
  return new TransportProblem(
    isRefusal ? 'PROXY_REFUSED' : 'PROXY_FAILED',
    `the proxy answered ${status}`,
  );
}

/** A request's option for {@link TunnelAgent}. `signal` ends the CONNECT. */
export interface TunnelOption {
  readonly tunnel: { readonly proxy: HttpProxy; readonly signal: AbortSignal } | null;
}

/**
 * An https agent whose connections go through the request's proxy where it has one, with one CONNECT for
 * each. They fail with {@link proxyAnswered} unless that answers 2xx.
 */
export class TunnelAgent extends HttpsAgent {
  override createConnection(
    options: RequestOptions & Partial<TunnelOption>,
    callback: (error: Error | null, connection?: Duplex) => void,
  ): Duplex | null | undefined {
    const { tunnel, host, port } = options;
    if (!tunnel) return super.createConnection(options);
    const { url, servername, headers } = tunnel.proxy;
    const target = `${host?.includes(':') ? `[${host}]` : host}:${port}`;
    (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...headers },
      servername,
      signal: tunnel.signal,
      agent: false,
    })
      .once('connect', ({ statusCode = 0 }, socket) => {
        if (statusCode >= 200 && statusCode <= 299) {
          const inTunnel: RequestOptions & { socket: Duplex } = { ...options, socket };
          callback(null, super.createConnection(inTunnel) ?? socket);
        } else {
          socket.destroy();
          callback(proxyAnswered(statusCode));
        }
      })
      .on('error', callback)
      .end();
    return undefined;
  }
}
