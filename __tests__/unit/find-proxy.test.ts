import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { findProxy } from '../../src/http/proxy.ts';
import { createTransport } from '../../src/http/transport.ts';
import { failure, get, setEnvironment } from '../sockets/requests.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

describe('The proxy for a request', () => {
  const HTTPS = 'https://nodion.test/v1';
  const HTTP = 'http://nodion.test/v1';
  const PROXY = 'http://proxy.test:3128';
  test.each<[string, Record<string, string>, string | null]>([
    [HTTPS, {}, null],
    [HTTPS, { HTTPS_PROXY: PROXY }, PROXY],
    [HTTPS, { https_proxy: PROXY }, PROXY],
    [HTTPS, { ALL_PROXY: PROXY }, PROXY],
    [HTTPS, { all_proxy: PROXY }, PROXY],
    [HTTPS, { HTTPS_PROXY: PROXY, ALL_PROXY: 'http://other.test' }, PROXY],
    [HTTPS, { HTTPS_PROXY: 'proxy.test:3128' }, PROXY],
    [HTTPS, { HTTPS_PROXY: 'https://proxy.test' }, 'https://proxy.test'],
    [HTTPS, { HTTPS_PROXY: 'http://[::1]:3128/' }, 'http://[::1]:3128'],
    [HTTPS, { HTTP_PROXY: PROXY }, null],
    [HTTP, { HTTPS_PROXY: PROXY }, null],
    [HTTP, { HTTP_PROXY: PROXY }, PROXY],
    [HTTPS, { HTTPS_PROXY: PROXY, NO_PROXY: 'nodion.test' }, null],
    [HTTPS, { HTTPS_PROXY: PROXY, no_proxy: 'other.test, .test' }, null],
    [HTTPS, { HTTPS_PROXY: PROXY, NO_PROXY: '*' }, null],
    ...['test', '.test', 'Test', '*.test', '*test', '.nodion.test', 'a.test,test', 'test:443'].map(
      (names): [string, Record<string, string>, null] => [
        HTTPS,
        { HTTPS_PROXY: PROXY, NO_PROXY: names },
        null,
      ],
    ),
    ...['ion.test', 'api.nodion.test', '*.nodion.test', 'test:80', ' , ', '.'].map(
      (names): [string, Record<string, string>, string] => [
        HTTPS,
        { HTTPS_PROXY: PROXY, NO_PROXY: names },
        PROXY,
      ],
    ),
    ['https://10.0.0.1/', { HTTPS_PROXY: PROXY, NO_PROXY: '10.0.0.1' }, null],
    ['https://10.0.0.1/', { HTTPS_PROXY: PROXY, NO_PROXY: '0.0.1' }, PROXY],
    ['https://[fd00::1]:8443/', { HTTPS_PROXY: PROXY, NO_PROXY: '[fd00::1]:8443' }, null],
    [HTTPS, { HTTPS_PROXY: PROXY, NO_PROXY: 'nodion.test:8443' }, PROXY],
    [HTTPS, { HTTPS_PROXY: '' }, null],
    ...['localhost', '127.0.0.1:8080', '127.255.0.9', '127.1', '[::1]', '[0:0::1]:1'].map(
      (host): [string, Record<string, string>, null] => [
        `http://${host}/`,
        { ALL_PROXY: PROXY },
        null,
      ],
    ),
    ['http://localhost.nodion.test/', { ALL_PROXY: PROXY }, PROXY],
    ['http://127.0.0.1.nodion.test/', { ALL_PROXY: PROXY }, PROXY],
  ])('to %s with %j is %s', (url, environment, origin) => {
    setEnvironment(environment);
    expect(findProxy(new URL(url))?.url.origin ?? null).toBe(origin);
  });

  test.each([
    ['http://ada:s3cret@proxy.test', 'ada:s3cret'],
    ['http://ada%40x:s%3A%20t@proxy.test', 'ada@x:s: t'],
    ['http://ada@proxy.test', 'ada:'],
    ['ada:s3cret@proxy.test', 'ada:s3cret'],
  ])('is given the credentials of %s', (address, credentials) => {
    setEnvironment({ HTTPS_PROXY: address });
    const proxy = findProxy(new URL(HTTPS));
    expect(proxy?.headers).toEqual({
      'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}`,
    });
    expect(proxy?.url.href).toBe('http://proxy.test/');
  });

  test.each([
    [
      'socks5://ada:s3cret@proxy.test:1080',
      null,
      "The proxy in the environment (HTTPS_PROXY, HTTP_PROXY or ALL_PROXY) can't be used: socks5:// is not supported; allowed are http:// and https://. NO_PROXY exempts hosts.",
    ],
    [
      'http://',
      null,
      "The proxy in the environment (HTTPS_PROXY, HTTP_PROXY or ALL_PROXY) can't be used: it is not a URL; allowed are http:// and https://. NO_PROXY exempts hosts.",
    ],
    [
      'http://ada:s3%cret@proxy.test:3128',
      PROXY,
      `The proxy ${PROXY} can't be used: its user name and password must be URL-encoded`,
    ],
  ])(
    'that can not be used is told before anything is sent: %s',
    async (address, proxy, message) => {
      setEnvironment({ HTTPS_PROXY: address });
      const error = await failure(createTransport()(get(HTTPS)));
      expect({ ...error, message: error.message }).toEqual({
        name: 'HttpError',
        message,
        code: 'PROXY_UNUSABLE',
        host: 'nodion.test',
        proxy,
        isFinal: true,
        status: null,
        wasSent: false,
      });
    },
  );
});
