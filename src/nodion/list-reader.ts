import { TransportProblem } from '../http/http-error.ts';
import { refuseExcess, UndocumentedShape } from '../http/parse-json.ts';
import type { BodyReader } from '../http/read-body.ts';
import { type ListName, type ListShape, SHAPES } from './list-shapes.ts';
import { LONGEST_SECRET, longestText, optional, readFields } from './read-fields.ts';

/** Bytes of one item, and of what stands beside the list, after their texts are cut. */
const LARGEST_PART = 2 ** 17;
/** The rest of a cut text is checked in pieces of so many bytes. */
const CHECKED_BYTES = 4_096;
/** A UTF-16 code unit takes at most so many bytes, as `\u0000`. */
const BYTES_PER_UNIT = 6;
/** Bytes of small items that are read at once: each for itself would take ten times as long. */
const BATCH_BYTES = 2 ** 13;
/** 16 MiB of documented items have three quarters of these: what has more only burns time. */
const MOST_VALUES = 750_000;
/** Of readers that have ended. A new one for each answer would make V8 collect garbage five times a second. */
const spareParts: Buffer[] = [];
const JSON_START = /^\uFEFF?\s*[[{"]/;

const [QUOTE, BACKSLASH, U, COMMA] = Buffer.from('"\\u,');
const [LIST_START, LIST_END, OBJECT_START, OBJECT_END] = Buffer.from('[]{}');

/**
 * Reads a JSON object with a list in it as its bytes arrive, and holds few items of the list at a time:
 * its end gives an object with the list alone, of what its shape keeps. Another JSON text is given as
 * it is, but for its texts' length. What is no JSON ends with `…` and is still none.
 *
 * The list is split at its commas, and each part is read by `JSON.parse`, so that it differs in nothing
 * else, but for parts of which plainly nothing would be kept: those are passed over. `add` throws a
 * TransportProblem when a part is larger than 128 KiB, or the items have too many names or values.
 */
export function createListReader(name: ListName, wanted: string | null = null): BodyReader {
  const shape: ListShape = SHAPES[name];
  const part = spareParts.pop() ?? Buffer.allocUnsafeSlow(LARGEST_PART + BATCH_BYTES);
  const cutAfter = BYTES_PER_UNIT * (longestText(shape.item) + LONGEST_SECRET);
  /** Bytes in `part`. */
  let filled = 0;
  /** Commas in it between items, and whether those are without objects or lists of their own. */
  let commas = 0;
  let areFlat = true;
  /** What stands beside the list, with `[]` for it. */
  let beside = '';
  let items: unknown[] = [];
  /** Of all items. */
  const counted = { names: new Set<string>(), values: 0 };
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
    empty();
    return text;
  }

  function empty(): void {
    filled = 0;
    commas = 0;
    areFlat = true;
  }

  function put(byte: number): void {
    if (filled === part.length) refuse();
    part[filled] = byte;
    filled += 1;
  }

  function refuse(): never {
    if (isInList)
      throw new TransportProblem('TOO_LARGE', 'an item of the answer is larger than 128 KiB');
    if (!JSON_START.test(beside || part.toString())) throw new SyntaxError('not JSON');
    throw new TransportProblem('TOO_LARGE', 'the answer is larger than 128 KiB beside its list');
  }

  /** Adds the bytes of a text from `start` on, up to what may end, escape or cut it; where that is. */
  function addRun(bytes: Buffer, start: number): number {
    const full = Math.min(cutAt === null ? textAt + cutAfter : cutAt + CHECKED_BYTES, part.length);
    const last = Math.min(start + full - filled, bytes.length);
    let end = start;
    while (end < last && bytes[end] !== QUOTE && bytes[end] !== BACKSLASH) end += 1;
    filled += bytes.copy(part, filled, start, end);
    return end;
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
    if (byte === COMMA && isInList && depth === 2) {
      if (filled >= BATCH_BYTES) {
        addItems(false);
        return;
      }
      commas += 1;
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
    if (depth > 3) areFlat = false;
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
    const json = { bytes: part.subarray(0, filled), count: commas + 1, areFlat };
    if (items.length > 0 && shape.isNeedless?.(json, items, wanted)) {
      empty();
      return;
    }
    const text = take();
    refuseExcess(text, counted, MOST_VALUES);
    const batch: unknown[] = JSON.parse(`[${text}]`);
    if (batch.length === 0 && (hasItems || !isEnd)) throw new SyntaxError('not JSON');
    hasItems = true;
    // At once: what is held for a while, V8 gives back late.
    for (const item of batch) items.push(readFields(item, shape.item));
    if (isEnd || items.length >= (shape.pruneFrom ?? 0)) items = shape.prune(items, wanted);
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
        for (let at = 0; at < bytes.length; at += 1) {
          if (isInText && escaping === 0) at = addRun(bytes, at);
          const byte = bytes[at];
          if (byte === undefined) break;
          if (isInText) addInText(byte);
          else addOutside(byte);
        }
      } catch (error) {
        if (error instanceof UndocumentedShape)
          throw new TransportProblem('TOO_LARGE', `the answer has ${error.message}`);
        if (!(error instanceof SyntaxError)) throw error;
        isBroken = true;
      }
    },
    end: () => {
      const text = (beside + take()).replace(/^\uFEFF/, '');
      spareParts.push(part);
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
