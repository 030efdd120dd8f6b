import { optional } from './read-fields.ts';
import { DEPLOYMENTS_KEPT } from './responses.ts';

const NUMBER_NAME = Buffer.from('"deploy_number"');
const AVAILABLE = Buffer.from('"available"');
const NUMBER = /^ *: *(\d+)[,}]/;
/** Bytes of one that is surely a safe integer, and what stands around it. */
const LONGEST_NUMBER = 20;

/** Items of a list, separated by commas. */
export interface ItemsJson {
  readonly bytes: Buffer;
  /** How many there are. */
  readonly count: number;
  /** Whether none has an object or a list in it. */
  readonly areFlat: boolean;
}

/**
 * Whether keepNewest() would keep none of these deployments beside those that it has kept: each poll would
 * make garbage of hundreds that ended long ago. What is not plain to see is not old.
 */
export function areOld(
  { bytes, count, areFlat }: ItemsJson,
  kept: readonly unknown[],
  wanted: string | null,
): boolean {
  if (!areFlat || (wanted !== null && bytes.includes(wanted))) return false;
  const newest = kept.slice(0, DEPLOYMENTS_KEPT);
  const isLiveKept = newest.some((one) => optional(one, 'status') === 'available');
  if (!isLiveKept && bytes.includes(AVAILABLE)) return false;
  const lowest = Number(optional(newest[DEPLOYMENTS_KEPT - 1], 'deploy_number') ?? Number.NaN);
  let numbers = 0;
  for (let at = bytes.indexOf(NUMBER_NAME); at >= 0; at = bytes.indexOf(NUMBER_NAME, at + 1)) {
    if (!(numberAfter(bytes, at + NUMBER_NAME.length) < lowest)) return false;
    numbers += 1;
  }
  return numbers === count;
}

/** The whole number that is the value of the name that ends at `at`; NaN for none. */
function numberAfter(bytes: Buffer, at: number): number {
  return Number(NUMBER.exec(bytes.toString('latin1', at, at + LONGEST_NUMBER))?.[1]);
}
