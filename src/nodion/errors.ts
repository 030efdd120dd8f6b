import { StepFailure } from '../runner/step-failure.ts';
import { singleLine } from '../runner/untrusted-text.ts';

const LONGEST_API_MESSAGE = 1_000;
const LONGEST_RETRY_AFTER_MS = 24 * 3_600_000;

/** A request that ended without a documented answer. The message is one sentence about it, and what to check. */
export class NodionError extends StepFailure {
  /** HTTP status; null when no whole answer came. */
  readonly status: number | null;
  /** Whether the same read may succeed later. */
  readonly retryable: boolean;
  /** Nodion's `Retry-After` in milliseconds; 0 when it asked for none. */
  readonly retryAfterMs: number;
  /** Whether no whole answer came in time. */
  readonly isTimeout: boolean;
  /** Milliseconds from when it was sent. */
  readonly spentMs: number;

  constructor(
    message: string,
    options: {
      status?: number;
      retryable: boolean;
      retryAfterMs?: number;
      isTimeout?: boolean;
      spentMs?: number;
    },
  ) {
    super('Request to Nodion failed', message);
    this.name = 'NodionError';
    this.status = options.status ?? null;
    this.retryable = options.retryable;
    this.retryAfterMs = options.retryAfterMs ?? 0;
    this.isTimeout = options.isTimeout ?? false;
    this.spentMs = options.spentMs ?? 0;
  }

  /** Whether the answer asks for a pause of all requests: a rate limit, or any read with a `Retry-After`. */
  holdsAll(isRead: boolean): boolean {
    return this.status === 429 || (isRead && this.retryAfterMs > 0);
  }
}

const ADVICE: Readonly<Record<number, string>> = {
  400: "Check the inputs and, in Nodion's dashboard, the application.",
  401: 'Check the secret behind `api_key`: it may be mistyped, expired or empty (secrets are empty in workflows triggered from forks and by Dependabot).',
  403: 'Check the key behind `api_key`: its scopes must cover this request, and it must belong to the project (for a user API key, see `project_id`).',
  404: 'Check the id, that it is in the project of the key behind `api_key` (for a user API key, set `project_id`), and `api_url` if it is set.',
};

/** 304 is one that nobody asked for. */
const RETRYABLE: readonly number[] = [304, 408, 425, 429];

/** What an error is made of: `headers` by lower-case names, `data` the body as text. */
export interface ErrorResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: unknown;
}

/**
 * The error for an answer that is no success.
 * @param name the request, such as `GET /applications`.
 * @param timing.dateMs the server's time, for a `Retry-After` that is a date; null where it is unknown.
 */
export function httpError(
  name: string,
  { status, headers, data }: ErrorResponse,
  { dateMs, spentMs }: { dateMs: number | null; spentMs: number },
): NodionError {
  const message = apiErrorMessage(data);
  const sentence = `${name}: Nodion answered ${status}${message ? `, saying: ${message}` : ''}`;
  const advice = ADVICE[status];
  return new NodionError(advice ? `${sentence.replace(/\.$/, '')}. ${advice}` : sentence, {
    status,
    retryable: RETRYABLE.includes(status) || status >= 500,
    retryAfterMs: retryAfterMs(headers['retry-after'], dateMs ?? Date.now()),
    spentMs,
  });
}

/** The error for a redirect, which is never followed. */
export function redirectError(
  name: string,
  apiUrl: string,
  { status, headers }: ErrorResponse,
): NodionError {
  const { location } = headers;
  const target =
    typeof location === 'string' && URL.canParse(location, apiUrl)
      ? new URL(location, apiUrl).origin
      : 'nowhere';
  return new NodionError(
    `${name}: answered ${status}, a redirect to ${target}. Redirects are not followed, since the key would go along: set \`api_url\` to the address that answers itself`,
    { status, retryable: false },
  );
}

/** Nodion's own words in an error body; '' when the body isn't one of theirs, such as a gateway's HTML. */
function apiErrorMessage(data: unknown): string {
  try {
    const { errors, error, message } = JSON.parse(String(data));
    const words: unknown = errors ?? error ?? message;
    const sentences = (Array.isArray(words) ? words : [words ?? []].flat())
      .slice(0, 10)
      .map((word) => (typeof word === 'string' ? word : JSON.stringify(word)))
      .join('; ');
    return singleLine(sentences, LONGEST_API_MESSAGE);
  } catch {
    return '';
  }
}

/** `Retry-After` in seconds or as an HTTP date (RFC 9110, 10.2.3). */
function retryAfterMs(value: unknown, nowMs: number): number {
  if (typeof value !== 'string') return 0;
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - nowMs;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS);
}
