import { type Retry, retryRead } from '../http/retry.ts';
import { sentence } from '../runner/sentence.ts';
import { Interrupted, sleep, withLimit } from '../time/deadline.ts';
import { LOOK_PAUSE_MS, REGISTRY_LIMIT_MS } from '../time/step-clock.ts';
import type { RegistryClient, TagAnswer } from './registry-client.ts';
import { RegistryError } from './registry-error.ts';

/** What was found, or what the last of the looks showed. */
export interface ImageFinding {
  readonly answer: TagAnswer;
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
 * fails is repeated as reads are.
 *
 * @param options.isAwaited whether to look more than once.
 * @throws RegistryError when the registry did not say, Interrupted when `signal` aborts.
 */
export async function findImage(
  image: { path: string; tag: string },
  options: {
    client: RegistryClient;
    endsAtMs: number;
    isAwaited: boolean;
    signal: AbortSignal;
    onEvent: (event: FindImageEvent) => void;
  },
): Promise<ImageFinding> {
  const { client, endsAtMs, isAwaited, signal, onEvent } = options;
  const startedAtMs = performance.now();
  const leftMs = () => endsAtMs - performance.now();

  async function look(isThorough: boolean): Promise<TagAnswer> {
    try {
      return await withLimit(signal, Math.max(leftMs(), REGISTRY_LIMIT_MS), (limited) =>
        retryRead(() => client.look(image, { isThorough, signal: limited }), {
          signal: limited,
          onRetry: (retry) => onEvent({ kind: 'retry', retry }),
        }),
      );
    } catch (error) {
      if (!(error instanceof Interrupted) || error.reason !== 'gave_up') throw error;
      throw error.lastError ?? NO_ANSWER;
    }
  }

  for (let looks = 1; ; looks += 1) {
    const isLast = !isAwaited || leftMs() <= 0;
    const answer = await look(looks === 1 || isLast);
    if (isLast || !mayAppear(answer)) {
      return { answer, looks, durationMs: performance.now() - startedAtMs };
    }
    onEvent({ kind: 'waiting', answer, endsAtMs });
    const pauseMs = LOOK_PAUSE_MS + Math.random() * 2 * LOOK_PAUSE_MS;
    await sleep(Math.min(pauseMs, leftMs()), signal);
  }
}

const NO_ANSWER = new RegistryError(
  sentence`The registry gave no answer in time.`,
  { status: null, retryable: true },
  'Run the job again later.',
);

/** Whether a push would change it. */
export function mayAppear(answer: TagAnswer): boolean {
  return (
    answer.kind === 'missing' || (answer.kind === 'hidden' && answer.credentials === 'accepted')
  );
}
