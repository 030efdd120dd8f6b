import { createHash, randomUUID } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type Clock, realClock } from './clock.ts';
import { loopback, type Network } from './network.ts';
import { writeEndlessly } from './raw-server.ts';

export const OCI_IMAGE = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const DOCKER_IMAGE = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';

/** The software that a registry answers as. */
export type Software = 'distribution 2.8' | 'distribution 3.1' | 'zot' | 'gitea';

/** Who may read what is private. */
export const READER = { username: 'ada', password: 'registry-password-71c4' } as const;
/** Somebody known, without that right. */
export const STRANGER = { username: 'bob', password: 'registry-password-b0b5' } as const;

export interface RecordedLook {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** By the registry's clock. */
  readonly at: number;
}

/** An answer in place of the registry's own; `hang` sends none, `endless` one that never ends. */
export type Replacement =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  | 'hang'
  | 'reset'
  | 'endless';

interface Manifest {
  readonly type: string;
  readonly digest: string;
  /** Of a list: its image, in Docker's own type. */
  readonly child: string | null;
  /** By the registry's clock. */
  readonly pushedAt: number;
}

interface Challenging {
  readonly schemes: readonly ('Basic' | 'Bearer')[];
  /** Whether it has to be asked for all, or only for what is private. */
  readonly isForAll: boolean;
}

/**
 * A container registry on loopback that answers about manifests as one of four real ones was seen to, with a
 * record of requests. What is pushed is public, unless it is private.
 */
export class FakeRegistry {
  readonly requests: RecordedLook[] = [];
  /** The most requests that were under way at once. */
  mostRequestsAtOnce = 0;
  /** How it asks who is asking; null: not at all. */
  challenge: Challenging | null = null;
  /** Where it sends for a token; null: to itself. */
  realm: string | null = null;
  /** The names of images that only the READER may read. */
  readonly private = new Set<string>();
  /** What it answers in place of its own; null: its own. */
  replace: (request: RecordedLook) => Replacement | null = () => null;
  /** The tokens that it gave. */
  readonly tokens: string[] = [];

  private readonly software: Software;
  private readonly clock: Clock;
  private readonly server: Server;
  private port = 0;
  private readonly manifests = new Map<string, Manifest>();
  private readonly readers = new Map<string, 'anybody' | 'ada' | 'bob'>();
  private requestsAtOnce = 0;

  private constructor(software: Software, clock: Clock) {
    this.software = software;
    this.clock = clock;
    this.server = createServer((request, response) => this.serve(request, response));
  }

  static async start(
    software: Software,
    { clock = realClock, network = loopback }: { clock?: Clock; network?: Network } = {},
  ): Promise<FakeRegistry> {
    const registry = new FakeRegistry(software, clock);
    registry.port = await network.listen(registry.server);
    return registry;
  }

  /** `host:port`. */
  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** Gives `name:tag` a manifest, `afterMs` from now. @returns its digest. */
  push(name: string, tag: string, { type = OCI_IMAGE, afterMs = 0 } = {}): string {
    const digest = digestOf(`${name}:${tag} ${type}`);
    const child = /list|index/.test(type) ? digestOf(`${digest} child`) : null;
    const pushedAt = this.clock.now() + afterMs;
    this.manifests.set(`${name}:${tag}`, { type, digest, child, pushedAt });
    return digest;
  }

  /** From now on no token is good any more. */
  expireTokens(): void {
    this.readers.clear();
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    this.requestsAtOnce += 1;
    this.mostRequestsAtOnce = Math.max(this.mostRequestsAtOnce, this.requestsAtOnce);
    response.on('close', () => {
      this.requestsAtOnce -= 1;
    });
    const { method = '', url = '', headers } = request;
    const look = { method, url, headers, at: this.clock.now() };
    this.requests.push(look);
    const answer = this.replace(look) ?? this.answer(look);
    if (answer === 'hang') return;
    if (answer === 'reset') request.socket.resetAndDestroy();
    else if (answer === 'endless') {
      request.socket.write('HTTP/1.1 200 OK\r\n\r\n');
      writeEndlessly(request.socket, 'x'.repeat(65_536));
    } else {
      response.writeHead(answer.status, answer.headers);
      response.end(method === 'HEAD' ? undefined : answer.body);
    }
  }

  private answer(look: RecordedLook): Exclude<Replacement, string> {
    const { pathname, searchParams } = new URL(look.url, `http://${this.host}`);
    if (pathname === '/token') return this.giveToken(look);
    if (pathname === '/v2/') return this.answerBase(look);
    const [, name = '', tag = ''] = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(pathname) ?? [];
    if (name === '' || searchParams.size > 0) return { status: 404, body: '404 page not found' };
    return this.authorize(look, name) ?? this.answerManifest(look, name, tag);
  }

  private answerBase({ method }: RecordedLook): Exclude<Replacement, string> {
    const hasHead = this.software.startsWith('distribution');
    return { status: method === 'HEAD' && !hasHead ? 405 : 200, body: '{}' };
  }

  /** A token for whoever asks, as docker.io does; 401 for a wrong password. */
  private giveToken({ headers }: RecordedLook): Exclude<Replacement, string> {
    const reader = headers.authorization ? userOf(headers.authorization) : 'anybody';
    if (reader === null) return errorAnswer(401, 'UNAUTHORIZED');
    const token = `fake-token-${randomUUID()}`;
    this.tokens.push(token);
    this.readers.set(token, reader);
    return { status: 200, body: JSON.stringify({ token, expires_in: 300 }) };
  }

  /** A refusal; null where who asks may read it. */
  private authorize(
    { headers: { authorization } }: RecordedLook,
    name: string,
  ): Exclude<Replacement, string> | null {
    const { challenge, software } = this;
    if (!challenge) return null;
    const isPrivate = this.private.has(name);
    if (authorization === undefined) {
      return challenge.isForAll || isPrivate ? this.challenged(name) : null;
    }
    const [scheme = '', given = ''] = authorization.split(' ');
    const isOffered = challenge.schemes.some((one) => one === scheme);
    const reader = scheme === 'Bearer' ? (this.readers.get(given) ?? null) : userOf(authorization);
    if (!isOffered || reader === null) {
      return software === 'zot' && scheme === 'Bearer'
        ? errorAnswer(401, 'UNAUTHORIZED')
        : this.challenged(name);
    }
    if (!isPrivate || reader === READER.username) return null;
    return reader !== 'anybody' && software === 'zot'
      ? errorAnswer(403, 'DENIED')
      : this.challenged(name);
  }

  private challenged(name: string): Exclude<Replacement, string> {
    return errorAnswer(401, 'UNAUTHORIZED', { 'www-authenticate': this.challengeFor(name) });
  }

  private challengeFor(name: string): string {
    const realm = this.realm ?? `http://${this.host}/token`;
    const scope = this.software === 'zot' ? '' : `repository:${name}:pull`;
    const challenges = {
      Bearer: `Bearer realm="${realm}",service="fake, registry",scope="${scope}"`,
      Basic: 'Basic realm="fake"',
    };
    return (this.challenge?.schemes ?? []).map((scheme) => challenges[scheme]).join(', ');
  }

  private answerManifest(
    { headers: { accept = '' } }: RecordedLook,
    name: string,
    tag: string,
  ): Exclude<Replacement, string> {
    const isDistribution = this.software.startsWith('distribution');
    const manifest = this.manifests.get(`${name}:${tag}`);
    if (!manifest || manifest.pushedAt > this.clock.now()) {
      const isKnown = [...this.manifests.keys()].some((key) => key.startsWith(`${name}:`));
      return this.software === 'gitea' && !isKnown
        ? { status: 404, headers: { 'content-type': 'text/plain' }, body: 'Not found.\n' }
        : errorAnswer(404, 'MANIFEST_UNKNOWN');
    }
    const { type, digest, child } = manifest;
    const isAccepted = accept.includes(type);
    if (isDistribution && !isAccepted) {
      if (type === DOCKER_LIST && accept.includes(DOCKER_IMAGE) && child) {
        return this.show(DOCKER_IMAGE, child, name);
      }
      if (type !== DOCKER_IMAGE) {
        return type === DOCKER_LIST
          ? errorAnswer(400, 'MANIFEST_INVALID')
          : errorAnswer(404, 'MANIFEST_UNKNOWN');
      }
    }
    return this.show(type, digest, name);
  }

  private show(type: string, digest: string, name: string): Exclude<Replacement, string> {
    return {
      status: 200,
      headers: {
        'content-type': type,
        'docker-content-digest': digest,
        ...(this.software === 'zot' &&
          this.challenge && { 'www-authenticate': this.challengeFor(name) }),
      },
      body: JSON.stringify({ schemaVersion: 2, mediaType: type }),
    };
  }
}

function errorAnswer(
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
): Exclude<Replacement, string> {
  const body = JSON.stringify({ errors: [{ code, message: code.toLowerCase() }] });
  return { status, headers: { 'content-type': 'application/json', ...headers }, body };
}

/** Who a Basic authorization is of; null for a wrong password. */
function userOf(authorization: string): 'ada' | 'bob' | null {
  const given = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString();
  const user = [READER, STRANGER].find((one) => given === `${one.username}:${one.password}`);
  return user?.username ?? null;
}

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
