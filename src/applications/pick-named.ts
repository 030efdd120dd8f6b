import { joined, ours, type Sentence, sentence } from '../runner/sentence.ts';
import { StepFailure } from '../runner/step-failure.ts';
import { noneNamed } from './nearest-names.ts';
import { namedAs } from './same-name.ts';

/** A name that nothing has, or that is not the only one. */
export class NameProblem extends StepFailure {
  constructor(line: Sentence) {
    super('Not created', [line]);
  }
}

/**
 * The one of the items that has the name.
 * @param how.idInput the input that takes its ID.
 * @param how.hint where nothing has the name: a sentence on why that may be.
 * @param how.form in which names are the same, see {@link namedAs}.
 * @throws NameProblem that lists what there is, or the IDs of those that have it.
 */
export function pickNamed<T extends { readonly id: string; readonly name: string | null }>(
  name: string,
  items: readonly T[],
  how: { kind: Sentence; idInput: string; hint?: Sentence; form?: (name: string) => string },
): T {
  const { kind, idInput, hint, form } = how;
  const [found, ...others] = namedAs(name, items, form);
  if (!found) {
    const names = items.flatMap((one) => one.name ?? []);
    const ifNone =
      items.length > 0
        ? sentence`Nodion gives no names for those that it lists: use \`${ours(idInput)}\``
        : sentence`Nodion lists none`;
    const none = noneNamed(name, names, { kind, idInput, ifNone });
    throw new NameProblem(sentence`${none}${hint && sentence` ${hint}`}`);
  }
  if (others.length > 0) {
    const ids = [found, ...others].map(({ id }) => id);
    throw new NameProblem(
      sentence`More than one ${kind} is called "${name}": use \`${ours(idInput)}\` instead, one of ${joined(ids, ', ')}.`,
    );
  }
  return found;
}
