import type { SendRequest } from '../http/transport.ts';
import * as commands from '../runner/commands.ts';
import { createNodionClient, type NodionClient } from './client.ts';

/** A Nodion client with every request in the debug log. Warns where certificates are not checked. */
export async function connect(
  connection: { apiKey: string; projectId: string | null; apiUrl: string },
  transport: SendRequest,
): Promise<NodionClient> {
  if (process.env.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    const { warnOfUncheckedCertificates } = await import('./unchecked-certificates.ts');
    warnOfUncheckedCertificates();
  }
  return createNodionClient({
    ...connection,
    transport,
    onRequest: ({ method, path, result, durationMs }) =>
      commands.debug(`${method} ${path}: ${result} in ${Math.round(durationMs)} ms`),
  });
}
