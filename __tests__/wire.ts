import type { Socket } from 'node:net';
import type { Fault } from '../fakes/nodion/faults.ts';

/** Puts an answer on the wire; `text` is the body that it would have. */
export type Write = (socket: Socket, text: string) => unknown;

/** Answers a request so. */
export const wire = (write: Write, carriedOut = true): Fault => ({
  kind: 'wire',
  write,
  carriedOut,
});

/** The first line of a success. */
export const OK = 'HTTP/1.1 200 OK\r\n';

/** The headers of a success whose body comes in chunks. */
export const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;

/** One of those. */
export const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
