import { getInput } from './commands.ts';
import { letterDistance } from './letter-distance.ts';
import { ours, type Sentence, sentence } from './sentence.ts';

/** Of shorter names, another with two other letters may mean something else. */
const LETTERS_FOR_TWO = 6;

/**
 * Those of the undeclared inputs that were meant for a declared one, a sentence each: the same but for
 * `-`, `_` and blanks, or one or two letters away. Not where that one is provided as well: Gitea's
 * runner hands the inputs of a composite action to the actions inside it.
 */
export function misspeltInputs(
  undeclared: readonly string[],
  table: Readonly<Record<string, { readonly default: string }>>,
): Sentence[] {
  return undeclared.flatMap((name) => {
    const meant = Object.keys(table)
      .map((declared) => ({ declared, letters: letterDistance(plain(name), plain(declared)) }))
      .filter(({ declared, letters }) => letters <= (declared.length < LETTERS_FOR_TWO ? 1 : 2))
      .sort((a, b) => a.letters - b.letters)[0]?.declared;
    if (meant === undefined) return [];
    const value = getInput(meant);
    const isProvided = value !== '' && value !== table[meant]?.default;
    if (isProvided || value === getInput(name)) return [];
    return [sentence`\`${name}\` is not an input of this action: did you mean \`${ours(meant)}\`?`];
  });
}

function plain(name: string): string {
  return name.replace(/[-_\s]/g, '');
}
