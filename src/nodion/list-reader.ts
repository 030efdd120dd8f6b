import { Failure } from '../http/http-error.ts';
import type { BodyReader } from '../http/read-body.ts';
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
interface ListShape {
  /** What its guard reads of an item and of an object in it, and how many characters of that. */
  readonly fields: readonly (readonly [name: string, longest: number])[];
  /** Of any items those that are held. @throws Failure where none can be left out. */
  readonly prune: (items: readonly unknown[]) => readonly unknown[];
}

const MOST_ITEMS = 1_000;
const MOST_LINES = 2_500;
/** Characters of all lines together. */
const LONGEST_LOG = 1_000_000;

const SHAPES = {
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
  throw new Failure('TOO_LARGE', 'the answer has more than 1,000 items');
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
function pick(item: unknown, fields: ListShape['fields'], isInItem = false): unknown {
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

/** Bytes of one item, and of what stands beside the list, after their texts are cut. */
const LARGEST_PART = 2 ** 17;
/** The rest of a cut text is checked in pieces of so many bytes. */
const CHECKED_BYTES = 4_096;
/** So much more of a text is read than kept, that no secret in it is cut before it is hidden. */
const LONGEST_SECRET = 1_000;
/** A UTF-16 code unit takes at most so many bytes, as `\u0000`. */
const BYTES_PER_UNIT = 6;
/** Bytes of small items that are read at once: each for itself would take ten times as long. */
const BATCH_BYTES = 2 ** 14;
const JSON_START = /^\uFEFF?\s*[[{"]/;

const [QUOTE, BACKSLASH, U, COMMA] = Buffer.from('"\\u,');
const [LIST_START, LIST_END, OBJECT_START, OBJECT_END] = Buffer.from('[]{}');

/**
 * Reads a JSON object with a list in it as its bytes arrive, and holds few items of the list at a time:
 * its end gives an object with the list alone, of what its shape keeps. Another JSON text is given as
 * it is, but for its texts' length. What is no JSON ends with `…` and is still none.
 *
 * `add` throws a Failure when a part is larger than 128 KiB. The list is split at its commas, and each
 * part is read by `JSON.parse`, so that it differs in nothing else.
 */
export function createListReader(name: ListName): BodyReader {
  const shape: ListShape = SHAPES[name];
  const part = Buffer.allocUnsafeSlow(LARGEST_PART + BATCH_BYTES);
  const cutAfter =
    BYTES_PER_UNIT * (Math.max(...shape.fields.map(([, longest]) => longest)) + LONGEST_SECRET);
  /** Bytes in `part`. */
  let filled = 0;
  /** What stands beside the list, with `[]` for it. */
  let beside = '';
  let items: readonly unknown[] = [];
  let depth = 0;
  let isInList = false;
  let hasItems = false;
  let isInText = false;
  /** Where in `part` the latest text begins and is cut, and where the latest name begins and ends. */
  let textAt = 0;
  let cutAt: number | null = null;
  let nameAt = 0;
  let nameEnd = 0;
  /** Bytes to come of an escape, 5 when it may be any. */
  let escaping = 0;
  let isBroken = false;

  function take(): string {
    const text = part.toString('utf8', 0, filled);
    filled = 0;
    return text;
  }

  function put(byte: number): void {
    if (filled === part.length) refuse();
    part[filled] = byte;
    filled += 1;
  }

  function refuse(): never {
    if (isInList) throw new Failure('TOO_LARGE', 'an item of the answer is larger than 128 KiB');
    if (!JSON_START.test(beside || part.toString())) throw new SyntaxError('not JSON');
    throw new Failure('TOO_LARGE', 'the answer is larger than 128 KiB beside its list');
  }

  function addInText(byte: number): void {
    const isCharacter = escaping === 0 && (byte & 0xc0) !== 0x80;
    if (isCharacter && filled - textAt > cutAfter) dropTail(byte === QUOTE);
    if (escaping > 0) escaping = escaping < 5 ? escaping - 1 : byte === U ? 4 : 0;
    else if (byte === BACKSLASH) escaping = 5;
    else if (byte === QUOTE) isInText = false;
    put(byte);
    if (!isInText && depth === 1) nameEnd = filled;
  }

  /** Drops the text after its cut, once that is known to be part of a text. */
  function dropTail(isEnd: boolean): void {
    cutAt ??= filled;
    if (!isEnd && filled - cutAt < CHECKED_BYTES) return;
    JSON.parse(`"${part.toString('utf8', cutAt, filled)}"`);
    filled = cutAt;
  }

  function addOutside(byte: number): void {
    if (byte === COMMA && isInList && depth === 2 && filled >= BATCH_BYTES) {
      addItems(false);
      return;
    }
    if ((byte === LIST_END || byte === OBJECT_END) && isInList && depth === 2) endList();
    if (byte === QUOTE) {
      isInText = true;
      textAt = filled;
      cutAt = null;
      if (depth === 1) nameAt = filled;
    }
    put(byte);
    if (byte === LIST_END || byte === OBJECT_END) depth -= 1;
    if (byte !== LIST_START && byte !== OBJECT_START) return;
    depth += 1;
    if (byte === LIST_START && depth === 2 && isNamed()) startList();
  }

  /** Whether the value that begins here has the list's name. */
  function isNamed(): boolean {
    return nameEnd > 0 && JSON.parse(part.toString('utf8', nameAt, nameEnd)) === name;
  }

  function startList(): void {
    beside += take();
    if (beside.length > LARGEST_PART) refuse();
    // Of several lists of one name the last one counts.
    items = [];
    isInList = true;
    hasItems = false;
  }

  /** Reads the items that are in `part`, of which there must be some, unless the list is empty. */
  function addItems(isEnd: boolean): void {
    const batch: unknown[] = JSON.parse(`[${take()}]`);
    if (batch.length === 0 && (hasItems || !isEnd)) throw new SyntaxError('not JSON');
    hasItems = true;
    // At once: what is held for a while, V8 gives back late.
    items = shape.prune([...items, ...batch.map((item) => pick(item, shape.fields))]);
  }

  function endList(): void {
    addItems(true);
    nameEnd = 0;
    isInList = false;
  }

  return {
    add: (bytes) => {
      if (isBroken) return;
      try {
        for (const byte of bytes) {
          if (isInText) addInText(byte);
          else addOutside(byte);
        }
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        isBroken = true;
      }
    },
    end: () => {
      const text = (beside + take()).replace(/^\uFEFF/, '');
      try {
        if (isBroken) throw new SyntaxError('not JSON');
        const list = optional(JSON.parse(text), name);
        return Array.isArray(list) ? JSON.stringify({ [name]: items }) : text;
      } catch {
        return `${text}…`;
      }
    },
  };
}
