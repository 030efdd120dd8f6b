import { getProxyForUrl } from 'proxy-from-env';
import * as commands from '../runner/commands.ts';
import { StepFailure } from '../runner/step-failure.ts';
import { createNodionClient, type NodionClient } from './client.ts';

/**
 * A Nodion client that goes through the proxy that the environment names for `apiUrl`, with every request
 * in the debug log.
 * @throws StepFailure when the proxy can't be used.
 */
export async function connect(connection: {
  apiKey: string;
  projectId: string | null;
  apiUrl: string;
}): Promise<NodionClient> {
  const proxy = proxyFor(connection.apiUrl);
  return createNodionClient({
    ...connection,
    fetch: proxy === null ? fetch : await proxied(proxy),
    onRequest: ({ method, path, result, durationMs }) =>
      commands.debug(`${method} ${path}: ${result} in ${Math.round(durationMs)} ms`),
  });
}

async function proxied(proxy: string): Promise<typeof fetch> {
  const { fetchThroughProxy } = await import('./proxy.ts');
  try {
    return fetchThroughProxy(proxy);
  } catch (error) {
    throw new StepFailure('Unusable proxy', error instanceof Error ? error.message : String(error));
  }
}

/** Without a scheme a proxy is an `http:` one, as for curl and the runner; proxy-from-env takes the target's. */
function proxyFor(url: string): string | null {
  if (getProxyForUrl(url) === '') return null;
  const names = [`${new URL(url).protocol.slice(0, -1)}_proxy`, 'all_proxy'];
  const proxy = names
    .flatMap((name) => [process.env[name], process.env[name.toUpperCase()]])
    .find((value) => value);
  if (!proxy) return null;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}
