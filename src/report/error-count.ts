import type { Target } from '../deploy/preflight/preflight.ts';
import type { FailedRequest } from '../http/failed-request.ts';
import { joined, type Sentence, sentence } from '../runner/sentence.ts';

/** What failed: a read, or a trigger, of an application (null: before they are known). */
interface Subject {
  readonly target: Target | null;
  readonly isTrigger: boolean;
}

/** Counts the errors that were followed by a success of the same subject. */
export function createErrorCount() {
  let open: (Subject & { readonly summary: Sentence })[] = [];
  const recovered: Sentence[] = [];
  return {
    failed: (subject: Subject, { summary }: FailedRequest) => {
      open.push({ ...subject, summary });
    },
    recovered: ({ target, isTrigger }: Subject) => {
      const isRecovered = (one: Subject) => one.target === target && one.isTrigger === isTrigger;
      recovered.push(...open.filter(isRecovered).map(({ summary }) => summary));
      open = open.filter((one) => !isRecovered(one));
    },
    /** One sentence about them; null where there were none. */
    describe: (): Sentence | null => {
      if (recovered.length === 0) return null;
      const kinds = new Map(recovered.map((error) => [String(error), error]));
      const counts = [...kinds].map(([text, error]) => {
        const times = recovered.filter((other) => String(other) === text).length;
        return sentence`${times} × ${error}`;
      });
      const errors = recovered.length === 1 ? sentence`error` : sentence`errors`;
      return sentence`Recovered from ${recovered.length} transient ${errors}: ${joined(counts, ' ')}`;
    },
  };
}
