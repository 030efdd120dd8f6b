import type { SendRequest } from '../http/transport.ts';
import * as commands from '../runner/commands.ts';
import { createNodionClient, type NodionClient } from './client.ts';

/** A Nodion client with every request in the debug log. */
export function connect(
  connection: { apiKey: string; projectId: string | null; apiUrl: string },
  transport: SendRequest,
): NodionClient {
  return createNodionClient({
    ...connection,
    transport,
    onRequest: ({ method, path, result, durationMs }) =>
      commands.debug(`${method} ${path}: ${result} in ${Math.round(durationMs)} ms`),
  });
}
