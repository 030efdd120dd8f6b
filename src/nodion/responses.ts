import { UndocumentedShape } from '../http/parse-json.ts';
import { type Fields, list, needed, optional, readFields } from './read-fields.ts';

/** Nodion's objects: what is read of each, and the guards that read them from the bodies of answers. */

const DEEPEST_NESTING = 100;
/** Of a list, see {@link keepNewest}. */
export const DEPLOYMENTS_KEPT = 25;
/** Of a deployment that has ended. */
export const FINAL_STATUSES: readonly unknown[] = ['available', 'failed', 'expired'];
/** Characters kept of a text. None is ever shown as long, and a list's must be small in memory. */
const LONGEST_WORD = 200;
export const LONGEST_TEXT = 300;
/** A Docker image's with its tag and digest has at most 456. */
const LONGEST_REFERENCE = 500;

const APPLICATION = {
  id: LONGEST_TEXT,
  name: LONGEST_TEXT,
  status: LONGEST_TEXT,
  deployment_strategy: LONGEST_TEXT,
  image_name: LONGEST_TEXT,
  image_tag: LONGEST_TEXT,
  container_registry_id: LONGEST_TEXT,
  region: { id: LONGEST_TEXT, slug: LONGEST_TEXT },
  instance_amount: 'integer',
} as const;

const WORKER = { name: LONGEST_TEXT, status: LONGEST_TEXT, instance_amount: 'integer' } as const;

export const DEPLOYMENT = {
  id: LONGEST_WORD,
  status: LONGEST_WORD,
  deploy_number: 'integer',
  git_sha: LONGEST_WORD,
  commit_message: LONGEST_REFERENCE,
  committer_name: LONGEST_WORD,
  strategy: LONGEST_WORD,
  image_reference: LONGEST_REFERENCE,
  created_at: LONGEST_WORD,
} as const;

export const DOMAIN = {
  domain_name: LONGEST_TEXT,
  status: LONGEST_TEXT,
  domain_type: LONGEST_TEXT,
} as const;

/** Whether `value` is a UUID of any version, in either case. */
export function isUuid(value: string): boolean {
  return /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i.test(value);
}

/** An application, as in https://docs.nodion.com (Applications API). Null: the answer lacks it. */
export interface Application {
  readonly id: string;
  /** '' for none. */
  readonly name: string;
  /** Nodion's word, for example `online`. */
  readonly status: string | null;
  /** `dockerfile`, `buildpacks` or `prebuilt_image`. */
  readonly deployment_strategy: string | null;
  /** Such as `nginx`; null for Git-based applications, as are the next two. */
  readonly image_name: string | null;
  /** The tag deployed by default; null for Git-based applications. */
  readonly image_tag: string | null;
  readonly container_registry_id: string | null;
  readonly region: { readonly id: string | null; readonly slug: string | null };
  /** Null when the answer lacks it. */
  readonly instance_amount: number | null;
  /** Empty where the answer lacks them; null where they can't be read. */
  readonly workers: readonly Worker[] | null;
}

/** An application with the object as the API sent it, which may take a lot of memory. */
export interface WholeApplication extends Application {
  readonly raw: Readonly<Record<string, unknown>>;
}

/** A part of an application that serves no requests. */
export interface Worker {
  readonly name: string;
  readonly status: string | null;
  /** 0: kept, but not deployed; null when the answer lacks it. */
  readonly instance_amount: number | null;
}

/** A deployment, as in Nodion's Application Deployments API. Null: the API says null or lacks it. */
export interface Deployment {
  readonly id: string;
  /** Nodion's word: `created`, `waiting`, `available`, `failed`, `expired`, or one unknown to us; '' for none. */
  readonly status: string;
  /** Counts up by one for each application. */
  readonly deploy_number: number;
  readonly git_sha: string | null;
  /** Written by whoever can push. */
  readonly commit_message: string | null;
  /** Written by whoever can push. */
  readonly committer_name: string | null;
  readonly strategy: string | null;
  /** For example `docker.io/nginx:1.25`; null for Git-based deployments. */
  readonly image_reference: string | null;
  /** ISO 8601, by Nodion's clock. */
  readonly created_at: string | null;
}

/** An application's deployments as they were at one time. */
export interface DeploymentList {
  readonly deployments: readonly Deployment[];
  /** `performance.now()` when they were there. */
  readonly answeredAtMs: number;
}

/** A name under which an application answers. */
export interface Domain {
  /** Such as `example.nodion.app`, written by whoever may change the application; '' for none. */
  readonly name: string;
  /** Nodion's word, for example `available`. */
  readonly status: string | null;
  /** `main` or `sub`. */
  readonly type: string | null;
}

/** Whether it nests no deeper than `levels`. What is written to an output recurses. */
function nestsWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((part) => nestsWithin(part, levels - 1));
}

/** @throws UndocumentedShape, as all functions below. */
export function toApplication(item: unknown): Application {
  const { id, name, ...known } = readFields(item, APPLICATION);
  if (!isUuid(needed(id, 'id'))) throw new UndocumentedShape('an `id` that is not a UUID');
  if (!nestsWithin(item, DEEPEST_NESTING)) throw new UndocumentedShape('nested too deeply');
  const workers = optional(item, 'workers');
  return {
    ...known,
    id: needed(id, 'id'),
    name: name ?? '',
    workers: workers === undefined || workers === null ? [] : toWorkers(workers),
  };
}

function toWorkers(workers: unknown): Application['workers'] {
  if (!Array.isArray(workers)) return null;
  return workers.map((worker) => {
    const read = readFields(worker, WORKER);
    return { ...read, name: read.name ?? 'without a name' };
  });
}

/** With all that the answer has. @throws UndocumentedShape */
export function toWholeApplication(item: unknown): WholeApplication {
  return { ...toApplication(item), raw: item as Record<string, unknown> };
}

/** @throws UndocumentedShape for one without an ID or a number. */
export function toDeployment(item: unknown): Deployment {
  const { deploy_number, id, status, ...known } = readFields(item, DEPLOYMENT);
  return {
    ...known,
    deploy_number: needed(deploy_number, 'deploy_number'),
    id: needed(id, 'id'),
    status: status ?? '',
  };
}

/** Of a list of deployments those that matter, see {@link keepNewest}: it may have hundreds of thousands. */
export function pruneDeployments(
  value: unknown,
  wanted: string | null,
): readonly Fields<typeof DEPLOYMENT>[] {
  const items = keepNewest(
    list(value, (item) => item),
    wanted,
  );
  return items.map((item) => readFields(item, DEPLOYMENT));
}

/** The deployments of a list that was pruned. With `only`, others than that ID's are left out where they are odd. */
export function toDeployments(
  items: readonly Fields<typeof DEPLOYMENT>[],
  only: string | null,
): Deployment[] {
  return items.flatMap((item) => {
    try {
      return toDeployment(item);
    } catch (error) {
      if (only === null || item.id === only) throw error;
      return [];
    }
  });
}

/**
 * Of any items the newest 25 deployments, the newest 25 that have not ended, and two that may be older: the
 * newest that is available, and that of the ID `wanted`. An odd item without a number is among them, so
 * that it is not overlooked.
 */
export function keepNewest(items: readonly unknown[], wanted: string | null): unknown[] {
  const sorted = items.toSorted((a, b) => numberOf(b) - numberOf(a) || 0);
  const live = sorted.find((item) => optional(item, 'status') === 'available');
  const found = sorted.find((item) => wanted !== null && optional(item, 'id') === wanted);
  let open = 0;
  return sorted.filter((item, index) => {
    const isOpen = !FINAL_STATUSES.includes(optional(item, 'status'));
    if (isOpen) open += 1;
    const isNew = index < DEPLOYMENTS_KEPT || (isOpen && open <= DEPLOYMENTS_KEPT);
    return isNew || item === live || item === found;
  });
}

function numberOf(item: unknown): number {
  const number = optional(item, 'deploy_number');
  return Number.isSafeInteger(number) ? Number(number) : Number.POSITIVE_INFINITY;
}

export function toDomain(item: unknown): Domain {
  const { domain_name, status, domain_type } = readFields(item, DOMAIN);
  return { name: domain_name ?? '', status, type: domain_type };
}
