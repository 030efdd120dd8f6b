import { FailedRequest } from '../http/failed-request.ts';
import { type Sentence, sentence } from '../runner/sentence.ts';
import { describeError } from '../runner/step-failure.ts';

/** What is known of a failed request besides what it says. */
interface Details {
  readonly status?: number | null;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  readonly isTimeout?: boolean;
  readonly apiMessage?: Sentence | null;
  readonly isGateways?: boolean;
  readonly wasSent?: boolean;
}

/** A request to Nodion that ended without a documented answer. */
export class NodionError extends FailedRequest {
  /** Nodion's own words; null for none. */
  readonly apiMessage: Sentence | null;
  /** HTTP status, also of an answer whose body could not be read; null when no headers came. */
  readonly status: number | null;
  /** Whether no whole answer came in time. */
  readonly isTimeout: boolean;
  /** Whether it is an answer that is not in Nodion's format: a gateway or a proxy may have given it. */
  readonly isGateways: boolean;
  /** Whether the request may have been sent; false where there never was a connection that could carry it. */
  readonly wasSent: boolean;

  constructor(summary: Sentence, details: Details, advice: Sentence | null = null) {
    const { retryable, retryAfterMs = 0 } = details;
    super('Request to Nodion failed', { summary, advice, retryable, retryAfterMs });
    this.name = 'NodionError';
    this.apiMessage = details.apiMessage ?? null;
    this.status = details.status ?? null;
    this.isTimeout = details.isTimeout ?? false;
    this.isGateways = details.isGateways ?? false;
    this.wasSent = details.wasSent ?? true;
  }

  /** The same with more that can be done. */
  withAdvice(more: Sentence): NodionError {
    return new NodionError(
      this.summary,
      this,
      this.advice ? sentence`${this.advice} ${more}` : more,
    );
  }

  /** Whether it is an answer of success (2xx), though not as documented. */
  get isSuccess(): boolean {
    return this.status !== null && this.status >= 200 && this.status <= 299;
  }

  /** Whether the answer asks for a pause of all requests: a rate limit, or any read with a `Retry-After`. */
  holdsAll(isRead: boolean): boolean {
    return this.status === 429 || (isRead && this.retryAfterMs > 0);
  }
}

/** What an error says, where what it advises would be wrong. */
export function withoutAdvice(error: unknown): Sentence {
  return error instanceof NodionError ? error.summary : describeError(error);
}

/** In place of what failed, where only the step's time ended a read. */
export const UNANSWERED = new NodionError(sentence`No answer at the timeout.`, { retryable: true });

/** A request, as messages name it. */
export interface RequestName {
  /** Such as `GET /applications/:id/deployments`, without IDs. */
  readonly route: string;
  /** Such as `api.nodion.com`. */
  readonly host: string;
  /** The application's; null for a request that names none. */
  readonly id: string | null;
}

/** What became of one request, for the debug log. */
export interface RequestRecord {
  readonly method: string;
  readonly path: string;
  /** The HTTP status, or what happened in its place. */
  readonly result: string;
  readonly durationMs: number;
}
