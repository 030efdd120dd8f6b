import { FailedRequest } from '../http/failed-request.ts';
import { type Retry, retryRead } from '../http/retry.ts';
import { sentence } from '../runner/sentence.ts';
import { Interrupted, sleep, untilEither, withLimit } from '../time/deadline.ts';
import { LAST_LOOK_MS, LOOK_PAUSE_MS, REGISTRY_LIMIT_MS } from '../time/step-clock.ts';
import type { RegistryClient, TagAnswer } from './registry-client.ts';
import { RegistryError } from './registry-error.ts';

/** What was found, or what the last look showed. */
export interface ImageFinding {
  readonly answer: TagAnswer;
  /** Those that were answered so. */
  readonly looks: number;
  /** From the first look on. */
  readonly durationMs: number;
}

/** What happens meanwhile. */
export type FindImageEvent =
  | { readonly kind: 'retry'; readonly retry: Retry }
  /** It is not there, or not shown, and is going to be looked for until `endsAtMs` (`performance.now()`). */
  | { readonly kind: 'waiting'; readonly answer: TagAnswer; readonly endsAtMs: number };

/**
 * Looks a tag up, and again every 5 to 15 s until it is there or `endsAtMs` (`performance.now()`) has come:
 * also while it is hidden from accepted credentials, as a new package is before its first push. A look that
 * fails is repeated as reads are, and a last one is taken at the end, whatever was being waited for.
 *
 * @param options.latestMs no look lasts longer than until then (`performance.now()`).
 * @param options.isAwaited whether to look more than once.
 * @param options.ended ends the wait, not a look, when it aborts.
 * @throws RegistryError when the last look failed, Interrupted when `signal` aborts.
 */
export async function findImage(
  image: { path: string; tag: string },
  options: {
    client: RegistryClient;
    endsAtMs: number;
    latestMs: number;
    isAwaited: boolean;
    signal: AbortSignal;
    ended: AbortSignal;
    onEvent: (event: FindImageEvent) => void;
  },
): Promise<ImageFinding> {
  const { client, endsAtMs, latestMs, isAwaited, signal, ended, onEvent } = options;
  const startedAtMs = performance.now();
  const leftMs = () => endsAtMs - performance.now();
  const isOnly = !isAwaited || leftMs() <= 0;

  function onlyLookMs(): number {
    const untilMs = leftMs() > 0 ? leftMs() : latestMs - performance.now();
    return Math.max(LAST_LOOK_MS, Math.min(REGISTRY_LIMIT_MS, untilMs));
  }

  async function look(isLast: boolean, isThorough: boolean): Promise<TagAnswer> {
    const limitMs = isOnly ? onlyLookMs() : isLast ? LAST_LOOK_MS : leftMs();
    return await withLimit(signal, limitMs, (limited) => {
      const once = () => client.look(image, { isThorough, signal: limited });
      const onRetry = (retry: Retry) => {
        if (retry.retryInMs < leftMs()) onEvent({ kind: 'retry', retry });
      };
      return leftMs() > 0 ? retryRead(once, { signal: limited, onRetry }) : once();
    });
  }

  const found = (last: TagAnswer): ImageFinding => ({
    answer: last,
    looks: answered,
    durationMs: performance.now() - startedAtMs,
  });

  let answered = 0;
  let kind: TagAnswer['kind'] | null = null;
  let answer: TagAnswer | null = null;
  let failure: Error = NO_ANSWER;
  let isLast = isOnly;
  for (let looks = 1; ; looks += 1) {
    try {
      answer = await look(isLast, looks === 1 || isLast);
      answered = answer.kind === kind ? answered + 1 : 1;
      kind = answer.kind;
      if (!mayAppear(answer)) isLast = true;
    } catch (error) {
      if (signal.aborted) throw error;
      // What was seen before may have changed.
      answer = null;
      const cause = error instanceof Interrupted ? error.lastError : error;
      if (cause instanceof Error) failure = cause;
      if (cause instanceof FailedRequest && !cause.retryable) throw cause;
      if (!isLast) {
        isLast = true;
        continue;
      }
    }
    if (isLast) {
      if (!answer) throw failure;
      return found(answer);
    }
    if (answer) onEvent({ kind: 'waiting', answer, endsAtMs });
    const pauseMs = LOOK_PAUSE_MS + Math.random() * 2 * LOOK_PAUSE_MS;
    isLast = pauseMs >= leftMs();
    await pause(Math.max(0, Math.min(pauseMs, leftMs())), { signal, ended });
    if (ended.aborted && answer) return found(answer);
  }
}

/** Until `ended` aborts, or `ms` are over. */
async function pause(
  ms: number,
  { signal, ended }: { signal: AbortSignal; ended: AbortSignal },
): Promise<void> {
  await untilEither(signal, ended, (either) => sleep(ms, either)).catch((error) => {
    if (signal.aborted) throw error;
  });
}

const NO_ANSWER = new RegistryError(
  sentence`The registry did not answer all that it was asked in time.`,
  { status: null, retryable: true },
  'Run the job again later.',
);

/** Whether a push would change it. */
export function mayAppear(answer: TagAnswer): boolean {
  return (
    answer.kind === 'missing' || (answer.kind === 'hidden' && answer.credentials === 'accepted')
  );
}
