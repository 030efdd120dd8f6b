import type { Sentence } from '../runner/sentence.ts';
import { StepFailure } from '../runner/step-failure.ts';

/** What is known of a failed request. */
export interface FailedRequestDetails {
  /** What happened, without what to do. */
  readonly summary: Sentence;
  /** What to do; null for nothing. */
  readonly advice: Sentence | null;
  /** Whether the same read may succeed later. */
  readonly retryable: boolean;
  /** What `Retry-After` asked for in milliseconds; 0 for nothing. */
  readonly retryAfterMs: number;
}

/** A request to an API that ended without a documented answer. As a step's failure it says both of its texts. */
export class FailedRequest extends StepFailure implements FailedRequestDetails {
  readonly summary: Sentence;
  readonly advice: Sentence | null;
  readonly retryable: boolean;
  readonly retryAfterMs: number;

  constructor(title: string, { summary, advice, retryable, retryAfterMs }: FailedRequestDetails) {
    super(title, advice ? [summary, advice] : [summary]);
    this.summary = summary;
    this.advice = advice;
    this.retryable = retryable;
    this.retryAfterMs = retryAfterMs;
  }
}
