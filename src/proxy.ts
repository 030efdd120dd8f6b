import { ProxyAgent, fetch as undiciFetch } from 'undici';
import { NodionError } from './nodion-client.ts';

/**
 * A fetch whose every request goes through the proxy at `proxyUrl` (`http:` or `https:`, with
 * credentials where it wants them). Node's own fetch obeys no proxy before 24.14, so undici's is
 * used on all versions: this module is a chunk of its own that only jobs behind a proxy load.
 *
 * Failures name the proxy. The fetch throws NodionError, final where the proxy itself refuses (4xx).
 * @throws Error when `proxyUrl` is none that can be used.
 */
export function fetchThroughProxy(proxyUrl: string): typeof fetch {
  const url = URL.canParse(proxyUrl) ? new URL(proxyUrl) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new Error(
      `The proxy in the environment (HTTPS_PROXY, HTTP_PROXY or ALL_PROXY) can't be used: ${
        url ? `${url.protocol}// is not supported` : 'it is not a URL'
      }; allowed are http:// and https://. NO_PROXY exempts hosts`,
    );
  }
  const agent = new ProxyAgent({ uri: url.href });
  const throughProxy = async (...[target, init]: Parameters<typeof undiciFetch>) => {
    try {
      return await undiciFetch(target, { ...init, dispatcher: agent });
    } catch (error) {
      if (init?.signal?.aborted) throw error;
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      const message = cause instanceof Error ? cause.message : String(cause);
      const status = Number(/Proxy response \((\d+)\)/.exec(message)?.[1]);
      throw new NodionError(
        `The proxy ${url.origin} (from HTTPS_PROXY, HTTP_PROXY or ALL_PROXY) did not connect to Nodion: ${
          status ? `it answered ${status}` : message
        }`,
        { retryable: !(status >= 400 && status < 500) },
      );
    }
  };
  return throughProxy as typeof fetch;
}
