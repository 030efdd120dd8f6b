import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { FakeProxy, type ProxyFault } from '../../fakes/proxy.ts';
import { type Answer, RawServer } from '../../fakes/raw-server.ts';
import { sendInProcess } from '../../fakes/transport-process.ts';
import { createTransport } from '../../src/http/transport.ts';
import { failure, get, setEnvironment, whole } from './requests.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

const OK: Answer = (socket) => socket.write(whole('ok'));

/** A proxy that knows https://nodion.test and http://nodion.test, which give `answer`. */
async function withProxy<T>(
  play: (proxy: FakeProxy, servers: { secure: RawServer; plain: RawServer }) => Promise<T>,
  { answer = OK, isSecure = false } = {},
): Promise<T> {
  const secure = await RawServer.start(answer, { isSecure: true });
  const plain = await RawServer.start(answer);
  const proxy = await FakeProxy.start({ isSecure });
  proxy.hosts.set('nodion.test:443', secure.address).set('nodion.test:80', plain.address);
  try {
    return await play(proxy, { secure, plain });
  } finally {
    for (const server of [proxy, secure, plain]) server.close();
  }
}

const failed = (origin: string, what: string) =>
  `the request through the proxy ${origin} (from HTTPS_PROXY, HTTP_PROXY or ALL_PROXY) failed: ${what}`;

describe('A proxy', () => {
  const SECURE = { url: 'https://nodion.test/v1' };

  test.each([
    ['', false],
    ['http://', false],
    ['https://', true],
  ])('at %j tunnels all https requests to a host by one CONNECT', (scheme, isSecure) =>
    withProxy(
      async (proxy, { secure }) => {
        const { results, exitMs, stderr } = await sendInProcess([SECURE, SECURE, SECURE], {
          HTTPS_PROXY: `${scheme}${proxy.address}`,
        });
        expect(results).toMatchObject([{ body: 'ok' }, { body: 'ok' }, { body: 'ok' }]);
        expect(proxy.targets).toEqual(['nodion.test:443']);
        expect(proxy.servernames).toEqual(isSecure ? [false] : []);
        expect(secure.connections).toBe(1);
        expect(secure.requests[0]).toMatch(/^GET \/v1 HTTP\/1\.1\r\n/);
        expect(secure.requests[0]).not.toContain('proxy');
        expect(exitMs).toBeLessThan(2_000);
        expect(stderr).toBe('');
      },
      { isSecure },
    ),
  );

  test('makes a tunnel of its own for a request that asks for one', () =>
    withProxy(async (proxy, { secure }) => {
      const own = { ...SECURE, ownConnection: true };
      await sendInProcess([SECURE, own, SECURE], { HTTPS_PROXY: proxy.address });
      expect(proxy.targets).toHaveLength(2);
      expect(secure.requests[1]).toContain('\r\nHost: nodion.test\r\nConnection: close\r\n');
    }));

  test.each([false, true])(
    'is handed http requests as they are (spoken to by TLS: %s)',
    (isSecure) =>
      withProxy(
        async (proxy, { plain }) => {
          proxy.credentials = 'ada:s3cret';
          const url = 'http://nodion.test/up?q=1#top';
          const { results } = await sendInProcess([{ url }, { url }], {
            HTTP_PROXY: `${isSecure ? 'https' : 'http'}://ada:s3cret@${proxy.address}`,
          });
          expect(results).toMatchObject([{ body: 'ok' }, { body: 'ok' }]);
          expect(proxy.servernames).toEqual(isSecure ? [false] : []);
          expect(proxy.forwarded).toEqual([
            'http://nodion.test/up?q=1',
            'http://nodion.test/up?q=1',
          ]);
          expect(proxy.targets).toEqual([]);
          expect(plain.requests[0]).toContain('\r\nhost: nodion.test\r\n');
        },
        { isSecure },
      ),
  );

  test('is given its credentials, and the host behind it is not', () =>
    withProxy(async (proxy, { secure }) => {
      proxy.credentials = 'ada:s3:cr@t';
      const { results } = await sendInProcess([SECURE], {
        HTTPS_PROXY: `http://ada:s3%3Acr%40t@${proxy.address}`,
        // Some libraries print what they do, credentials and all.
        DEBUG: '*',
      });
      expect(results).toMatchObject([{ body: 'ok' }]);
      expect(secure.requests[0]).not.toMatch(/authorization/i);
    }));

  test('never sees a request to loopback', () =>
    withProxy(async (proxy, { secure, plain }) => {
      const urls = [secure.url, plain.url, secure.url.replace('127.0.0.1', 'localhost')];
      const { results } = await sendInProcess(
        urls.map((url) => ({ url })),
        { ALL_PROXY: proxy.address, HTTP_PROXY: proxy.address, HTTPS_PROXY: proxy.address },
      );
      expect(results).toMatchObject([{ body: 'ok' }, { body: 'ok' }, { body: 'ok' }]);
      expect(proxy.targets).toEqual([]);
      expect(proxy.forwarded).toEqual([]);
    }));

  test.each<[string, ProxyFault, string, string, boolean]>([
    ['refuses', 403, 'PROXY_REFUSED', 'the proxy answered 403', true],
    [
      'hiccups',
      404,
      'PROXY_FAILED',
      'the proxy answered 404: it made no connection to the host',
      false,
    ],
    [
      'has trouble',
      502,
      'PROXY_GATEWAY',
      'the proxy answered 502: it made no connection to the host',
      false,
    ],
    [
      'redirects',
      302,
      'PROXY_FAILED',
      'the proxy answered 302: it made no connection to the host',
      false,
    ],
    ['closes the connection', 'close', 'ECONNRESET', 'no answer (ECONNRESET)', false],
    ['never answers', 'hang', 'TIMEOUT', 'no answer within 0.5 s', false],
    [
      'answers without end',
      'flood',
      'HPE_HEADER_OVERFLOW',
      "the answer's headers are too large (HPE_HEADER_OVERFLOW)",
      false,
    ],
  ])('that %s is one failure by one CONNECT', (_, fault, code, what, isFinal) =>
    withProxy(async (proxy, { secure }) => {
      proxy.fault = fault;
      setEnvironment({ HTTPS_PROXY: `http://ada:s3cret@${proxy.address}` });
      const send = createTransport();
      const timeoutMs = fault === 'hang' ? 500 : 30_000;
      const error = await failure(send(get(SECURE.url, { method: 'POST', timeoutMs })));
      const origin = `http://${proxy.address}`;
      expect({ ...error, message: error.message }).toEqual({
        name: 'HttpError',
        message: failed(origin, what),
        code,
        host: 'nodion.test',
        proxy: origin,
        isFinal,
        status: null,
        wasSent: false,
      });
      while (proxy.open > 0) await delay(10);
      expect(proxy.targets).toEqual(['nodion.test:443']);
      expect(secure.connections).toBe(0);
    }),
  );

  test('that wants other credentials is final, for http requests too', () =>
    withProxy(async (proxy) => {
      proxy.credentials = 'ada:s3cret';
      setEnvironment({ ALL_PROXY: `http://ada:wr0ng@${proxy.address}` });
      for (const url of ['https://nodion.test/', 'http://nodion.test/']) {
        const error = await failure(createTransport()(get(url)));
        expect(error.message).toBe(
          failed(
            `http://${proxy.address}`,
            'the proxy answered 407: it wants a user name and a password, as in http://user:password@host:port',
          ),
        );
        expect(error.isFinal).toBe(true);
      }
    }));

  test.each([
    ['https', false, 'the proxy speaks plain HTTP, so its address must begin with http://'],
    ['http', true, 'the proxy speaks TLS, so its address must begin with https://'],
  ])('that is named with %s:// by mistake is told so, finally', (scheme, isSecure, what) =>
    withProxy(
      async (proxy) => {
        const origin = `${scheme}://${proxy.address}`;
        setEnvironment({ HTTPS_PROXY: origin });
        const error = await failure(createTransport()(get(SECURE.url, { method: 'POST' })));
        expect(error.message).toBe(failed(origin, what));
        expect(error).toMatchObject({ code: 'PROXY_SCHEME', isFinal: true, wasSent: false });
        while (proxy.open > 0) await delay(10);
      },
      { isSecure },
    ),
  );

  test('that is down is final, and never gone around', () =>
    withProxy(async (proxy, { secure, plain }) => {
      const origin = `http://${proxy.address}`;
      setEnvironment({ ALL_PROXY: origin });
      proxy.close();
      for (const url of ['https://nodion.test/', 'http://nodion.test/']) {
        const error = await failure(createTransport()(get(url)));
        expect(error.message).toBe(failed(origin, 'no answer (ECONNREFUSED)'));
        expect(error.isFinal).toBe(true);
      }
      expect(secure.connections + plain.connections).toBe(0);
    }));

  test('that never answers lets a request be cancelled', () =>
    withProxy(async (proxy) => {
      proxy.fault = 'hang';
      setEnvironment({ HTTPS_PROXY: proxy.address });
      const controller = new AbortController();
      const request = failure(createTransport()(get(SECURE.url, { signal: controller.signal })));
      while (proxy.open === 0) await delay(10);
      controller.abort('cancelled');
      expect(await request).toBe('cancelled');
      while (proxy.open > 0) await delay(10);
    }));

  test('in front of a host that never gets to TLS lets a request be cancelled', async () => {
    const silent = await RawServer.start(() => {});
    try {
      await withProxy(async (proxy) => {
        proxy.hosts.set('nodion.test:443', silent.address);
        setEnvironment({ HTTPS_PROXY: proxy.address });
        const controller = new AbortController();
        const request = failure(createTransport()(get(SECURE.url, { signal: controller.signal })));
        while (silent.requests.length === 0) await delay(10);
        controller.abort('cancelled');
        expect(await request).toBe('cancelled');
        while (silent.open > 0) await delay(10);
      });
    } finally {
      silent.close();
    }
  });

  test('that dies in the middle of an answer cuts that off, and a later refusal is not final', async () => {
    let proxy: FakeProxy | undefined;
    const answer: Answer = (socket, count) => {
      if (count === 1) OK(socket, count);
      else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok');
      if (count === 2) setTimeout(() => proxy?.close(), 500);
    };
    await withProxy(
      async (dying) => {
        proxy = dying;
        const origin = `http://${dying.address}`;
        const { results } = await sendInProcess([SECURE, SECURE, SECURE], { HTTPS_PROXY: origin });
        expect(results).toMatchObject([
          { body: 'ok' },
          { error: { message: failed(origin, 'the answer was cut off'), isFinal: false } },
          { error: { message: failed(origin, 'no answer (ECONNREFUSED)'), isFinal: false } },
        ]);
        expect(dying.targets).toHaveLength(1);
      },
      { answer },
    );
  });

  test('in front of a host whose certificate is not trusted is named, finally', () =>
    withProxy(async (proxy, { secure }) => {
      setEnvironment({ HTTPS_PROXY: proxy.address });
      const error = await failure(createTransport()(get(SECURE.url)));
      expect(error.message).toBe(
        failed(
          `http://${proxy.address}`,
          'no answer (DEPTH_ZERO_SELF_SIGNED_CERT). The runner does not trust the certificate: name its authority in NODE_EXTRA_CA_CERTS',
        ),
      );
      expect(error).toMatchObject({ isFinal: true, wasSent: false });
      expect(secure.requests).toEqual([]);
    }));

  test('in front of a host with the certificate of another is one final failure', () =>
    withProxy(async (proxy, { secure }) => {
      proxy.hosts.set('other.test:443', secure.address);
      const origin = `http://${proxy.address}`;
      const { results } = await sendInProcess([{ url: 'https://other.test/' }], {
        HTTPS_PROXY: origin,
      });
      expect(results[0]?.error).toMatchObject({
        message: failed(origin, 'no answer (ERR_TLS_CERT_ALTNAME_INVALID)'),
        isFinal: true,
      });
    }));
});
