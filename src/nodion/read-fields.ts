import { UndocumentedShape } from '../http/parse-json.ts';
import { redactSecrets } from '../runner/redact-secrets.ts';

/** So much more of a text is read than kept: the part of a secret that is left where the reading ended. */
export const LONGEST_SECRET = 1_000;

/** What is read of an object, by the API's names: a text of so many characters, an integer, or an object in it. */
export interface Shape {
  readonly [name: string]: number | 'integer' | Shape;
}

/** An object as read by its shape. Null: the answer says null, lacks it, or says something else. */
export type Fields<S extends Shape> = {
  readonly [Name in keyof S]: S[Name] extends Shape
    ? Fields<S[Name]>
    : (S[Name] extends 'integer' ? number : string) | null;
};

/** What `shape` reads of `item`, which may be anything; of a text never all, so that a list is small in memory. */
export function readFields<S extends Shape>(item: unknown, shape: S): Fields<S> {
  const read: Record<string, unknown> = {};
  for (const name in shape) {
    const kind = shape[name];
    const value = optional(item, name);
    if (typeof kind === 'object') read[name] = readFields(value, kind);
    else if (kind === 'integer') read[name] = Number.isSafeInteger(value) ? value : null;
    else read[name] = typeof value === 'string' && value !== '' ? cut(value, Number(kind)) : null;
  }
  return read as Fields<S>;
}

/** How many characters are kept of the longest text. */
export function longestText(shape: Shape): number {
  return Math.max(
    0,
    ...Object.values(shape).map((kind) => {
      if (typeof kind === 'object') return longestText(kind);
      return kind === 'integer' ? 0 : kind;
    }),
  );
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

/** What `read` makes of each item of a JSON array. */
export function list<T>(value: unknown, read: (item: unknown) => T): T[] {
  if (!Array.isArray(value)) throw new UndocumentedShape('not a list');
  return value.map(read);
}

/** The value of the field `name`, which may be neither missing nor of another kind. */
export function needed<T>(value: T | null, name: string): T {
  if (value === null) throw new UndocumentedShape(`no valid \`${name}\``);
  return value;
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
