import { afterEach, describe, expect, jest, test } from '@jest/globals';
import {
  DOCKER_IMAGE,
  DOCKER_LIST,
  FakeRegistry,
  OCI_IMAGE,
  OCI_INDEX,
  READER,
  type RecordedLook,
  type Replacement,
  type Software,
  STRANGER,
} from '../../fakes/registry.ts';
import { createTransport } from '../../src/http/transport.ts';
import { parseChallenges } from '../../src/registry/challenges.ts';
import { createRegistryClient, type TagAnswer } from '../../src/registry/registry-client.ts';
import { isOwnRealm, registryHost, registryOrigin } from '../../src/registry/registry-host.ts';

const ALL: readonly Software[] = ['distribution 2.8', 'distribution 3.1', 'zot', 'gitea'];
const NAME = 'acme/shop';
const started: FakeRegistry[] = [];
afterEach(() => {
  for (const registry of started.splice(0)) registry.close();
});

async function start(software: Software): Promise<FakeRegistry> {
  const registry = await FakeRegistry.start(software);
  started.push(registry);
  return registry;
}

type Given = { username: string; password: string } | null;

function clientOf({ host }: FakeRegistry, credentials: Given = null) {
  // What is masked is printed.
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  const client = createRegistryClient({ host, credentials, transport: createTransport() });
  const { signal } = new AbortController();
  return (tag = 'v1', isThorough = false, path = NAME) =>
    client.look({ path, tag }, { isThorough, signal });
}

function look(registry: FakeRegistry, credentials: Given = null): Promise<TagAnswer> {
  return clientOf(registry, credentials)();
}

const hidden = (status: number, credentials: string) => ({ kind: 'hidden', status, credentials });
const found = (digest: string) => ({ kind: 'found', digest, otherType: null });

/** The fake is as the real ones were seen to be: so what asks otherwise would be told otherwise. */
describe.each(ALL)('The fake of %s', (software) => {
  const isDistribution = software.startsWith('distribution');

  async function ask(registry: FakeRegistry, path: string, method: string, accept?: string) {
    const headers = accept ? { accept } : { accept: '*/*' };
    const url = `http://${registry.host}/v2/${path}`;
    const { status, headers: answered } = await fetch(url, { method, headers });
    return { status, digest: answered.get('docker-content-digest') };
  }

  test('needs the types that it is asked for', async () => {
    const registry = await start(software);
    const image = registry.push(NAME, 'image');
    const list = registry.push(NAME, 'list', { type: DOCKER_LIST });
    const any = await ask(registry, `${NAME}/manifests/image`, 'HEAD');
    expect(any.status).toBe(isDistribution ? 404 : 200);
    expect((await ask(registry, `${NAME}/manifests/list`, 'HEAD')).status).toBe(
      isDistribution ? 400 : 200,
    );
    const child = await ask(registry, `${NAME}/manifests/list`, 'HEAD', DOCKER_IMAGE);
    expect(child.status).toBe(200);
    expect(child.digest === list).toBe(!isDistribution);
    expect((await ask(registry, `${NAME}/manifests/image`, 'HEAD', OCI_IMAGE)).digest).toBe(image);
    expect((await ask(registry, '', 'HEAD')).status).toBe(isDistribution ? 200 : 405);
  });
});

describe.each(ALL)('In a registry as %s', (software) => {
  test.each([OCI_IMAGE, OCI_INDEX, DOCKER_IMAGE, DOCKER_LIST])('%s is found', async (type) => {
    const registry = await start(software);
    const digest = registry.push(NAME, 'v1', { type });
    expect(await look(registry)).toEqual(found(digest));
    expect(registry.requests.map(({ method, url }) => [method, url])).toEqual([
      ['HEAD', `/v2/${NAME}/manifests/v1`],
    ]);
  });

  test('a missing tag, and a missing image, are missing to HEAD and GET', async () => {
    const registry = await start(software);
    registry.push(NAME, 'v1');
    const see = clientOf(registry);
    expect(await see('v2', true)).toEqual({ kind: 'missing' });
    expect(await see('v2', true, 'nobody/nothing')).toEqual({ kind: 'missing' });
    expect(registry.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET', 'HEAD', 'GET']);
  });

  test.each([[['Bearer']], [['Basic']], [['Bearer', 'Basic']]] as const)(
    'what is private is shown to who may read it alone, by %j',
    async (schemes) => {
      const registry = await start(software);
      registry.challenge = { schemes, isForAll: true };
      registry.private.add(NAME);
      const digest = registry.push(NAME, 'v1');
      expect(await look(registry)).toEqual(hidden(401, 'none'));
      expect(await look(registry, READER)).toEqual(found(digest));
      const isZot = software === 'zot';
      const isBearer = schemes[0] === 'Bearer';
      expect(await look(registry, STRANGER)).toEqual(
        hidden(isZot ? 403 : 401, isZot || isBearer ? 'accepted' : 'refused'),
      );
      const wrong = { ...READER, password: 'registry-password-none' };
      expect(await look(registry, wrong)).toEqual(hidden(401, 'refused'));
      // Never before it is asked for them.
      for (const { url, headers } of registry.requests) {
        if (url.startsWith('/v2/') && isBearer)
          expect(headers.authorization ?? '').not.toMatch(/^Basic/);
      }
      expect(registry.requests[0]?.headers.authorization).toBeUndefined();
    },
  );

  test('what is public is found anonymously, by a token that lasts until it expires', async () => {
    const registry = await start(software);
    registry.challenge = { schemes: ['Bearer', 'Basic'], isForAll: true };
    const digest = registry.push(NAME, 'v1');
    const see = clientOf(registry);
    expect(await see()).toEqual(found(digest));
    expect(await see()).toEqual(found(digest));
    expect(registry.tokens).toHaveLength(1);
    registry.expireTokens();
    expect(await see()).toEqual(found(digest));
    expect(registry.tokens).toHaveLength(2);
    const asked = registry.requests.filter(({ url }) => url.startsWith('/token'));
    for (const { url, headers } of asked) {
      expect(Object.fromEntries(new URL(url, 'http://x').searchParams)).toEqual({
        service: 'fake, registry',
        scope: `repository:${NAME}:pull`,
      });
      expect(headers.authorization).toBeUndefined();
    }
  });
});

test.each<[string, Replacement, string, boolean]>([
  ['a 429', { status: 429, headers: { 'retry-after': '7' } }, 'answered 429.', true],
  ['a 503', { status: 503 }, 'answered 503.', true],
  ['a 401 without a challenge', { status: 401 }, 'names neither Bearer nor Basic', true],
  [
    'a web page for 200',
    { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } },
    'answered 200, with a web page.',
    true,
  ],
  [
    'a web page for 404',
    { status: 404, headers: { 'content-type': 'text/html' } },
    'answered 404, with a web page.',
    true,
  ],
  [
    'a redirect',
    { status: 307, headers: { location: 'https://evil.example/v2/a?x=1' } },
    'answered 307, a redirect to https://evil.example, which is not followed.',
    true,
  ],
  ['a 400', { status: 400 }, 'answered 400.', false],
  ['a 204', { status: 204 }, 'answered 204.', false],
  ['a 206', { status: 206 }, 'answered 206.', false],
  ['a reset', 'reset', 'failed: no answer (ECONNRESET)', true],
])('%s says nothing about the tag', async (_, reply, message, retryable) => {
  const registry = await start('distribution 3.1');
  registry.replace = () => reply;
  const error = await look(registry, READER).catch((failure: unknown) => failure);
  expect(error).toMatchObject({ name: 'RegistryError', retryable });
  expect(String((error as Error).message)).toContain(message);
  const asked =
    reply !== 'reset' && reply !== 'hang' && reply !== 'endless' && reply.status === 429;
  expect(error).toMatchObject({ retryAfterMs: asked ? 7_000 : 0 });
});

/** What hosted registries are known to answer: of them, only these words are known. */
describe('A registry that answers as', () => {
  const isToken = ({ url }: RecordedLook) => url.startsWith('/token');
  const bearer = { schemes: ['Bearer'], isForAll: true } as const;

  test.each([401, 403])(
    'ghcr.io, which refuses the token by %d, hides the image',
    async (status) => {
      const registry = await start('distribution 3.1');
      registry.challenge = bearer;
      registry.replace = (request) => (isToken(request) ? { status } : null);
      expect(await look(registry)).toEqual(hidden(status, 'none'));
      expect(await look(registry, READER)).toEqual(
        hidden(status, status === 401 ? 'refused' : 'accepted'),
      );
      expect(registry.requests.filter((request) => !isToken(request))).toHaveLength(2);
    },
  );

  test('docker.io, whose token for everybody opens nothing that is private', async () => {
    const registry = await start('distribution 3.1');
    registry.challenge = bearer;
    registry.private.add(NAME);
    expect(await look(registry)).toEqual(hidden(401, 'none'));
    expect(registry.tokens).toHaveLength(1);
  });

  test('ECR, which answers 400 without a challenge to a password that expired', async () => {
    const registry = await start('distribution 3.1');
    registry.challenge = { schemes: ['Basic'], isForAll: true };
    registry.replace = ({ headers }) => (headers.authorization ? { status: 400 } : null);
    expect(await look(registry, READER)).toEqual(hidden(400, 'refused'));
    expect(await look(registry)).toEqual(hidden(401, 'none'));
  });

  test('Artifactory, which answers 403 for a missing tag, to whoever asks', async () => {
    const registry = await start('distribution 3.1');
    registry.challenge = bearer;
    registry.replace = ({ url, headers }) =>
      url.startsWith('/v2/') && headers.authorization ? { status: 403 } : null;
    // A token for whoever asks, then no: whether it is there is not told.
    registry.push(NAME, 'v1');
    const answers = [await look(registry), await look(registry, READER)];
    expect(answers).toEqual([hidden(403, 'none'), hidden(403, 'accepted')]);
  });

  test('an old Nexus, which has for GET what it has not for HEAD', async () => {
    const registry = await start('distribution 3.1');
    const digest = registry.push(NAME, 'v1');
    registry.replace = ({ method }) => (method === 'HEAD' ? { status: 404 } : null);
    const see = clientOf(registry);
    expect(await see('v1', true)).toEqual(found(digest));
    expect(await see('v1', false)).toEqual({ kind: 'missing' });
  });

  test('one that lost the image of an index: the index is there', async () => {
    const registry = await start('distribution 3.1');
    const digest = registry.push(NAME, 'v1', { type: OCI_INDEX });
    registry.replace = ({ url }) => (url.endsWith('/v1') ? null : { status: 404 });
    expect(await look(registry)).toEqual(found(digest));
    expect(registry.requests).toHaveLength(1);
  });
});

test('A body without end is not read', async () => {
  const registry = await start('distribution 3.1');
  registry.replace = ({ method }) => (method === 'GET' ? 'endless' : { status: 404 });
  expect(await clientOf(registry)('v1', true)).toMatchObject({ kind: 'found', digest: null });
});

test('A token without end, or one that is none, is no token', async () => {
  const registry = await start('distribution 3.1');
  registry.challenge = { schemes: ['Bearer'], isForAll: true };
  const bodies = [
    'endless',
    'no JSON',
    '[]',
    'null',
    '{"token":""}',
    '{"token":"1"}',
    '{"token":"a\\r\\nb"}',
  ];
  for (const body of bodies) {
    registry.replace = ({ url }) => {
      if (!url.startsWith('/token')) return null;
      return body === 'endless' ? body : { status: 200, body };
    };
    await expect(look(registry)).rejects.toMatchObject({ name: 'RegistryError', retryable: true });
  }
});

test.each([
  'https://auth.evil.example/token',
  'http://127.0.0.2:5000/token',
  'https://127.0.0.1/token',
  'no address',
  'file:///etc/passwd',
])('Nothing is sent to the realm %s', async (realm) => {
  const registry = await start('distribution 3.1');
  const send = jest.fn(createTransport());
  registry.challenge = { schemes: ['Bearer', 'Basic'], isForAll: true };
  registry.realm = realm;
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  const { host } = registry;
  const client = createRegistryClient({ host, credentials: READER, transport: send });
  const { signal } = new AbortController();
  const looking = client.look({ path: NAME, tag: 'v1' }, { isThorough: true, signal });
  await expect(looking).rejects.toMatchObject({
    name: 'RegistryError',
    retryable: false,
    message: expect.stringContaining(': nothing was sent there.'),
  });
  expect(send.mock.calls.map(([{ url }]) => url)).toEqual([
    `http://${host}/v2/${NAME}/manifests/v1`,
  ]);
});

test.each([
  ['https://auth.docker.io/token', 'docker.io', true],
  ['https://gitlab.com/jwt/auth', 'registry.gitlab.com', true],
  ['https://ghcr.io/token', 'ghcr.io', true],
  ['https://GHCR.io:443/token', 'ghcr.io', true],
  ['http://ghcr.io/token', 'ghcr.io', false],
  ['https://ada:pw@ghcr.io/token', 'ghcr.io', false],
  ['https://evil.io/token', 'ghcr.io', false],
  ['https://evilghcr.io/token', 'ghcr.io', false],
  ['https://10.0.0.1/token', '10.1.0.1', false],
  ['https://[::2]/token', '[::3]', false],
  ['https://10.0.0.1/token', '10.0.0.1', true],
  ['http://127.0.0.1:5000/token', '127.0.0.1:5000', true],
  ['http://127.0.0.1:5001/token', '127.0.0.1:5000', false],
  ['https://auth.shop.co.uk/token', 'registry.shop.co.uk', true],
  ['https://evil.co.uk/token', 'shop.co.uk', false],
  ['https://auth.foo-co.uk/token', 'registry.foo-co.uk', true],
  ['https://registry/token', 'registry:5000', false],
])('The realm %s is trusted by %s: %j', (realm, host, isTrusted) => {
  expect(isOwnRealm(new URL(realm), registryOrigin(host))).toBe(isTrusted);
});

test.each([
  ['docker.io', 'docker.io'],
  ['https://index.docker.io/v1/', 'docker.io'],
  ['registry-1.docker.io', 'docker.io'],
  ['GHCR.io', 'ghcr.io'],
  ['https://registry.example.com:5000/', 'registry.example.com:5000'],
  ['localhost:5000', 'localhost:5000'],
  ['', null],
  ['two words', null],
  ['ada:pw@ghcr.io', null],
  ['shop', null],
  ['ghcr.io:99999', null],
])('%j names the registry %j', (text, host) => {
  expect(registryHost(text)).toBe(host);
});

test('Challenges are read as they may be written', () => {
  expect(
    parseChallenges(
      'Negotiate abc==, BEARER Realm="https://a.example/t?x=1,2" , service="a \\"b\\"",scope=x:y:pull,push,Basic realm="c, d"',
    ),
  ).toMatchObject([
    { scheme: 'negotiate' },
    {
      scheme: 'bearer',
      parameters: { realm: 'https://a.example/t?x=1,2', service: 'a "b"', scope: 'x:y:pull' },
    },
    { scheme: 'push' },
    { scheme: 'basic', parameters: { realm: 'c, d' } },
  ]);
  expect(parseChallenges('')).toEqual([]);
  expect(parseChallenges('"'.repeat(16_000))).toEqual([]);
});
