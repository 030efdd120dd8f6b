import type { Application } from '../nodion/responses.ts';
import { joined, ours, type Sentence, sentence } from '../runner/sentence.ts';
import { nearestNames } from './nearest-names.ts';

const WORDS_SHOWN = 5;

/** What the applications are filtered by; null: not by that. */
export interface Filters {
  /** Globs. */
  readonly name: readonly string[] | null;
  readonly region: string | null;
  readonly deployment_strategy: string | null;
  readonly status: string | null;
}

/** That no application matches the filters, and what there is in place of what they ask for. */
export function describeNoneFound(filters: Filters, all: readonly Application[]): Sentence[] {
  if (all.length === 0) {
    return [sentence`The project has no applications (for a user API key, check \`project_id\`).`];
  }
  const { name, ...words } = filters;
  const names = all.map((application) => application.name);
  const present = {
    region: all.map(({ region }) => region.slug),
    deployment_strategy: all.map(({ deployment_strategy }) => deployment_strategy),
    status: all.map(({ status }) => status),
  };
  const asked: Sentence[] = [];
  const there: Sentence[] = [];
  if (name) {
    const parts = name.filter((glob) => !glob.includes(','));
    asked.push(sentence`\`name\` ${joined(quoted(parts), ' or ')}`);
    const nearest = nearestNames((parts[0] ?? '').replace(/[*?]/g, ''), names);
    if (nearest) there.push(nearest);
  }
  for (const filter of ['region', 'deployment_strategy', 'status'] as const) {
    const word = words[filter];
    if (word === null) continue;
    const label = sentence`\`${ours(filter)}\``;
    asked.push(sentence`${label} "${word}"`);
    const others = quoted(present[filter].filter((one) => one !== null));
    there.push(
      sentence`${label} is ${others.length > 0 ? joined(others, ' or ') : sentence`not known`}`,
    );
  }
  return [
    sentence`No application matches ${joined(asked, ' and ')}.`,
    sentence`In the project, with ${all.length} ${ours(all.length === 1 ? 'application' : 'applications')}, ${joined(there, '; ')}.`,
  ];
}

function quoted(words: readonly string[]): Sentence[] {
  const all = [...new Set(words)];
  const shown = all.slice(0, WORDS_SHOWN).map((word) => sentence`"${word}"`);
  const hidden = all.length - shown.length;
  return hidden > 0 ? [...shown, sentence`${hidden} more`] : shown;
}
