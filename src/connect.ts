import { getProxyForUrl } from 'proxy-from-env';
import { createNodionClient, type NodionClient } from './nodion-client.ts';
import * as runner from './runner.ts';
import { StepFailure } from './step-failure.ts';

/**
 * A Nodion client by an action's inputs, through the proxy that the environment names for `api_url`,
 * with every request in the debug log.
 * @throws StepFailure when the proxy can't be used.
 */
export async function connect(inputs: {
  api_key: string;
  project_id: string | null;
  api_url: string;
}): Promise<NodionClient> {
  // V8 would optimize fetch's HTTP parser (WebAssembly) after a few requests, for which the exit of so
  // short-lived a process waits: 110 ms in place of 10 ms, measured on Node 24.
  const { setFlagsFromString } = await import('node:v8');
  setFlagsFromString('--wasm-tiering-budget=1000000000');
  // A name server that doesn't answer holds the process at its exit, by default for 10 s each.
  process.env.RES_OPTIONS ??= 'timeout:2 attempts:1';
  const proxy = proxyFor(inputs.api_url);
  return createNodionClient({
    apiKey: inputs.api_key,
    projectId: inputs.project_id,
    apiUrl: inputs.api_url,
    fetch: proxy === null ? fetch : await proxied(proxy),
    onRequest: ({ method, path, result, durationMs }) =>
      runner.debug(`${method} ${path}: ${result} in ${Math.round(durationMs)} ms`),
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
