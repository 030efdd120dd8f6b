import { expect, jest, test } from '@jest/globals';
import { request as octokit } from '@octokit/request';
import { RequestError } from '@octokit/request-error';
import { RawServer } from '../../fakes/raw-server.ts';
import { HttpError } from '../../src/http/http-error.ts';
import { toFetch } from '../../src/http/to-fetch.ts';
import { createTransport } from '../../src/http/transport.ts';

/** What @octokit/request makes of an answer. */
async function ask(answer: string, { signal = new AbortController().signal } = {}) {
  const server = await RawServer.start((socket) => socket.end(answer));
  try {
    const request = octokit.defaults({
      baseUrl: server.url.slice(0, -1),
      request: { fetch: toFetch(createTransport(), 30_000) },
    });
    const response = await request('POST /applications/{id}', {
      id: 'a b',
      image_tag: 'v1',
      request: { signal },
    }).catch((error: unknown) => error);
    return { response, url: `${server.url}applications/a%20b`, requests: server.requests };
  } finally {
    server.close();
  }
}

test('A request of octokit is sent as octokit made it, with the encodings that can be unpacked', async () => {
  const { requests } = await ask('HTTP/1.1 204 No Content\r\n\r\n');
  expect(requests).toHaveLength(1);
  expect(requests[0]).toMatch(/^POST \/applications\/a%20b HTTP\/1\.1\r\n/);
  expect(requests[0]).toContain('\r\naccept-encoding: gzip, br\r\n');
  expect(requests[0]).toContain('\r\ncontent-type: application/json; charset=utf-8\r\n');
  expect(requests[0]).toMatch(/\r\n\r\n\{"image_tag":"v1"\}$/);
});

test.each([
  ['application/json', '{"number": 12345678901234567890}'],
  ['application/problem+json', '{"a": 1}'],
  ['application/octet-stream', '{"a": 1}'],
  ['text/html', '<html>'],
  ['nonsense', '{'],
])('An answer of type %s is handed to octokit as text', async (type, body) => {
  const { response, url } = await ask(
    `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  expect(response).toEqual({
    status: 200,
    url,
    headers: { 'content-type': type, 'content-length': String(body.length) },
    data: body,
  });
});

test('A redirect is an answer', async () => {
  const { response, requests } = await ask('HTTP/1.1 307 x\r\nlocation: /b\r\n\r\n');
  expect(response).toMatchObject({ status: 307, headers: { location: '/b' } });
  expect(requests).toHaveLength(1);
});

test('An error of the server has its headers and its body as text', async () => {
  const { response } = await ask('HTTP/1.1 429 x\r\nretry-after: 7\r\n\r\n{"error": "slowly"}');
  expect(response).toBeInstanceOf(RequestError);
  expect(response).toMatchObject({
    status: 429,
    response: { headers: { 'retry-after': '7' }, data: '{"error": "slowly"}' },
  });
});

test('A deprecation is not printed', async () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
  try {
    await ask('HTTP/1.1 204 x\r\ndeprecation: true\r\nsunset: ::error::forged\r\n\r\n');
    expect(warn).not.toHaveBeenCalled();
  } finally {
    warn.mockRestore();
  }
});

test('A request without a whole answer fails with what the transport said', async () => {
  const { response } = await ask('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf');
  expect(response).toBeInstanceOf(RequestError);
  const { cause, response: none } = response as RequestError;
  expect(none).toBeUndefined();
  expect(cause).toBeInstanceOf(HttpError);
  expect((cause as HttpError).message).toBe('the answer was cut off');
});

test("A cancelled request fails with its signal's reason", async () => {
  const { response, requests } = await ask('', { signal: AbortSignal.abort('cancelled') });
  expect((response as RequestError).cause).toBe('cancelled');
  expect(requests).toEqual([]);
});
