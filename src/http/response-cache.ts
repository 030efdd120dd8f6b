/** What was read of answers with an `ETag`, to be used again where they have not changed since. */
export interface ResponseCache {
  /** What to ask conditionally with; null for nothing. */
  etagOf(key: string): string | null;
  /** What was read of the answer with that `ETag`. */
  valueOf(key: string): unknown;
  /** Takes what was read of a new answer; `etag` is null where it has none. */
  remember(key: string, etag: string | null, value: unknown): void;
}

export function createResponseCache(): ResponseCache {
  /** Null: its `ETag` stayed the same when the answer did not, so it is not to be believed. */
  const known = new Map<string, { readonly etag: string; readonly value: unknown } | null>();
  return {
    etagOf: (key) => known.get(key)?.etag ?? null,
    valueOf: (key) => known.get(key)?.value,
    remember: (key, etag, value) => {
      const last = known.get(key);
      if (last === null || etag === null) return;
      const isMisleading =
        last?.etag === etag && JSON.stringify(last.value) !== JSON.stringify(value);
      known.set(key, isMisleading ? null : { etag, value });
    },
  };
}
