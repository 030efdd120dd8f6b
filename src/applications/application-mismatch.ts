import type { Sentence } from '../runner/sentence.ts';
import { StepFailure } from '../runner/step-failure.ts';

/** What the inputs ask for does not go with the applications that there are. */
export class ApplicationMismatch extends StepFailure {
  readonly reason: 'application_not_found' | 'application_ambiguous' | 'inputs_do_not_fit';

  constructor(reason: ApplicationMismatch['reason'], lines: readonly Sentence[]) {
    super('Not deployed', lines);
    this.reason = reason;
  }
}
