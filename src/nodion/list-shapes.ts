import { TransportProblem } from '../http/http-error.ts';
import { BRANCH, REPOSITORY } from './catalogue-items.ts';
import { INSTANCE } from './instances.ts';
import { LOG_LINE } from './log-lines.ts';
import { areOld, type ItemsJson } from './old-deployments.ts';
import { optional, type Shape } from './read-fields.ts';
import { DEPLOYMENT, DEPLOYMENTS_KEPT, DOMAIN, keepNewest } from './responses.ts';

/** How a list is read, a few of its items at a time. `wanted` is the ID of one that is kept in any case. */
export interface ListShape {
  /** What is read of an item; its guard then makes the same of that. */
  readonly item: Shape;
  /** Of any items those that are held. @throws TransportProblem where none can be left out. */
  readonly prune: (items: unknown[], wanted: string | null) => unknown[];
  /** `prune` waits for so many items, or for the end of the list. */
  readonly pruneFrom?: number;
  /** Whether `prune` would leave none of the items in `json` beside those that it has left. */
  readonly isNeedless?: (
    json: ItemsJson,
    pruned: readonly unknown[],
    wanted: string | null,
  ) => boolean;
}

const MOST_ITEMS = 1_000;
/** Repositories or branches: eight such lists at once take less than 300 MB. */
const MOST_NAMES = 10_000;
const MOST_LINES = 2_500;
/** Characters of all lines together. */
const LONGEST_LOG = 300_000;

/** By the field that holds the list. */
export const SHAPES = {
  deployments: {
    ...{ item: DEPLOYMENT, prune: keepNewest, pruneFrom: DEPLOYMENTS_KEPT },
    isNeedless: areOld,
  },
  instances: { item: INSTANCE, prune: atMost(MOST_ITEMS) },
  domains: { item: DOMAIN, prune: atMost(MOST_ITEMS) },
  repositories: { item: REPOSITORY, prune: atMost(MOST_NAMES) },
  branches: { item: BRANCH, prune: atMost(MOST_NAMES) },
  logs: { item: LOG_LINE, prune: latest },
} satisfies Record<string, ListShape>;

/** The field that holds a list. */
export type ListName = keyof typeof SHAPES;

function atMost(most: number): ListShape['prune'] {
  return (items) => {
    if (items.length <= most) return items;
    const count = most.toLocaleString('en-US');
    throw new TransportProblem('TOO_LARGE', `the answer has more than ${count} items`);
  };
}

function latest(lines: unknown[]): unknown[] {
  let left = LONGEST_LOG;
  const tooOld = lines.findLastIndex((line) => {
    left -= String(optional(line, 'msg')).length;
    return left < 0;
  });
  return lines.slice(Math.max(tooOld + 1, lines.length - MOST_LINES));
}
