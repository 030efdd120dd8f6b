import { createServer, type Server } from 'node:http';
import { loopback, type Network } from './network.ts';

/** The part of GitHub's REST API that records deployments (docs.github.com/rest/deployments), on loopback. */
export class FakeGitHub {
  /** Method and path of each, in the order in which they came. */
  readonly requests: string[] = [];
  readonly deployments: Record<string, unknown>[] = [];
  /** In the order in which they came. */
  readonly statuses: Record<string, unknown>[] = [];
  /** Answers every request with this status in place of doing it; 0 never answers. */
  refuseWith: number | null = null;
  /** Refuses so many states, and makes the deployments. */
  statesToRefuse = 0;
  private readonly server: Server;
  private port = 0;

  private constructor() {
    this.server = createServer(async (request, response) => {
      this.requests.push(`${request.method} ${request.url}`);
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = JSON.parse(Buffer.concat(chunks).toString() || '{}');
      const answer = (status: number, content: object) =>
        response
          .writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
          .end(JSON.stringify(content));
      if (this.refuseWith === 0) return;
      if (this.refuseWith !== null) {
        answer(this.refuseWith, { message: 'Resource not accessible by integration' });
      } else if (!request.headers.authorization)
        answer(401, { message: 'Requires authentication' });
      else if (/^\/repos\/octo-org\/octo-repo\/deployments$/.test(request.url ?? '')) {
        this.deployments.push(body);
        answer(201, { id: 41 + this.deployments.length, ...body });
      } else if (
        /^\/repos\/octo-org\/octo-repo\/deployments\/\d+\/statuses$/.test(request.url ?? '')
      ) {
        this.statesToRefuse -= 1;
        if (this.statesToRefuse >= 0) answer(502, { message: 'Bad gateway' });
        else answer(201, { id: this.statuses.push(body), ...body });
      } else answer(404, { message: 'Not Found' });
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

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
