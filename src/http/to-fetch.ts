import type { SendRequest } from './transport.ts';

/**
 * A transport as the `request.fetch` of @octokit/request 10, which is given no more of fetch's
 * Response than it reads, so that Node's own fetch is never loaded. Every body stays text.
 */
export function toFetch(send: SendRequest, timeoutMs: number) {
  return async (
    url: string,
    request: {
      readonly method: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body?: string;
      readonly signal: AbortSignal;
    },
  ) => {
    const { method, body, signal } = request;
    const headers = { 'accept-encoding': 'gzip, br', ...request.headers };
    const answer = await send({ method, url, headers, body, signal, timeoutMs });
    // A `deprecation` header would be printed, with whatever the server wrote into it.
    const { deprecation, ...shown } = answer.headers;
    return {
      status: answer.status,
      url,
      // octokit looks up no header but the content type, and parses no answer that has none.
      headers: Object.assign(Object.entries(shown), { get: () => null }),
      text: async () => answer.body,
    };
  };
}
