import { UndocumentedShape } from '../http/parse-json.ts';
import { type Fields, needed, optional, readFields, type Shape } from './read-fields.ts';

/**
 * What applications can be made of: what is read of each, and its guard. Little of it is documented: only
 * the `id` of an item may not be missing, the rest is null then.
 */

/** Characters kept of a text: a branch's name may have 255 bytes. */
const LONGEST = 300;
const ID = { id: LONGEST } as const;
const NAMED = { ...ID, name: LONGEST } as const;
export const REPOSITORY = { ...ID, full_name: LONGEST, default_branch: LONGEST } as const;
export const BRANCH = NAMED;

export const toRegion = guardOf({ ...ID, slug: LONGEST });
export const toInstanceType = guardOf({ ...NAMED, slug: LONGEST });
export const toContainerRegistry = guardOf(NAMED);
/** A connection to a Git host. */
export const toIntegration = guardOf({ ...ID, service_type: LONGEST, username: LONGEST });
export const toRepository = guardOf(REPOSITORY);
export const toBranch = guardOf(BRANCH);

/** Whether it may stand in a path: octokit does not encode dots, and `..` would change it. */
export function isPlainId(id: string): boolean {
  return /^[\w-]+$/.test(id);
}

/** What reads an item. @throws UndocumentedShape for one without a plain ID */
function guardOf<S extends Shape>(shape: S): (item: unknown) => Fields<S> & { id: string } {
  return (item) => {
    const id = needed(readFields(item, ID).id, 'id');
    if (!isPlainId(id)) throw new UndocumentedShape('an invalid `id`');
    return { ...readFields(item, shape), id };
  };
}

/** The host of a container registry, null for none; whether the object is by itself is not documented. */
export function toRegistryHostname(body: unknown): string | null {
  const item = optional(body, 'container_registry') ?? body;
  return readFields(item, { hostname: LONGEST }).hostname;
}
