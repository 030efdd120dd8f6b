import type { Application } from '../nodion/responses.ts';
import { letterDistance } from '../runner/letter-distance.ts';
import { joined, ours, type Sentence, sentence } from '../runner/sentence.ts';
import { StepFailure } from '../runner/step-failure.ts';

const NAMES_SHOWN = 5;

/**
 * The applications of these exact names, in the order given. A name that no application has is taken
 * as several, separated by commas, if it contains any.
 *
 * @throws StepFailure that lists, for each name, the ids when there are several of it, and the nearest names when there is none.
 */
export function findApplications(
  applications: readonly Application[],
  names: readonly string[],
): Application[] {
  const known = new Set(applications.map(({ name }) => name));
  const wanted = names.flatMap((name) =>
    known.has(name)
      ? [name]
      : name
          .split(',')
          .map((part) => part.trim())
          .filter((part) => part !== ''),
  );
  const problems: Sentence[] = [];
  const found = wanted.flatMap((name, index) => {
    const matches = applications.filter((application) => application.name === name);
    if (wanted.indexOf(name) < index)
      problems.push(sentence`\`application_name\` lists "${name}" twice.`);
    else if (matches.length === 0) problems.push(none(name, known));
    else if (matches.length > 1) problems.push(several(name, matches));
    return matches;
  });
  if (problems.length > 0) throw new StepFailure('Not deployed', problems);
  return found;
}

function several(name: string, matches: readonly Application[]): Sentence {
  const ids = matches.map(({ id }) => id);
  return sentence`${matches.length} applications are called "${name}": use \`application_id\` instead, one of ${joined(ids, ', ')}.`;
}

function none(name: string, known: ReadonlySet<string>): Sentence {
  const nearest = [...known]
    .map((candidate) => ({
      candidate,
      far: letterDistance(name.toLowerCase(), candidate.toLowerCase()),
    }))
    .sort((a, b) => a.far - b.far)
    .slice(0, NAMES_SHOWN)
    .map(({ candidate }) => sentence`"${candidate}"`);
  const hint =
    nearest.length > 0
      ? sentence`the nearest ${ours(nearest.length === 1 ? 'name is' : 'names are')} ${joined(nearest, ', ')}`
      : sentence`the project has no applications (for a user API key, check \`project_id\`)`;
  return sentence`No application is called "${name}"; ${hint}.`;
}
