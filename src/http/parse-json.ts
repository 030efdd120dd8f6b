/** Those of 9 MiB of documented applications, which have some dozens of names. */
const MOST_VALUES = 750_000;
const MOST_NAMES = 1_000;
/** Characters: documented answers have 12 or more for each of their values. */
const SHORTEST_VALUE = 6;
/** Characters: a shorter text can't take hundreds of MB. */
const LONGEST_UNCHECKED = 200_000;

/** A body that is not of its documented shape; the message says what is missing. */
export class UndocumentedShape extends Error {}

/** What has been counted of a JSON text, or of its parts, one after the other. */
export interface Counted {
  readonly names: Set<string>;
  values: number;
}

/**
 * The value of a JSON text.
 * @throws UndocumentedShape for one whose objects would take hundreds of MB, and for any other text.
 */
export function parseJson(text: string): unknown {
  if (text.length > LONGEST_UNCHECKED) {
    const mostValues = Math.min(MOST_VALUES, text.length / SHORTEST_VALUE);
    refuseExcess(text, { names: new Set(), values: 0 }, mostValues);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new UndocumentedShape('not JSON');
  }
}

/**
 * Counts the values of a JSON text, an object or a list as four, and its names, on from `counted`: what
 * makes an object large is a name that no other has.
 * @throws UndocumentedShape for too many
 */
export function refuseExcess(text: string, counted: Counted, mostValues: number): void {
  const { names } = counted;
  let { values } = counted;
  let start = 0;
  let end = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '"') {
      start = index + 1;
      end = endOfString(text, start);
      index = end;
    } else if (character === ':') names.add(text.slice(start, end));
    else if (character === ',') values += 1;
    else if (character === '[' || character === '{') values += 4;
    if (values > mostValues) throw new UndocumentedShape('too many values');
    if (names.size > MOST_NAMES) throw new UndocumentedShape('too many names');
  }
  counted.values = values;
}

/** Where the string that starts at `start` ends. */
function endOfString(text: string, start: number): number {
  let end = start;
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end;
}
