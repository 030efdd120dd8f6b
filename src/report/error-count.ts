import type { Target } from '../deploy/preflight.ts';
import type { NodionError } from '../nodion/errors.ts';
import { joined, type Sentence, sentence } from '../runner/sentence.ts';

/** Counts the errors that were followed by a success of the same application (null: before there were any). */
export function createErrorCount() {
  const open = new Map<Target | null, Sentence[]>();
  const recovered: Sentence[] = [];
  return {
    failed: (target: Target | null, { what }: NodionError) => {
      open.set(target, [...(open.get(target) ?? []), what]);
    },
    recovered: (target: Target | null) => {
      recovered.push(...(open.get(target) ?? []));
      open.delete(target);
    },
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
