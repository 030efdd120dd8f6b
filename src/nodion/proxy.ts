import { ProxyAgent, fetch as undiciFetch } from 'undici';
import { NodionError } from './errors.ts';
import { innermostCause } from './request-json.ts';

/**
 * A fetch whose every request goes through the proxy at `proxyUrl` (`http:` or `https:`, with
 * credentials where it wants them). Node's own fetch obeys no proxy before 24.14, so undici's is
 * used on all versions: this module is a chunk of its own that only jobs behind a proxy load.
 *
 * The fetch throws NodionError that names the proxy: final where the proxy
 * refuses, unless a request has got through before.
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
  const agent = proxyAgent(url);
  let hasWorked = false;
  const throughProxy = async (...[target, init]: Parameters<typeof undiciFetch>) => {
    try {
      const answer = await undiciFetch(target, { ...init, dispatcher: agent });
      hasWorked = true;
      return answer;
    } catch (error) {
      if (init?.signal?.aborted) throw error;
      const cause = innermostCause(error);
      const message = cause instanceof Error ? cause.message : String(cause);
      const [, status] = /Proxy response \((\d+)\)/.exec(message) ?? [];
      const isRefusal = status?.startsWith('4') || /ECONNREFUSED|ENOTFOUND|bad port/.test(message);
      throw new NodionError(
        `A request through the proxy ${url.origin} (from HTTPS_PROXY, HTTP_PROXY or ALL_PROXY) failed: ${
          status ? `the proxy answered ${status}` : message
        }`,
        { retryable: hasWorked || !isRefusal },
      );
    }
  };
  return throughProxy as typeof fetch;
}

function proxyAgent(url: URL): ProxyAgent {
  try {
    return new ProxyAgent({ uri: url.href });
  } catch {
    throw new Error(
      `The proxy ${url.origin} can't be used: its user name and password must be URL-encoded`,
    );
  }
}
