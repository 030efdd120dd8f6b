import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import { TransportProblem } from './http-error.ts';

const FIRST_BYTES = 65_536;
/** A larger body goes to a {@link BodyReader}, where there is one. */
const LARGEST_HELD = 2 ** 17;

/** Takes a large body as it arrives. */
export interface BodyReader {
  /** @throws TransportProblem when it would have to hold too much. */
  add(bytes: Buffer): void;
  /** The text that stands for the body. */
  end(): string;
}

/**
 * Reads an answer's body, unpacked, as UTF-8 text. At most `maxBytes` are ever read: where there are more,
 * it fails, or the text ends there (`truncate`). All are held, unless `largeBody` makes a reader that takes
 * those of a body above 128 KiB.
 * @throws TransportProblem, or Node's error when the connection breaks.
 */
export async function readBody(
  response: IncomingMessage,
  options: {
    readonly maxBytes: number;
    readonly truncate: boolean;
    readonly largeBody: (() => Promise<BodyReader>) | undefined;
  },
): Promise<string> {
  const { maxBytes, truncate, largeBody } = options;
  // One buffer that grows: each chunk in a list would take a hundred bytes more, however small it is.
  let bytes = Buffer.allocUnsafe(Math.min(FIRST_BYTES, maxBytes));
  let size = 0;
  let reader: BodyReader | null = null;
  for await (const chunk of unpack(response)) {
    const isTooMuch = size + chunk.length > maxBytes;
    if (isTooMuch && !truncate) {
      throw new TransportProblem(
        'TOO_LARGE',
        `the answer is larger than ${maxBytes / 2 ** 20} MiB`,
      );
    }
    const end = Math.min(size + chunk.length, maxBytes);
    if (largeBody && !reader && end > LARGEST_HELD) {
      reader = await largeBody();
      reader.add(bytes.subarray(0, size));
      bytes = Buffer.alloc(0);
    }
    if (reader) reader.add(chunk);
    else {
      if (end > bytes.length) {
        const larger = Buffer.allocUnsafe(Math.min(Math.max(end, 2 * bytes.length), maxBytes));
        bytes.copy(larger, 0, 0, size);
        bytes = larger;
      }
      chunk.copy(bytes, size);
    }
    size = end;
    if (isTooMuch) break;
  }
  return reader ? reader.end() : new TextDecoder().decode(bytes.subarray(0, size));
}

/** How the body is packed. Some servers say `none`, or name its charset there, which is no packing. */
function encodingsOf({ headers }: IncomingMessage): string[] {
  return (headers['content-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter(
      (name) => !/^(?:|identity|none|utf-?\d*|us-ascii|iso-8859-\d+|windows-\d+)$/.test(name),
    );
}

/**
 * The body's chunks, unpacked only as fast as they are taken.
 * @throws TransportProblem, or Node's error when the connection breaks.
 */
export async function* unpack(response: IncomingMessage): AsyncGenerator<Buffer, void> {
  const [encoding, ...more] = encodingsOf(response);
  if (encoding === undefined) return yield* response;
  const broken = () => new TransportProblem('BAD_ENCODING', "the answer can't be unpacked");
  if (more.length > 0 || !/^(?:br|deflate|(?:x-)?gzip)$/.test(encoding)) throw broken();
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
    if (received > 0) throw broken();
  }
  // Whatever follows the packed text is left over without an error.
  if (unpacker.bytesWritten < received) throw broken();
}
