import { TransportProblem } from '../http/http-error.ts';
import { optional, type Shape } from './read-fields.ts';
import { DEPLOYMENT, DOMAIN, INSTANCE, keepNewest, LOG_LINE } from './responses.ts';

/** How a list is read, a few of its items at a time. */
export interface ListShape {
  /** What is read of an item; its guard then makes the same of that. */
  readonly item: Shape;
  /** Of any items those that are held. @throws TransportProblem where none can be left out. */
  readonly prune: (items: unknown[]) => unknown[];
}

const MOST_ITEMS = 1_000;
const MOST_LINES = 2_500;
/** Characters of all lines together. */
const LONGEST_LOG = 300_000;

/** By the field that holds the list. */
export const SHAPES = {
  deployments: { item: DEPLOYMENT, prune: keepNewest },
  instances: { item: INSTANCE, prune: refuseMore },
  domains: { item: DOMAIN, prune: refuseMore },
  logs: { item: LOG_LINE, prune: latest },
} satisfies Record<string, ListShape>;

/** The field that holds a list. */
export type ListName = keyof typeof SHAPES;

function refuseMore(items: unknown[]): unknown[] {
  if (items.length <= MOST_ITEMS) return items;
  throw new TransportProblem('TOO_LARGE', 'the answer has more than 1,000 items');
}

function latest(lines: unknown[]): unknown[] {
  let left = LONGEST_LOG;
  const tooOld = lines.findLastIndex((line) => {
    left -= String(optional(line, 'msg')).length;
    return left < 0;
  });
  return lines.slice(Math.max(tooOld + 1, lines.length - MOST_LINES));
}
