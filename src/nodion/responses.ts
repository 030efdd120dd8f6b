import { UndocumentedShape } from '../http/parse-json.ts';
import { redactSecrets } from '../runner/redact-secrets.ts';

/** Nodion's objects, and the guards that read them from the bodies of answers. */

const DEEPEST_NESTING = 100;
const DEPLOYMENTS_KEPT = 100;
/** Characters kept of a text. None is ever shown as long, and a list's must be small in memory. */
export const LONGEST_WORD = 200;
export const LONGEST_TEXT = 300;
/** A Docker image's with its tag and digest has at most 456. */
export const LONGEST_REFERENCE = 500;
export const LONGEST_LOG_LINE = 10_000;
/** So much more of a text is read than kept: the part of a secret that is left where the reading ended. */
export const LONGEST_SECRET = 1_000;

/** Whether `value` is a UUID of any version, in either case. */
export function isUuid(value: string): boolean {
  return /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i.test(value);
}

/** An application, as in https://docs.nodion.com (Applications API). Null: the answer lacks it. */
export interface Application {
  readonly id: string;
  readonly name: string;
  /** Nodion's word, for example `online`. */
  readonly status: string | null;
  /** `dockerfile`, `buildpacks` or `prebuilt_image`. */
  readonly deployment_strategy: string | null;
  /** The tag deployed by default; null for Git-based applications. */
  readonly image_tag: string | null;
  readonly region: { readonly id: string | null; readonly slug: string | null };
  /** Null when the answer lacks it. */
  readonly instance_amount: number | null;
  readonly workers: readonly Worker[];
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

/** A running container and the deployment that it is of. */
export interface Instance {
  readonly name: string;
  readonly status: string;
  /** Null when the answer does not say. */
  readonly deployment: { readonly id: string; readonly deploy_number: number | null } | null;
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

/** A line of an application's runtime log. */
export interface LogLine {
  /** ISO 8601. */
  readonly ts: string;
  readonly msg: string;
}

/** `value[name]`; undefined when `value` is no object. */
export function optional(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/** @throws UndocumentedShape, as all functions below. */
export function field(body: unknown, name: string): unknown {
  const value = optional(body, name);
  if (value === undefined) throw new UndocumentedShape(`no \`${name}\``);
  return value;
}

export function list<T>(value: unknown, read: (item: unknown) => T): T[] {
  if (!Array.isArray(value)) throw new UndocumentedShape('not a list');
  return value.map(read);
}

export function text(item: unknown, name: string, longest = LONGEST_TEXT): string {
  const value = textOrNull(item, name, longest);
  if (value === null) throw new UndocumentedShape(`no \`${name}\``);
  return value;
}

function textOrNull(item: unknown, name: string, longest = LONGEST_TEXT): string | null {
  const value = optional(item, name);
  if (typeof value !== 'string' || value === '') return null;
  return cut(value, longest);
}

/**
 * The first `longest` characters of a text, as a copy: a slice would keep the whole text in memory. Secrets
 * are hidden before it is cut, since of half a secret nobody would know.
 */
export function cut(value: string, longest: number): string {
  if (value.length <= longest) return value;
  const hidden = redactSecrets(value);
  // What was read of a longer text may end within a secret, and hiding others may have moved that up.
  const spare = value.length < longest + LONGEST_SECRET ? 0 : LONGEST_SECRET;
  const end = Math.min(longest, Math.max(hidden.length - spare, 0));
  return Buffer.from(hidden.slice(0, end)).toString();
}

function integerOrNull(item: unknown, name: string): number | null {
  const value = optional(item, name);
  return Number.isSafeInteger(value) ? (value as number) : null;
}

/** Whether it nests no deeper than `levels`. What is written to an output recurses. */
function nestsWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((part) => nestsWithin(part, levels - 1));
}

export function toApplication(item: unknown): Application {
  const id = text(item, 'id');
  if (!isUuid(id)) throw new UndocumentedShape('an `id` that is not a UUID');
  if (!nestsWithin(item, DEEPEST_NESTING)) throw new UndocumentedShape('nested too deeply');
  const region = optional(item, 'region');
  const workers = optional(item, 'workers');
  return {
    id,
    name: text(item, 'name'),
    status: textOrNull(item, 'status'),
    deployment_strategy: textOrNull(item, 'deployment_strategy'),
    image_tag: textOrNull(item, 'image_tag'),
    region: { id: textOrNull(region, 'id'), slug: textOrNull(region, 'slug') },
    instance_amount: integerOrNull(item, 'instance_amount'),
    workers: (Array.isArray(workers) ? workers : []).map((worker) => ({
      name: textOrNull(worker, 'name') ?? 'worker',
      status: textOrNull(worker, 'status'),
      instance_amount: integerOrNull(worker, 'instance_amount'),
    })),
  };
}

export function toWholeApplication(item: unknown): WholeApplication {
  return { ...toApplication(item), raw: item as Record<string, unknown> };
}

export function toDeployment(item: unknown): Deployment {
  const number = integerOrNull(item, 'deploy_number');
  if (number === null) throw new UndocumentedShape('no `deploy_number`');
  const word = (name: string) => textOrNull(item, name, LONGEST_WORD);
  return {
    id: text(item, 'id', LONGEST_WORD),
    status: word('status') ?? '',
    deploy_number: number,
    git_sha: word('git_sha'),
    commit_message: textOrNull(item, 'commit_message', LONGEST_REFERENCE),
    committer_name: word('committer_name'),
    strategy: word('strategy'),
    image_reference: textOrNull(item, 'image_reference', LONGEST_REFERENCE),
    created_at: word('created_at'),
  };
}

/**
 * The deployments of a list that matter, see {@link newest}: a list may have hundreds of thousands. With
 * `only`, those other than of that ID are left out where they are odd.
 */
export function toDeployments(value: unknown, only: string | null): Deployment[] {
  return newest(list(value, (item) => item)).flatMap((item) => {
    try {
      return toDeployment(item);
    } catch (error) {
      if (only === null || optional(item, 'id') === only) throw error;
      return [];
    }
  });
}

/**
 * Of any items the newest 100 deployments, and the newest that is available, which may be older. An odd
 * item without a number is among them, so that it is not overlooked.
 */
export function newest(items: readonly unknown[]): unknown[] {
  const numberOf = (item: unknown) => integerOrNull(item, 'deploy_number') ?? Infinity;
  const sorted = items.toSorted((a, b) => numberOf(b) - numberOf(a) || 0);
  const live = sorted.findIndex((item) => optional(item, 'status') === 'available');
  return sorted.filter((_, index) => index < DEPLOYMENTS_KEPT || index === live);
}

export function toInstance(item: unknown): Instance {
  const deployment = optional(item, 'deployment');
  const id = textOrNull(deployment, 'id');
  return {
    name: textOrNull(item, 'name') ?? textOrNull(item, 'id') ?? 'instance',
    status: text(item, 'status'),
    deployment:
      id === null ? null : { id, deploy_number: integerOrNull(deployment, 'deploy_number') },
  };
}

export function toDomain(item: unknown): Domain {
  return {
    name: textOrNull(item, 'domain_name') ?? '',
    status: textOrNull(item, 'status'),
    type: textOrNull(item, 'domain_type'),
  };
}

export function toLogLine(item: unknown): LogLine {
  return { ts: textOrNull(item, 'ts') ?? '', msg: textOrNull(item, 'msg', LONGEST_LOG_LINE) ?? '' };
}
