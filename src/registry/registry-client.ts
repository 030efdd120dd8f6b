import { createGate } from '../http/gate.ts';
import { HttpError } from '../http/http-error.ts';
import type { HttpRequest, HttpResponse, SendRequest } from '../http/transport.ts';
import { debug, maskSecret } from '../runner/commands.ts';
import { Interrupted } from '../time/deadline.ts';
import { REGISTRY_LIMIT_MS } from '../time/step-clock.ts';
import { type Challenge, parseChallenges } from './challenges.ts';
import { readToken } from './read-token.ts';
import {
  answerError,
  foreignRealmError,
  isHtml,
  noAnswerError,
  noChallengeError,
  noTokenError,
  RegistryError,
} from './registry-error.ts';
import { isOwnRealm, registryOrigin } from './registry-host.ts';

/** Bytes: a token has a few thousand. */
const LARGEST_TOKEN_BODY = 65_536;

/**
 * Of OCI and Docker, images and lists. A registry answers 404 for what is of a type that is not among
 * them, and with a list's child where only images are.
 */
const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

/** The types of an image's manifest, with Docker's first ones, which some old registries still answer with. */
const IMAGE_TYPES: ReadonlySet<string> = new Set([
  ...MANIFEST_TYPES,
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
]);

/** Who asks. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** What a registry says of a tag. */
export type TagAnswer =
  | {
      readonly kind: 'found';
      /** Such as `sha256:…`; null where the registry does not say. */
      readonly digest: string | null;
      /** The manifest's type, where it is none of an image's; else null. */
      readonly otherType: string | null;
    }
  | { readonly kind: 'missing' }
  /** Whether it exists is not told to who asks. */
  | {
      readonly kind: 'hidden';
      readonly status: number;
      /** `none` given, or not asked for. */
      readonly credentials: 'none' | 'unasked' | 'refused' | 'accepted';
    };

export type RegistryClient = ReturnType<typeof createRegistryClient>;

/**
 * Asks one registry for tags, by the OCI distribution specification, anonymously or with credentials, which
 * it gets only once it asks for them. They and all tokens are masked.
 */
export function createRegistryClient(options: {
  /** As registryHost() has it. */
  host: string;
  credentials: Credentials | null;
  transport: SendRequest;
}) {
  const { host, credentials, transport } = options;
  const origin = registryOrigin(host);
  const gate = createGate();
  const basic = credentials && toBasic(credentials);
  /** What was accepted, by the image's path. */
  const authorizations = new Map<string, string>();

  async function send(
    request: Pick<HttpRequest, 'method' | 'url' | 'signal' | 'maxBytes' | 'takeBody'> & {
      readonly accept: string;
      readonly authorization?: string | null | undefined;
    },
  ): Promise<HttpResponse> {
    const { accept, authorization, ...rest } = request;
    const { method, signal } = rest;
    const url = new URL(rest.url);
    const startedAtMs = performance.now();
    let result = 'interrupted';
    try {
      const answer = await transport({
        ...rest,
        headers: {
          ...{ accept, 'user-agent': 'nodion-deploy' },
          ...(authorization && { authorization }),
        },
        timeoutMs: REGISTRY_LIMIT_MS,
      });
      result = String(answer.status);
      return answer;
    } catch (error) {
      if (signal.aborted) throw new Interrupted(signal.reason);
      if (!(error instanceof HttpError)) throw error;
      result = error.message;
      throw noAnswerError(url.host, error);
    } finally {
      const durationMs = Math.round(performance.now() - startedAtMs);
      debug(`${method} ${url.host}${url.pathname}: ${result} in ${durationMs} ms`);
    }
  }

  /** The token for who asks; hidden where there is none for them. */
  async function tokenFor(
    path: string,
    { parameters }: Challenge,
    signal: AbortSignal,
  ): Promise<{ token: string } | TagAnswer> {
    const { realm = '', service, scope } = parameters;
    if (realm === '') throw noChallengeError(host);
    if (!URL.canParse(realm) || !isOwnRealm(new URL(realm), origin)) {
      throw foreignRealmError(host, realm);
    }
    const url = new URL(realm);
    if (service) url.searchParams.set('service', service);
    url.searchParams.set('scope', scope || `repository:${path}:pull`);
    const request = { method: 'GET', url: url.href, maxBytes: LARGEST_TOKEN_BODY, signal };
    const answer = await send({ ...request, accept: 'application/json', authorization: basic });
    const { status, body } = answer;
    if (status === 401) {
      return { kind: 'hidden', status, credentials: basic ? 'refused' : 'none' };
    }
    if (status === 403) {
      return { kind: 'hidden', status, credentials: basic ? 'accepted' : 'none' };
    }
    if (status < 200 || status > 299) throw answerError(url.host, answer, url.href);
    const token = readToken(body);
    if (token === null) throw noTokenError(url.host, status);
    maskSecret(token);
    return { token };
  }

  /** What it takes to be answered after a 401; hidden where there is nothing. */
  async function authorize(
    path: string,
    { headers }: HttpResponse,
    signal: AbortSignal,
  ): Promise<{ authorization: string } | TagAnswer> {
    const challenges = parseChallenges(headers['www-authenticate'] ?? '');
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer) {
      const answer = await tokenFor(path, bearer, signal);
      return 'token' in answer ? { authorization: `Bearer ${answer.token}` } : answer;
    }
    if (!challenges.some(({ scheme }) => scheme === 'basic')) throw noChallengeError(host);
    return basic ? { authorization: basic } : { kind: 'hidden', status: 401, credentials: 'none' };
  }

  async function ask(
    method: 'HEAD' | 'GET',
    { path, tag }: { path: string; tag: string },
    signal: AbortSignal,
  ): Promise<TagAnswer> {
    const url = `${origin}/v2/${path}/manifests/${tag}`;
    const manifest = (authorization?: string) =>
      send({
        ...{ method, url, signal, authorization },
        accept: MANIFEST_TYPES.join(', '),
        takeBody: async () => {},
      });
    const earlier = authorizations.get(path);
    const first = await manifest(earlier);
    if (first.status !== 401) return assess(first, url, earlier);
    // A token is good for some minutes only, and not all registries challenge who has an old one.
    authorizations.delete(path);
    const refusal = earlier ? await manifest() : first;
    if (refusal.status !== 401) return assess(refusal, url);
    const authorized = await authorize(path, refusal, signal);
    if ('kind' in authorized) return authorized;
    const { authorization } = authorized;
    authorizations.set(path, authorization);
    return assess(await manifest(authorization), url, authorization);
  }

  function assess(answer: HttpResponse, url: string, authorization?: string): TagAnswer {
    const { status, headers } = answer;
    if (isHtml(answer)) throw answerError(host, answer, url);
    if (status === 200) {
      const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
      return {
        kind: 'found',
        digest: digestOf(headers['docker-content-digest'] ?? ''),
        otherType: type === '' || IMAGE_TYPES.has(type) ? null : type,
      };
    }
    if (status === 404) return { kind: 'missing' };
    // ECR answers 400 to a password that has expired.
    const isRefusal = authorization === basic && (status === 401 || status === 400);
    if (basic && isRefusal) return { kind: 'hidden', status, credentials: 'refused' };
    if (status !== 401 && status !== 403) throw answerError(host, answer, url);
    const unused = authorization ? 'accepted' : 'unasked';
    return { kind: 'hidden', status, credentials: basic ? unused : 'none' };
  }

  return {
    /**
     * Looks a tag up, when it is its turn.
     * @param options.isThorough a GET as well where HEAD says that it is missing: some registries answer
     *   only that.
     * @throws RegistryError for what says nothing about the tag, Interrupted when `signal` aborts.
     */
    look: (
      image: { path: string; tag: string },
      { isThorough, signal }: { isThorough: boolean; signal: AbortSignal },
    ): Promise<TagAnswer> =>
      gate.pass({ lane: 'normal', isSlow: false, signal }, async () => {
        try {
          const answer = await ask('HEAD', image, signal);
          const isFinal = answer.kind !== 'missing' || !isThorough;
          const last = isFinal ? answer : await ask('GET', image, signal);
          gate.release();
          return last;
        } catch (error) {
          const isLimit = error instanceof RegistryError && error.status === 429;
          const asks = error instanceof RegistryError ? error.retryAfterMs : 0;
          if (isLimit || asks > 0) gate.hold(asks);
          throw error;
        }
      }),
  };
}

/** The value of a header with these credentials, masked in itself. */
function toBasic({ username, password }: Credentials): string {
  const encoded = Buffer.from(`${username}:${password}`).toString('base64');
  maskSecret(encoded);
  return `Basic ${encoded}`;
}

function digestOf(header: string): string | null {
  return /^[a-z\d]+:[a-f\d]{32,128}$/.test(header) ? header : null;
}
