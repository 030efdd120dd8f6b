import { isIP } from 'node:net';
import { HttpError, PROXY_VARIABLES, TransportProblem } from './http-error.ts';
import { isLoopback } from './loopback.ts';

/** A proxy that the environment names. */
export interface HttpProxy {
  /** `http:` or `https:`, without credentials. */
  readonly url: URL;
  /** Its credentials, where it has some. */
  readonly headers: { readonly 'proxy-authorization'?: string };
}

/**
 * The proxy that the environment names for `target`: HTTPS_PROXY or HTTP_PROXY by its scheme, else
 * ALL_PROXY, in either case. Null for none, for hosts in NO_PROXY, and always for loopback.
 * @throws HttpError `PROXY_UNUSABLE` with a whole sentence as its message.
 */
export function findProxy(target: URL): HttpProxy | null {
  if (isLoopback(target.hostname) || isExempt(target)) return null;
  const address = [`${target.protocol.slice(0, -1)}_proxy`, 'all_proxy']
    .flatMap((name) => [process.env[name], process.env[name.toUpperCase()]])
    .find((value) => value);
  if (!address) return null;

  const unusable = (message: string, proxy: string | null) =>
    new HttpError(message, {
      code: 'PROXY_UNUSABLE',
      host: target.host,
      proxy,
      isFinal: true,
      wasSent: false,
    });
  // Without a scheme it is an `http:` one, as for curl and the runner.
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
    return {
      url: new URL(url.origin),
      headers: credentials === ':' ? {} : { 'proxy-authorization': authorization },
    };
  } catch {
    throw unusable(
      `The proxy ${url.origin} can't be used: its user name and password must be URL-encoded`,
      url.origin,
    );
  }
}

/**
 * Whether NO_PROXY names the host: itself or a domain that it is in, with or without a leading dot, as for
 * curl and Go; an IP address; any of those with a port; or `*`.
 */
function isExempt({ protocol, hostname, port }: URL): boolean {
  const hostPort = port || (protocol === 'https:' ? '443' : '80');
  const names = (process.env.no_proxy || process.env.NO_PROXY || '').toLowerCase().split(/[,\s]+/);
  return names.some((entry) => {
    const [, name = entry, onlyPort = hostPort] = /^(.+):(\d+)$/.exec(entry) ?? [];
    if (name === '' || onlyPort !== hostPort) return false;
    if (name.startsWith('*')) return hostname.endsWith(name.slice(1));
    const domain = name.replace(/^\./, '');
    return hostname === domain || (isIP(hostname) === 0 && hostname.endsWith(`.${domain}`));
  });
}

/** The options of an `http:` request to `proxy` that asks it for `target`. */
export function forwardOptions(proxy: HttpProxy, target: URL) {
  return {
    path: `${target.origin}${target.pathname}${target.search}`,
    headers: { host: target.host, ...proxy.headers },
  };
}

/** Of the 4xx, those that may be over soon: Privoxy answers 404 when its name server hiccups. */
const PASSING_STATUSES: readonly number[] = [404, 408, 425, 429];

/** The proxy's own answer, in place of one from the host behind it. */
export function proxyAnswered(status: number): TransportProblem {
  const isRefusal = status >= 400 && status <= 499 && !PASSING_STATUSES.includes(status);
  const meaning =
    status === 407
      ? ': it wants a user name and a password, as in http://user:password@host:port'
      : isRefusal
        ? ''
        : ': it made no connection to the host';
  const isGateways = status >= 502 && status <= 504;
  return new TransportProblem(
    isRefusal ? 'PROXY_REFUSED' : isGateways ? 'PROXY_GATEWAY' : 'PROXY_FAILED',
    `the proxy answered ${status}${meaning}`,
  );
}
