import type { HttpRequest, HttpResponse, SendRequest } from './transport.ts';

/** Characters: a larger body is fetched again each time, and not kept. */
const LARGEST_CACHED = 2 ** 20;

/** By URL. Null: its `ETag` stayed the same when the body did not, so it is not to be believed. */
export type ResponseCache = Map<string, { etag: string; response: HttpResponse } | null>;

/**
 * Asks conditionally for what was answered with an `ETag` before, unless it must be fresh. A 304 becomes
 * the answer it stands for.
 */
export async function sendConditionally(
  transport: SendRequest,
  request: HttpRequest,
  { cache, isFresh }: { cache: ResponseCache; isFresh: boolean },
): Promise<HttpResponse> {
  const known = cache.get(request.url);
  const isConditional = request.method === 'GET' && known && !isFresh;
  const headers = { ...request.headers, ...(isConditional && { 'if-none-match': known.etag }) };
  const response = await transport({ ...request, headers });
  const { status, body, answeredAtMs, dateMs } = response;
  if (status === 304 && isConditional) return { ...known.response, answeredAtMs, dateMs };
  const { etag } = response.headers;
  const isSmall = body.length <= LARGEST_CACHED;
  if (request.method === 'GET' && status === 200 && etag && known !== null && isSmall) {
    const isMisleading = known?.etag === etag && known.response.body !== body;
    cache.set(request.url, isMisleading ? null : { etag, response });
  }
  return response;
}
