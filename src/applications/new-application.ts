import type { Parts } from './look-up-ids.ts';

/** The body parameters of `POST /applications` by their own names, and names in place of IDs; null for none. */
export interface NewApplication extends Parts {
  /** Identifies the application. */
  readonly name: string;
  readonly deployment_strategy: string;
  readonly region_id: string | null;
  readonly [parameter: string]: string | number | null;
}

/** The inputs that name what the API takes by its ID, which is in the input of that name with `_id`. */
export const NAMES: readonly string[] = [
  'region',
  'instance_type',
  'container_registry',
  'repository',
  'branch',
];

/** Whether something is given by its name, so that its ID is to be looked up. */
export function hasNames(wanted: NewApplication): boolean {
  return NAMES.some((name) => wanted[name] !== null);
}

/** The body of its `POST`. */
export function bodyOf(wanted: NewApplication): Record<string, string | number> {
  const body: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(wanted)) {
    if (value !== null && !NAMES.includes(name)) body[name] = value;
  }
  return body;
}
