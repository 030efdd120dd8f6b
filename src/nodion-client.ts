import { request as octokit } from '@octokit/request';
import { RequestError } from '@octokit/request-error';
import pLimit from 'p-limit';
import { Interrupted, NotSent, withLimit } from './deadline.ts';
import { singleLine } from './untrusted-text.ts';
import { isUuid } from './uuid.ts';

const REQUEST_TIMEOUT_MS = 30_000;
/** How long an answer that is on its way at the step's time-out may still take to arrive. */
const ANSWER_GRACE_MS = 300;
const REQUESTS_AT_ONCE = 8;
const LONGEST_WORDS = 1_000;
const LONGEST_RETRY_AFTER_MS = 24 * 3_600_000;

/** An application, as in https://docs.nodion.com (Applications API). Null: the answer lacks it. */
export interface Application {
  readonly id: string;
  readonly name: string;
  /** Nodion's word, for example `online`. */
  readonly status: string | null;
  /** `dockerfile`, `buildpacks` or `prebuilt_image`. */
  readonly deployment_strategy: string | null;
  /** The tag deployed by default; null for Git-based applications. */
  readonly image_tag: string | null;
  readonly region: { readonly id: string | null; readonly slug: string | null };
  readonly workers: readonly { readonly name: string; readonly status: string | null }[];
  /** The object as the API sent it. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** A deployment, as in Nodion's Application Deployments API. Null: the API says null or lacks it. */
export interface Deployment {
  readonly id: string;
  /** Nodion's word: `created`, `waiting`, `available`, `failed`, `expired`, or one unknown to us; '' for none. */
  readonly status: string;
  /** Counts up by one for each application. */
  readonly deploy_number: number;
  readonly git_sha: string | null;
  /** Written by whoever can push. */
  readonly commit_message: string | null;
  /** Written by whoever can push. */
  readonly committer_name: string | null;
  readonly strategy: string | null;
  /** For example `docker.io/nginx:1.25`; null for Git-based deployments. */
  readonly image_reference: string | null;
  /** ISO 8601, by Nodion's clock. */
  readonly created_at: string | null;
}

/** A running container and the deployment that it is of. */
export interface Instance {
  readonly name: string;
  readonly status: string;
  /** Null when the answer does not say. */
  readonly deployment: { readonly id: string; readonly deploy_number: number | null } | null;
}

/** A line of an application's runtime log. */
export interface LogLine {
  /** ISO 8601. */
  readonly ts: string;
  readonly msg: string;
}

/** A request that ended without a documented answer. The message is one sentence about it, and what to check. */
export class NodionError extends Error {
  /** HTTP status; null when no whole answer came. */
  readonly status: number | null;
  /** Whether the same read may succeed later. */
  readonly retryable: boolean;
  /** Nodion's `Retry-After` in milliseconds; 0 when it asked for none. */
  readonly retryAfterMs: number;

  constructor(
    message: string,
    options: { status?: number; retryable: boolean; retryAfterMs?: number },
  ) {
    super(message);
    this.name = 'NodionError';
    this.status = options.status ?? null;
    this.retryable = options.retryable;
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }
}

/** What became of one request, for the debug log. */
export interface RequestRecord {
  readonly method: string;
  readonly path: string;
  /** The HTTP status, or what happened in its place. */
  readonly result: string;
  readonly durationMs: number;
}

export interface NodionClientOptions {
  readonly apiKey: string;
  /** Sent as `X-Nodion-Project`, for user API keys; null sends none. */
  readonly projectId: string | null;
  /** Base URL without a trailing slash. */
  readonly apiUrl: string;
  /** Where requests go out: the global fetch, or one that goes through a proxy (it may throw NodionError). */
  readonly fetch: typeof fetch;
  readonly onRequest?: (record: RequestRecord) => void;
}

export type NodionClient = ReturnType<typeof createNodionClient>;

/**
 * Nodion's REST API, one method for each endpoint, at most 8 requests under way at once. Every method
 * sends one request, waits at most 30 s for it, and checks the shape of the answer.
 *
 * All throw NodionError for anything but the documented answer, and Interrupted when `signal` aborts.
 * GET answers with an `ETag` are asked for conditionally the next time.
 */
export function createNodionClient(options: NodionClientOptions) {
  const { apiKey, projectId, apiUrl, onRequest } = options;
  const limit = pLimit(REQUESTS_AT_ONCE);
  const request = octokit.defaults({
    baseUrl: apiUrl,
    headers: {
      accept: 'application/json',
      'user-agent': 'nodion-deploy',
      authorization: `Bearer ${apiKey}`,
      ...(projectId && { 'x-nodion-project': projectId }),
    },
    request: { fetch: wholeAnswers(options.fetch), redirect: 'manual' },
  });

  // One grace for all: requests that queue behind others must not add up their own.
  let graceEndsAt: number | null = null;
  function graceMs(signal: AbortSignal): number {
    if (!signal.aborted) return ANSWER_GRACE_MS;
    graceEndsAt ??= performance.now() + ANSWER_GRACE_MS;
    return Math.max(0, graceEndsAt - performance.now());
  }

  async function send(route: string, parameters: Record<string, unknown>, signal: AbortSignal) {
    const { method, url } = request.endpoint(route, parameters);
    const path = url.slice(apiUrl.length);
    const startedAt = performance.now();
    let result = 'interrupted';
    try {
      if (signal.aborted && method !== 'GET') throw new NotSent(signal.reason);
      const limits = { ms: REQUEST_TIMEOUT_MS, signal, graceMs: graceMs(signal) };
      const answer = await withLimit(limits, (limited) =>
        request(route, { ...parameters, request: { signal: limited } }),
      );
      result = String(answer.status);
      if (answer.status >= 300) throw redirected(`${method} ${path}`, apiUrl, answer);
      return { name: `${method} ${path}`, status: answer.status, text: String(answer.data) };
    } catch (error) {
      if (error instanceof NodionError || error instanceof NotSent) throw error;
      const response = error instanceof RequestError ? error.response : undefined;
      if (response) {
        result = String(response.status);
        throw refused(`${method} ${path}`, response);
      }
      if (signal.aborted) throw new Interrupted(signal.reason);
      const cause = error instanceof Error ? error.cause : undefined;
      result = cause instanceof NodionError ? cause.message : networkFailure(error);
      if (cause instanceof NodionError) throw cause;
      throw new NodionError(`${method} ${path}: ${result}`, { retryable: true });
    } finally {
      onRequest?.({ method, path, result, durationMs: performance.now() - startedAt });
    }
  }

  async function ask<T>(
    route: string,
    options: { parameters?: Record<string, unknown>; read: (body: unknown) => T },
    signal: AbortSignal,
  ): Promise<T> {
    const answer = await limit(() => send(route, options.parameters ?? {}, signal));
    try {
      return options.read(JSON.parse(answer.text));
    } catch (error) {
      throw new NodionError(
        `${answer.name}: the answer (status ${answer.status}) is not the documented one: ${
          error instanceof UndocumentedShape ? error.message : 'not JSON'
        }`,
        { status: answer.status, retryable: true },
      );
    }
  }

  return {
    listApplications: (signal: AbortSignal) =>
      ask(
        'GET /applications',
        { read: (body) => list(field(body, 'applications'), toApplication) },
        signal,
      ),

    getApplication: (id: string, signal: AbortSignal) =>
      ask(
        'GET /applications/{id}',
        { parameters: { id: uuid(id) }, read: (body) => toApplication(field(body, 'application')) },
        signal,
      ),

    /**
     * Creates an application from the API's own body parameters. Resolves to null when the answer does
     * not describe it: the body of a success is not documented. Not idempotent.
     */
    createApplication: async (
      data: Readonly<Record<string, string | number>>,
      signal: AbortSignal,
    ): Promise<Application | null> => {
      const { text } = await limit(() => send('POST /applications', { data }, signal));
      try {
        const body: unknown = JSON.parse(text);
        return toApplication(optional(body, 'application') ?? body);
      } catch {
        return null;
      }
    },

    /** All deployments of the application, in the API's order. */
    listDeployments: (applicationId: string, signal: AbortSignal) =>
      ask(
        'GET /applications/{id}/deployments',
        {
          parameters: { id: uuid(applicationId) },
          read: (body) => list(field(body, 'deployments'), toDeployment),
        },
        signal,
      ),

    /** Triggers a deployment; `imageTag` null deploys the latest commit or the default tag. Not idempotent. */
    triggerDeployment: (applicationId: string, imageTag: string | null, signal: AbortSignal) =>
      ask(
        'POST /applications/{id}/deployments',
        {
          parameters: { id: uuid(applicationId), ...(imageTag && { image_tag: imageTag }) },
          read: (body) => {
            const deployment = field(body, 'deployment');
            text(deployment, 'status');
            return toDeployment(deployment);
          },
        },
        signal,
      ),

    /** The application's running containers. A gateway or an older key may not have this endpoint. */
    listInstances: (applicationId: string, signal: AbortSignal) =>
      ask(
        'GET /applications/{id}/instances',
        {
          parameters: { id: uuid(applicationId) },
          read: (body) => list(field(body, 'instances'), toInstance),
        },
        signal,
      ),

    /**
     * Runtime log lines of the online instances after `after` (ISO 8601), oldest first, at most 2500.
     * A gateway or an older key may not have this endpoint.
     */
    listLogLines: (applicationId: string, after: string, signal: AbortSignal) =>
      ask(
        'GET /applications/{id}/logs',
        {
          // Which end a smaller limit cuts off is not documented.
          parameters: { id: uuid(applicationId), limit: 2500, after },
          read: (body) => list(field(body, 'logs'), toLogLine),
        },
        signal,
      ),
  };
}

/**
 * Wraps fetch for @octokit/request 10, which resolves a cut-off body to '', throws on 304, parses only
 * some media types and prints `deprecation` headers: the body is read whole and handed over as text,
 * with the only headers that are used; a 304 becomes the answer it stands for.
 */
function wholeAnswers(fetch: NodionClientOptions['fetch']): typeof fetch {
  const cached = new Map<string, { etag: string; body: ArrayBuffer }>();
  return async (url, init) => {
    const key = init?.method === 'GET' ? String(url) : '';
    const known = cached.get(key);
    const headers = { ...(init?.headers as Record<string, string>) };
    if (known) headers['if-none-match'] = known.etag;
    const answer = await fetch(url, { ...init, headers });
    const body = await answer.arrayBuffer();
    if (answer.status === 304 && known) return new Response(known.body);
    const etag = answer.headers.get('etag');
    if (key && etag && answer.status === 200) cached.set(key, { etag, body });
    const kept = ['location', 'retry-after'].flatMap((name) => {
      const value = answer.headers.get(name);
      return value === null ? [] : [[name, value] as [string, string]];
    });
    const bodiless = answer.status === 204 || answer.status === 205 || answer.status === 304;
    return new Response(bodiless ? null : new TextDecoder().decode(body), {
      status: answer.status,
      headers: kept,
    });
  };
}

type Answer = { status: number; headers: Record<string, unknown>; data: unknown };

const ADVICE: Readonly<Record<number, string>> = {
  400: "Check the inputs and, in Nodion's dashboard, the application.",
  401: 'Check the secret behind `api_key`: it may be mistyped, expired or empty (secrets are empty in workflows triggered from forks and by Dependabot).',
  403: 'Check the key behind `api_key`: its scopes must cover this request, and it must belong to the project (for a user API key, see `project_id`).',
  404: 'Check the id, that it is in the project of the key behind `api_key` (for a user API key, set `project_id`), and `api_url` if it is set.',
};

function refused(name: string, { status, headers, data }: Answer): NodionError {
  const words = errorWords(data);
  const sentence = `${name}: Nodion answered ${status}${words ? `, saying: ${words}` : ''}`;
  const advice = ADVICE[status];
  return new NodionError(advice ? `${sentence.replace(/\.$/, '')}. ${advice}` : sentence, {
    status,
    retryable: status === 304 || status === 408 || status === 429 || status >= 500,
    retryAfterMs: retryAfterMs(headers['retry-after']),
  });
}

function redirected(name: string, apiUrl: string, { status, headers }: Answer): NodionError {
  const { location } = headers;
  const target =
    typeof location === 'string' && URL.canParse(location, apiUrl)
      ? new URL(location, apiUrl).origin
      : 'nowhere';
  return new NodionError(
    `${name}: answered ${status}, a redirect to ${target}. Redirects are not followed, since the key would go along: set \`api_url\` to the address that answers itself`,
    { status, retryable: false },
  );
}

/** Nodion's own words of an error body; '' when it isn't one of theirs, such as a gateway's HTML. */
function errorWords(data: unknown): string {
  try {
    const body: unknown = JSON.parse(String(data));
    const words = optional(body, 'errors') ?? optional(body, 'error') ?? optional(body, 'message');
    const sentences = (Array.isArray(words) ? words : [words ?? []].flat())
      .slice(0, 10)
      .map((word) => (typeof word === 'string' ? word : JSON.stringify(word)))
      .join('; ');
    return singleLine(sentences, LONGEST_WORDS);
  } catch {
    return '';
  }
}

/** `Retry-After` in seconds or as an HTTP date (RFC 9110, 10.2.3). */
function retryAfterMs(value: unknown): number {
  if (typeof value !== 'string') return 0;
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS);
}

/** The innermost cause of a failed fetch, by its code where it has one: `ECONNRESET`. */
function networkFailure(error: unknown): string {
  const innermost = innermostCause(error);
  if (innermost === 'gave-up') return `no answer within ${REQUEST_TIMEOUT_MS / 1_000} s`;
  const code = optional(innermost, 'code');
  if (typeof code === 'string') {
    const isCertificate = /CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)/.test(code);
    return `no answer (${code})${isCertificate ? '. The runner does not trust the certificate: name its authority in NODE_EXTRA_CA_CERTS' : ''}`;
  }
  return `no answer (${innermost instanceof Error ? innermost.message : 'network error'})`;
}

/** The end of an error's chain of causes, where fetch says what really happened. */
export function innermostCause(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? innermostCause(error.cause) : error;
}

class UndocumentedShape extends Error {}

function optional(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function field(body: unknown, name: string): unknown {
  const value = optional(body, name);
  if (value === undefined) throw new UndocumentedShape(`no \`${name}\``);
  return value;
}

function list<T>(value: unknown, read: (item: unknown) => T): T[] {
  if (!Array.isArray(value)) throw new UndocumentedShape('not a list');
  return value.map(read);
}

function text(item: unknown, name: string): string {
  const value = optional(item, name);
  if (typeof value !== 'string' || value === '') throw new UndocumentedShape(`no \`${name}\``);
  return value;
}

function textOrNull(item: unknown, name: string): string | null {
  const value = optional(item, name);
  return typeof value === 'string' && value !== '' ? value : null;
}

function toApplication(item: unknown): Application {
  const id = text(item, 'id');
  if (!isUuid(id)) throw new UndocumentedShape('an `id` that is not a UUID');
  const region = optional(item, 'region');
  const workers = optional(item, 'workers');
  return {
    id,
    name: text(item, 'name'),
    status: textOrNull(item, 'status'),
    deployment_strategy: textOrNull(item, 'deployment_strategy'),
    image_tag: textOrNull(item, 'image_tag'),
    region: { id: textOrNull(region, 'id'), slug: textOrNull(region, 'slug') },
    workers: (Array.isArray(workers) ? workers : []).map((worker) => ({
      name: textOrNull(worker, 'name') ?? 'worker',
      status: textOrNull(worker, 'status'),
    })),
    raw: item as Record<string, unknown>,
  };
}

function toDeployment(item: unknown): Deployment {
  const number = optional(item, 'deploy_number');
  if (!Number.isSafeInteger(number)) throw new UndocumentedShape('no `deploy_number`');
  return {
    id: text(item, 'id'),
    status: textOrNull(item, 'status') ?? '',
    deploy_number: number as number,
    git_sha: textOrNull(item, 'git_sha'),
    commit_message: textOrNull(item, 'commit_message'),
    committer_name: textOrNull(item, 'committer_name'),
    strategy: textOrNull(item, 'strategy'),
    image_reference: textOrNull(item, 'image_reference'),
    created_at: textOrNull(item, 'created_at'),
  };
}

function toInstance(item: unknown): Instance {
  const deployment = optional(item, 'deployment');
  const id = textOrNull(deployment, 'id');
  const number = optional(deployment, 'deploy_number');
  return {
    name: textOrNull(item, 'name') ?? textOrNull(item, 'id') ?? 'instance',
    status: text(item, 'status'),
    deployment:
      id === null
        ? null
        : { id, deploy_number: Number.isSafeInteger(number) ? (number as number) : null },
  };
}

function toLogLine(item: unknown): LogLine {
  return { ts: textOrNull(item, 'ts') ?? '', msg: textOrNull(item, 'msg') ?? '' };
}

/** Ids become part of a path: `..` would change it, and octokit does not encode dots. */
function uuid(id: string): string {
  if (!isUuid(id)) throw new TypeError('not a UUID');
  return id;
}
