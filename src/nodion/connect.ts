import type { SendRequest } from '../http/transport.ts';
import * as commands from '../runner/commands.ts';
import { sentence } from '../runner/sentence.ts';
import { createNodionClient, type NodionClient } from './client.ts';

/** A Nodion client with every request in the debug log. Warns where certificates are not checked. */
export function connect(
  connection: { apiKey: string; projectId: string | null; apiUrl: string },
  transport: SendRequest,
): NodionClient {
  warnOfUncheckedCertificates();
  return createNodionClient({
    ...connection,
    transport,
    onRequest: ({ method, path, result, durationMs }) =>
      commands.debug(`${method} ${path}: ${result} in ${Math.round(durationMs)} ms`),
  });
}

/** Node obeys this variable; it prints so to a standard error that nobody reads. */
function warnOfUncheckedCertificates(): void {
  if (process.env.NODE_TLS_REJECT_UNAUTHORIZED !== '0') return;
  commands.warning('Certificates are not checked', [
    sentence`NODE_TLS_REJECT_UNAUTHORIZED is 0: no certificate is checked, so the key is sent to whoever answers.`,
    sentence`Remove it; NODE_EXTRA_CA_CERTS names an authority of your own.`,
  ]);
}
