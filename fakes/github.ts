import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { json } from 'node:stream/consumers';
import { loopback, type Network } from './network.ts';

/** A request of the API, as faults name it. */
export type GitHubCall = 'make' | 'list' | 'state' | 'tag';

/** What happens to so many of a call, once, in place of its answer or after it was carried out. */
export interface GitHubFault {
  readonly on: GitHubCall;
  readonly times?: number;
  readonly fault:
    | { readonly kind: 'reset' | 'hang'; readonly carriedOut: boolean }
    /** It is carried out, and its answer has no body. */
    | { readonly kind: 'empty' }
    | {
        readonly kind: 'answer';
        readonly status: number;
        readonly message: string;
        readonly headers?: Readonly<Record<string, string>>;
      };
}

const ROUTES: readonly [GitHubCall, RegExp][] = [
  ['make', /^POST \/repos\/octo-org\/octo-repo\/deployments$/],
  ['list', /^GET \/repos\/octo-org\/octo-repo\/deployments\?/],
  ['state', /^POST \/repos\/octo-org\/octo-repo\/deployments\/(\d+)\/statuses$/],
  ['tag', /^GET \/repos\/octo-org\/octo-repo\/git\/(ref\/tags|tags)\/([^/]+)$/],
];

/** The part of GitHub's REST API that records deployments (docs.github.com/rest/deployments), on loopback. */
export class FakeGitHub {
  /** Method and path of each, in the order in which they came. */
  readonly requests: string[] = [];
  readonly deployments: Record<string, unknown>[] = [];
  /** In the order in which they came. */
  readonly statuses: Record<string, unknown>[] = [];
  /** Answers every request with this status in place of doing it; 0 never answers. */
  refuseWith: number | null = null;
  /** Answers every request in its place. */
  listener: RequestListener | null = null;
  /** The commits of the repository; null: any. */
  commits: readonly string[] | null = null;
  /** The Git tags of the repository, and the commit of each. */
  readonly tags: Record<string, { readonly sha: string; readonly isAnnotated?: boolean }> = {};
  private faults: { on: GitHubCall; left: number; fault: GitHubFault['fault'] }[] = [];
  private readonly server: Server;
  private port = 0;

  private constructor() {
    this.server = createServer((request, response) => {
      if (this.listener) this.listener(request, response);
      else void this.answer(request, response);
    });
  }

  static async start(network: Network = loopback): Promise<FakeGitHub> {
    const fake = new FakeGitHub();
    fake.port = await network.listen(fake.server);
    return fake;
  }

  /** For `GITHUB_API_URL`. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Has requests fail, in that order for each call. */
  fail(...faults: GitHubFault[]): void {
    for (const { on, times = 1, fault } of faults) this.faults.push({ on, left: times, fault });
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = `${request.method} ${request.url}`;
    this.requests.push(name);
    const body =
      request.method === 'POST' ? ((await json(request)) as Record<string, unknown>) : {};
    const answer = (status: number, content: object, headers: Record<string, string> = {}) =>
      response
        .writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
        .end(JSON.stringify(content));
    if (this.refuseWith === 0) return;
    if (this.refuseWith !== null) {
      answer(this.refuseWith, { message: 'Resource not accessible by integration' });
      return;
    }
    if (!request.headers.authorization) {
      answer(401, { message: 'Requires authentication' });
      return;
    }
    const [call, route] = ROUTES.find(([, pattern]) => pattern.test(name)) ?? [];
    if (!call || !route) {
      answer(404, { message: 'Not Found' });
      return;
    }
    const due = this.faults.find(({ on, left }) => on === call && left > 0);
    if (due) due.left -= 1;
    const fault = due?.fault;
    if (fault?.kind === 'answer') {
      answer(fault.status, { message: fault.message }, fault.headers);
      return;
    }
    const isCarriedOut = !fault || fault.kind === 'empty' || fault.carriedOut;
    const done = isCarriedOut ? this.carryOut(call, route.exec(name) ?? [], body) : null;
    if (fault?.kind === 'reset') request.socket.destroy();
    else if (done && fault?.kind === 'empty') response.writeHead(done[0]).end();
    else if (done && !fault) answer(...done);
  }

  private carryOut(
    call: GitHubCall,
    [, first = '', second = '']: readonly string[],
    body: Record<string, unknown>,
  ): [number, object] {
    switch (call) {
      case 'make': {
        const { ref } = body;
        if (this.commits && !this.commits.includes(String(ref))) {
          return [422, { message: `No ref found for: ${ref}` }];
        }
        const made = { id: 42 + this.deployments.length, ...body };
        this.deployments.push(body);
        return [201, made];
      }
      case 'list':
        return [200, this.deployments.map((one, index) => ({ id: 42 + index, ...one })).reverse()];
      case 'state':
        return [201, { id: this.statuses.push(body), deployment: Number(first), ...body }];
      case 'tag': {
        const isName = first === 'ref/tags';
        const tag = isName
          ? this.tags[second]
          : Object.values(this.tags).find(({ sha }) => second === `object-of-${sha}`);
        if (!tag) return [404, { message: 'Not Found' }];
        const isObject = isName && tag.isAnnotated;
        const object = isObject
          ? { type: 'tag', sha: `object-of-${tag.sha}` }
          : { type: 'commit', sha: tag.sha };
        return [200, { ref: `refs/tags/${second}`, object }];
      }
    }
  }
}
