import { NodionError } from '../nodion/errors.ts';
import type { Application } from '../nodion/responses.ts';
import { joined, ours, type Sentence, sentence } from '../runner/sentence.ts';
import { ApplicationMismatch } from './application-mismatch.ts';
import { noneNamed } from './nearest-names.ts';
import { namedAs, nfc } from './same-name.ts';

/**
 * The applications of these names, in the order given: those that have them by the letter, else in the
 * same normal form (NFC). A name that no application has is taken as several, separated by commas, if it
 * contains any.
 *
 * @throws ApplicationMismatch that lists, for each name, the ids when there are several of it, and the nearest names when there is none.
 */
export function findApplications(
  applications: readonly Application[],
  names: readonly string[],
): Application[] {
  const named = (name: string) => namedAs(name, applications, nfc);
  const wanted = names.flatMap((name) =>
    named(name).length > 0
      ? [name]
      : name
          .split(',')
          .map((part) => part.trim())
          .filter((part) => part !== ''),
  );
  const problems: { reason: ApplicationMismatch['reason']; line: Sentence }[] = [];
  const found = wanted.flatMap((name, index) => {
    const matches = named(name);
    const isAgain = (other: string) => other === name || named(other)[0] === matches[0];
    if (matches.length > 0 && wanted.slice(0, index).some(isAgain)) {
      const line = sentence`\`application_name\` lists "${name}" twice.`;
      problems.push({ reason: 'inputs_do_not_fit', line });
    } else if (matches.length === 0) {
      problems.push({ reason: 'application_not_found', line: none(name, applications) });
    } else if (matches.length > 1) {
      problems.push({ reason: 'application_ambiguous', line: several(name, matches) });
    }
    return matches;
  });
  const [first] = problems;
  if (first) {
    throw new ApplicationMismatch(
      first.reason,
      problems.map(({ line }) => line),
    );
  }
  return found;
}

/** The error of the list in which names are looked up, with what a key that may not read it can do. */
export function lookUpError(error: unknown): unknown {
  if (!(error instanceof NodionError) || error.status !== 403) return error;
  return error.withAdvice(
    sentence`Or use \`application_id\`: a key that may only deploy can't look a name up.`,
  );
}

function several(name: string, matches: readonly Application[]): Sentence {
  const ids = matches.map(({ id }) => id);
  return sentence`${matches.length} applications are called "${name}": use \`application_id\` instead, one of ${joined(ids, ', ')}.`;
}

function none(name: string, applications: readonly Application[]): Sentence {
  const names = applications.map((application) => application.name);
  return noneNamed(name, names, {
    kind: ours('application'),
    idInput: 'application_id',
    ifNone: sentence`the project has no applications (for a user API key, check \`project_id\`)`,
  });
}
