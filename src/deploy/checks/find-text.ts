/** What became of the search: `beyond`, not in the part that was looked at. */
export type TextSearch = 'found' | 'missing' | 'beyond';

/** Only so much of a body is looked at. */
const LARGEST_BODY = 2 ** 20;
/** In JSON: a string without its quotes, and the colon that makes it a name. One that is cut off ends with the text. */
const JSON_STRING = /"([^"\\]*(?:\\.[^"\\]*)*)(?:"|\\?$)(\s*:)?/gs;
/** What stands in JSON only within strings. */
const NOT_JSON = /[^\s[\]{}:,\d.+\-Eaeflnrstu]/;

/**
 * Whether `text` is in the first 1 MiB of a body, read by its charset; in JSON also with the escapes of its
 * strings, names excepted, resolved. Ends as soon as it is found.
 * @param contentType '' where there is none.
 */
export async function findText(
  chunks: AsyncIterable<Buffer>,
  text: string,
  contentType: string,
): Promise<TextSearch> {
  let bytes: Buffer | null = null;
  let size = 0;
  let decoder: InstanceType<typeof TextDecoder> | null = null;
  let tail = '';
  for await (const chunk of chunks) {
    bytes ??= Buffer.allocUnsafe(LARGEST_BODY);
    decoder ??= decoderOf(chunk, contentType);
    const added = chunk.copy(bytes, size);
    const piece = tail + decoder.decode(bytes.subarray(size, size + added), { stream: true });
    if (piece.includes(text)) return 'found';
    tail = piece.slice(Math.max(0, piece.length - text.length + 1));
    size += added;
    if (size === LARGEST_BODY) break;
  }
  const read = bytes?.subarray(0, size);
  if (read?.includes('\\')) {
    const body = new TextDecoder(decoder?.encoding).decode(read);
    if (isInStrings(body, text) && isJson(body, contentType)) return 'found';
  }
  return size === LARGEST_BODY ? 'beyond' : 'missing';
}

/** By the byte order mark, else by the charset that the answer says, else UTF-8. */
function decoderOf(start: Buffer, contentType: string): InstanceType<typeof TextDecoder> {
  const mark = start.toString('hex', 0, 2);
  const marked = mark === 'feff' ? 'utf-16be' : mark === 'fffe' ? 'utf-16le' : null;
  const charset = /;\s*charset\s*=\s*["']?([\w.:-]+)/i.exec(contentType)?.[1];
  const isMarkedUtf8 = start.toString('hex', 0, 3) === 'efbbbf';
  try {
    return new TextDecoder(marked ?? (isMarkedUtf8 ? 'utf-8' : charset));
  } catch {
    return new TextDecoder();
  }
}

/**
 * Whether a body says that it is JSON, or looks like an object or array of it. To parse it would take a
 * hundred times its size where it is nested.
 */
function isJson(body: string, contentType: string): boolean {
  if (/^[^;]*[/+]json\b/i.test(contentType)) return true;
  return /^\s*[[{]/.test(body) && !NOT_JSON.test(body.replace(JSON_STRING, ''));
}

/** Strings without an escape stand in the body as they are. */
function isInStrings(json: string, text: string): boolean {
  for (const [, string = '', colon] of json.matchAll(JSON_STRING)) {
    if (colon === undefined && string.includes('\\') && unescaped(string).includes(text)) {
      return true;
    }
  }
  return false;
}

function unescaped(string: string): string {
  try {
    return JSON.parse(`"${string}"`);
  } catch {
    return '';
  }
}
