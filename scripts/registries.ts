import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loopback } from '../fakes/network.ts';
import {
  DOCKER_IMAGE,
  DOCKER_LIST,
  FakeRegistry,
  OCI_IMAGE,
  OCI_INDEX,
  READER,
} from '../fakes/registry.ts';
import { createTransport } from '../src/http/transport.ts';
import { type Credentials, createRegistryClient } from '../src/registry/registry-client.ts';

/**
 * `npm run registries`: what real registries answer to what the action asks. Runs each program of CNCF's
 * distribution that is given by its path (else Debian's `docker-registry`), pushes an image, an index and a
 * Docker list by hand, and prints what is seen of them. `host:port` is a registry on this machine that runs
 * already, such as zot, and takes pushes from anybody.
 */

const NAME = 'acme/shop';
const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
/** bcrypt of READER's password. */
const HTPASSWD = `${READER.username}:$2y$04$JEgibnAyJfgzW.UUQijhT.yiczTHHWDqvSH55cvLYzDfNoZJTb8ZW\n`;
const START_MS = 10_000;

/** Ways to ask who is asking, as distribution is configured to. */
const AUTH: Readonly<Record<string, (folder: string) => string>> = {
  nobody: () => '',
  'user and password': (folder) => {
    writeFileSync(join(folder, 'htpasswd'), HTPASSWD);
    return `auth:\n  htpasswd: {realm: test, path: ${join(folder, 'htpasswd')}}\n`;
  },
};

const programs = process.argv.slice(2);
for (const program of programs.length > 0 ? programs : ['docker-registry']) {
  if (/^[\w.-]+:\d+$/.test(program)) await examine(program, program, null);
  else {
    for (const asks of Object.keys(AUTH)) await examineProgram(program, asks);
    await examineRealm(program);
  }
}

async function examineProgram(program: string, asks: string): Promise<void> {
  await withRegistry(program, AUTH[asks] ?? (() => ''), (host) =>
    examine(`${program}, asking ${asks}`, host, asks === 'nobody' ? null : READER),
  );
}

/** A registry that sends for its token to another one, which must not be asked. */
async function examineRealm(program: string): Promise<void> {
  const other = await FakeRegistry.start('distribution 3.1', { network: loopback });
  const auth = () => `auth:\n  silly: {realm: "http://${other.host}/token", service: test}\n`;
  await withRegistry(program, auth, async (host) => {
    console.log(`\n${program}, sending for a token to another host`);
    row('with credentials', await lookAt(host, 'image', READER));
    row('requests that came there', String(other.requests.length));
  });
  other.close();
}

async function examine(title: string, host: string, credentials: Credentials | null) {
  console.log(`\n${title}`);
  const pushed = await push(host, credentials);
  const head = async (tag: string, accept: string) => {
    const response = await fetch(`http://${host}/v2/${NAME}/manifests/${tag}`, {
      method: 'HEAD',
      headers: { accept, ...authorization(credentials) },
    });
    return `${response.status} ${shown(response.headers.get('docker-content-digest'), pushed)}`;
  };
  const base = await fetch(`http://${host}/v2/`, {
    method: 'HEAD',
    headers: authorization(credentials),
  });
  row('HEAD /v2/', String(base.status));
  row('OCI image, Accept: */*', await head('image', '*/*'));
  row('Docker list, Accept: */*', await head('list', '*/*'));
  row('Docker list, Accept: a Docker image', await head('list', DOCKER_IMAGE));
  for (const tag of [...pushed.keys(), 'missing']) {
    row(`the action's look at "${tag}"`, shown(await lookAt(host, tag, credentials), pushed));
  }
  if (!credentials) return;
  row('… without credentials', await lookAt(host, 'image', null));
  row('… with a wrong password', await lookAt(host, 'image', { ...credentials, password: 'none' }));
}

async function lookAt(host: string, tag: string, credentials: Credentials | null): Promise<string> {
  const client = createRegistryClient({ host, credentials, transport: createTransport() });
  const { signal } = new AbortController();
  try {
    return JSON.stringify(await client.look({ path: NAME, tag }, { isThorough: true, signal }));
  } catch (error) {
    return String((error as Error).message);
  }
}

/** Pushes one manifest of each type. @returns their digests, by their tags. */
async function push(
  host: string,
  credentials: Credentials | null,
): Promise<ReadonlyMap<string, string>> {
  const base = `http://${host}/v2/${NAME}`;
  const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: {} }));
  const blob = { digest: digestOf(config), size: config.length };
  const begun = await fetch(`${base}/blobs/uploads/`, {
    method: 'POST',
    headers: authorization(credentials),
  });
  const upload = new URL(begun.headers.get('location') ?? '', base);
  upload.searchParams.set('digest', blob.digest);
  await send('PUT', upload.href, 'application/octet-stream', config);

  const digests = new Map<string, string>();
  async function manifest(tag: string, mediaType: string, content: object): Promise<object> {
    const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...content }));
    await send('PUT', `${base}/manifests/${tag}`, mediaType, body);
    digests.set(tag, digestOf(body));
    const platform = { architecture: 'amd64', os: 'linux' };
    return { mediaType, digest: digestOf(body), size: body.length, platform };
  }
  async function send(method: string, url: string, type: string, body: Buffer): Promise<void> {
    const headers = { 'content-type': type, ...authorization(credentials) };
    const response = await fetch(url, { method, headers, body: new Uint8Array(body) });
    if (!response.ok) throw new Error(`${method} ${url}: ${response.status}`);
  }

  const dockerConfig = 'application/vnd.docker.container.image.v1+json';
  const image = { config: { mediaType: CONFIG_TYPE, ...blob }, layers: [] };
  const docker = { config: { mediaType: dockerConfig, ...blob }, layers: [] };
  const oci = await manifest('image', OCI_IMAGE, image);
  await manifest('index', OCI_INDEX, { manifests: [oci] });
  const child = await manifest('docker', DOCKER_IMAGE, docker);
  await manifest('list', DOCKER_LIST, { manifests: [child] });
  return digests;
}

/** Runs a distribution on a free port and in a folder of its own, until `work` is done. */
async function withRegistry(
  program: string,
  auth: (folder: string) => string,
  work: (host: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'registry-'));
  const host = `127.0.0.1:${await freePort()}`;
  const configuration = join(folder, 'config.yml');
  const secret = randomBytes(16).toString('hex');
  writeFileSync(
    configuration,
    `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${folder}/data}}\nhttp: {addr: "${host}", secret: ${secret}}\n${auth(folder)}`,
  );
  const child = spawn(program, ['serve', configuration], { stdio: 'ignore' });
  const broken = new Promise<never>((_, reject) => {
    child.on('error', (error) => reject(new Error(`${program} can't be run: ${error.message}`)));
  });
  try {
    await Promise.race([broken, answering(host, child)]);
    await work(host);
  } finally {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function answering(host: string, child: ChildProcess): Promise<void> {
  const endsAtMs = performance.now() + START_MS;
  while (performance.now() < endsAtMs && child.exitCode === null) {
    if (await fetch(`http://${host}/v2/`).catch(() => null)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${child.spawnfile} does not answer at ${host}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

function authorization(credentials: Credentials | null): Record<string, string> {
  if (!credentials) return {};
  const { username, password } = credentials;
  return { authorization: `Basic ${btoa(`${username}:${password}`)}` };
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** `text` with the digests that were pushed as what they are of. */
function shown(text: string | null, pushed: ReadonlyMap<string, string>): string {
  return [...pushed].reduce(
    (rest, [tag, digest]) => rest.replaceAll(digest, `the digest of "${tag}"`),
    text ?? '',
  );
}

function row(what: string, seen: string): void {
  console.log(`  ${what.padEnd(38)} ${seen}`);
}
