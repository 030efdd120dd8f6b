import { optional } from './read-fields.ts';
import { DEPLOYMENTS_KEPT, FINAL_STATUSES } from './responses.ts';

const AVAILABLE = Buffer.from('"available"');
const NUMBER = { name: Buffer.from('"deploy_number"'), value: /^ *: *(\d+)[,}]/ };
const STATUS = { name: Buffer.from('"status"'), value: /^ *: *"(\w+)"/ };
/** Bytes of either, with what stands around it: the number is surely a safe integer. */
const LONGEST_VALUE = 20;

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
  const numbers = valuesOf(bytes, NUMBER);
  const statuses = valuesOf(bytes, STATUS);
  return (
    numbers.length === count &&
    statuses.length === count &&
    numbers.every((number) => Number(number) < lowest) &&
    statuses.every((status) => FINAL_STATUSES.includes(status))
  );
}

/** What follows the name wherever it stands; undefined for what is not plain. */
function valuesOf(
  bytes: Buffer,
  { name, value }: { readonly name: Buffer; readonly value: RegExp },
): (string | undefined)[] {
  const values: (string | undefined)[] = [];
  for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at + 1)) {
    const start = at + name.length;
    values.push(value.exec(bytes.toString('latin1', start, start + LONGEST_VALUE))?.[1]);
  }
  return values;
}
