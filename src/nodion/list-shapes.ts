import { TransportProblem } from '../http/http-error.ts';
import {
  cut,
  LONGEST_LOG_LINE,
  LONGEST_REFERENCE,
  LONGEST_TEXT,
  LONGEST_WORD,
  newest,
  optional,
} from './responses.ts';

/** How a list is read, a few of its items at a time. */
export interface ListShape {
  /** What its guard reads of an item and of an object in it, and how many characters of that. */
  readonly fields: readonly (readonly [name: string, longest: number])[];
  /** Of any items those that are held. @throws TransportProblem where none can be left out. */
  readonly prune: (items: readonly unknown[]) => readonly unknown[];
}

const MOST_ITEMS = 1_000;
const MOST_LINES = 2_500;
/** Characters of all lines together. */
const LONGEST_LOG = 300_000;

/** By the field that holds the list. */
export const SHAPES = {
  deployments: {
    fields: Object.entries({
      id: LONGEST_WORD,
      status: LONGEST_WORD,
      deploy_number: 0,
      git_sha: LONGEST_WORD,
      commit_message: LONGEST_REFERENCE,
      committer_name: LONGEST_WORD,
      strategy: LONGEST_WORD,
      image_reference: LONGEST_REFERENCE,
      created_at: LONGEST_WORD,
    }),
    prune: newest,
  },
  instances: {
    fields: Object.entries({
      id: LONGEST_TEXT,
      name: LONGEST_TEXT,
      status: LONGEST_TEXT,
      deployment: 0,
      deploy_number: 0,
    }),
    prune: refuseMore,
  },
  domains: {
    fields: Object.entries({
      domain_name: LONGEST_TEXT,
      status: LONGEST_TEXT,
      domain_type: LONGEST_TEXT,
    }),
    prune: refuseMore,
  },
  logs: {
    fields: Object.entries({ ts: LONGEST_TEXT, msg: LONGEST_LOG_LINE }),
    prune: latest,
  },
} satisfies Record<string, ListShape>;

/** The field that holds a list. */
export type ListName = keyof typeof SHAPES;

function refuseMore(items: readonly unknown[]): readonly unknown[] {
  if (items.length <= MOST_ITEMS) return items;
  throw new TransportProblem('TOO_LARGE', 'the answer has more than 1,000 items');
}

function latest(lines: readonly unknown[]): readonly unknown[] {
  let left = LONGEST_LOG;
  const tooOld = lines.findLastIndex((line) => {
    left -= String(optional(line, 'msg')).length;
    return left < 0;
  });
  return lines.slice(Math.max(tooOld + 1, lines.length - MOST_LINES));
}

/** What a guard reads of an item, or of an object in it, so that it makes the same of that. */
export function pick(item: unknown, fields: ListShape['fields'], isInItem = false): unknown {
  if (typeof item !== 'object' || item === null) return null;
  const picked: Record<string, unknown> = {};
  for (const [name, longest] of fields) {
    const value = optional(item, name);
    if (typeof value === 'string') picked[name] = cut(value, longest);
    else if (typeof value !== 'object') picked[name] = value;
    else if (!isInItem) picked[name] = pick(value, fields, true);
  }
  return picked;
}
