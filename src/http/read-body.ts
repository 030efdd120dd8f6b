import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import { Failure } from './http-error.ts';

const FIRST_BYTES = 65_536;
/** Of bodies that are larger, two are read at once: eight of 16 MiB would take 300 MB. */
const LARGE_BYTES = 4 * 2 ** 20;
const LARGE_AT_ONCE = 2;

/** Waits for one's turn, and resolves to what ends it. */
export type Turn = () => Promise<() => void>;

/** Turns of which two are taken at a time. */
export function createTurns(): Turn {
  const waiting: (() => void)[] = [];
  let free = LARGE_AT_ONCE;
  const end = () => {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  };
  return async () => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    return end;
  };
}

/**
 * Reads an answer's body, unpacked, as UTF-8 text. At most `maxBytes` are ever held: where there are more,
 * it fails, or the text ends there (`truncate`).
 * @throws Failure, or Node's error when the connection breaks.
 */
export async function readBody(
  response: IncomingMessage,
  options: { readonly maxBytes: number; readonly truncate: boolean; readonly turn: Turn },
): Promise<string> {
  const { maxBytes, truncate, turn } = options;
  // One buffer that grows: each chunk in a list would take a hundred bytes more, however small it is.
  let bytes = Buffer.allocUnsafe(Math.min(FIRST_BYTES, maxBytes));
  let size = 0;
  let endTurn: (() => void) | null = null;
  try {
    for await (const chunk of unpack(response)) {
      const isTooMuch = size + chunk.length > maxBytes;
      if (isTooMuch && !truncate) {
        throw new Failure('TOO_LARGE', `the answer is larger than ${maxBytes / 2 ** 20} MiB`);
      }
      const end = Math.min(size + chunk.length, maxBytes);
      if (end > LARGE_BYTES) endTurn ??= await turn();
      if (end > bytes.length) {
        const larger = Buffer.allocUnsafe(Math.min(Math.max(end, 2 * bytes.length), maxBytes));
        bytes.copy(larger, 0, 0, size);
        bytes = larger;
      }
      chunk.copy(bytes, size);
      size = end;
      if (isTooMuch) break;
    }
    return new TextDecoder().decode(bytes.subarray(0, size));
  } finally {
    endTurn?.();
  }
}

/** The body's chunks, unpacked only as fast as they are taken. */
async function* unpack(response: IncomingMessage): AsyncGenerator<Buffer, void> {
  const encoding = (response.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'identity') return yield* response;
  const broken = new Failure('BAD_ENCODING', "the answer can't be unpacked");
  if (!/^(?:br|deflate|(?:x-)?gzip)$/.test(encoding)) throw broken;
  const { createBrotliDecompress, createUnzip } = await import('node:zlib');
  const unpacker = encoding === 'br' ? createBrotliDecompress() : createUnzip();
  let received = 0;
  response.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  pipeline(response, unpacker, () => {});
  try {
    yield* unpacker;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ECONNRESET') throw error;
    // No body at all, as with 304, is no broken one.
    if (received > 0) throw broken;
  }
  // Whatever follows the packed text is left over without an error.
  if (unpacker.bytesWritten < received) throw broken;
}
