import { parseJson, UndocumentedShape } from '../http/parse-json.ts';
import type { Connection, SendOptions } from './connection.ts';

/** How the body of an answer is read, in two steps. @throws UndocumentedShape */
export interface BodyShape<Pruned, T> {
  /** What is kept of the body: little, since it is held where the answer has an `ETag`. */
  readonly prune: (body: unknown) => Pruned;
  /** What the caller gets. */
  readonly read: (pruned: Pruned, answeredAtMs: number) => T;
}

/** A body of which all that is kept is what the caller gets. */
export function wholly<T>(prune: (body: unknown) => T): BodyShape<T, T> {
  return { prune, read: (value) => value };
}

/**
 * Sends one request and reads the JSON of its answer.
 * @param options.cacheKey asks conditionally for what was answered with an `ETag` before, unless it must be fresh.
 * @throws NodionError for anything but the documented answer, Interrupted as `send`.
 */
export async function requestJson<Pruned, T>(
  { send, outageLimit, cache, answered }: Connection,
  route: string,
  { prune, read }: BodyShape<Pruned, T>,
  options: SendOptions & { cacheKey?: string },
): Promise<T> {
  const { cacheKey, ...sending } = options;
  const known = cacheKey !== undefined && !options.isFresh ? cache.etagOf(cacheKey) : null;
  const answer = await send(route, { ...sending, etag: known });
  const { name, url, status, isUnchanged, text, etag, answeredAtMs } = answer;
  try {
    const pruned =
      isUnchanged && cacheKey !== undefined
        ? (cache.valueOf(cacheKey) as Pruned)
        : prune(parseJson(text));
    if (cacheKey !== undefined && !isUnchanged) cache.remember(cacheKey, etag, pruned);
    const result = read(pruned, answeredAtMs);
    outageLimit.answered();
    answered.add(url);
    return result;
  } catch (error) {
    const problem = error instanceof UndocumentedShape ? error.message : 'another shape';
    const { undocumentedError } = await import('./request-errors.ts');
    throw undocumentedError(name, { status, text, problem });
  }
}
