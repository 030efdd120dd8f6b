import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { type Answer, RawServer } from '../../fakes/raw-server.ts';
import type { HttpError } from '../../src/http/http-error.ts';
import { createTransport, type HttpRequest, type SendRequest } from '../../src/http/transport.ts';

/** A body as Nodion's. */
export const TEXT = '{"applications": []}';

/** A whole answer in bytes. */
export function whole(text = TEXT): string {
  return `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
}

/** A whole answer with a packed body, in bytes; `encoding` is what it says of it. */
export function packed(encoding: string, body: Buffer): string {
  const head = `HTTP/1.1 200 OK\r\ncontent-encoding: ${encoding}\r\ncontent-length: ${body.length}\r\n\r\n`;
  return head + body.toString('latin1');
}

/** A GET with generous limits. */
export function get(url: string, options: Partial<HttpRequest> = {}): HttpRequest {
  const { signal } = new AbortController();
  return { method: 'GET', url, headers: {}, signal, timeoutMs: 30_000, ...options };
}

/** What a request fails with, which must fail. */
export async function failure(request: Promise<unknown>): Promise<HttpError> {
  try {
    await request;
  } catch (error) {
    return error as HttpError;
  }
  throw new Error('The request did not fail');
}

/** Plays with a server that answers so, in bytes before it closes the connection, or as it likes. */
export async function withServer<T>(
  answer: Answer | string,
  play: (server: RawServer, send: SendRequest) => Promise<T>,
): Promise<T> {
  const server = await RawServer.start(
    typeof answer === 'string' ? (socket) => socket.end(answer, 'latin1') : answer,
  );
  try {
    return await play(server, createTransport());
  } finally {
    server.close();
  }
}

/** Waits until this process has seen what was sent on its connections, however late it comes to that. */
export async function untilSeen(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await delay(10);
    await setImmediate();
  }
}

/** Sets the environment, for a test that restores it by `jest.restoreAllMocks()`. */
export function setEnvironment(environment: Record<string, string>): void {
  jest.replaceProperty(process, 'env', environment);
}
