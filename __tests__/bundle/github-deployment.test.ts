import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { expect } from '@jest/globals';
import type { StepRun } from '../../fakes/runner.ts';
import { annotations } from '../../fakes/stage.ts';
import { scenario } from '../scenario.ts';

const SHA = 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e';
const inputs = { environment: 'production', environment_url: 'https://shop.example.com' };

const AUTHORIZATION = 'token ghs_token_of_the_job';
const NOT_RECORDED = "The step is not recorded in GitHub's deployments: ";

const warnings = (run: StepRun) =>
  annotations(run, 'warning').map((text) => text.replace(/127\.0\.0\.1:\d+/g, 'HOST'));

/** Plays with a GitHub that answers as `listener` does. */
async function withGitHub(
  listener: RequestListener,
  play: (env: { GITHUB_API_URL: string }) => Promise<void>,
): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    await play({ GITHUB_API_URL: `http://127.0.0.1:${port}` });
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

scenario(
  'A GitHub that refuses connections is a warning',
  { clock: 'real' },
  async ({ nodion, deploy }) => {
    // A port that no server is given.
    const env = { GITHUB_API_URL: 'http://127.0.0.1:1' };
    const run = await deploy(nodion.addApplication(), { inputs, env });
    expect(run.exitCode).toBe(0);
    expect(annotations(run, 'warning')).toEqual([
      `${NOT_RECORDED}Can't reach 127.0.0.1:1: the connection was refused (ECONNREFUSED).`,
    ]);
  },
);

scenario(
  'A GitHub success that is no JSON is a warning',
  { clock: 'real' },
  async ({ nodion, deploy }) => {
    await withGitHub(
      (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Hello'),
      async (env) => {
        const run = await deploy(nodion.addApplication(), { inputs, env });
        expect(run.exitCode).toBe(0);
        expect(warnings(run)).toEqual([`${NOT_RECORDED}HOST answered 200, but not with JSON.`]);
      },
    );
  },
);

scenario(
  'A redirect to another host does not take the token there',
  { clock: 'real' },
  async (stage) => {
    const { nodion, gitHub: other, deploy } = stage;
    const requests: IncomingMessage[] = [];
    await withGitHub(
      (request, response) => {
        requests.push(request);
        response.writeHead(307, { location: `${other.url}${request.url}` }).end();
      },
      async (env) => {
        const run = await deploy(nodion.addApplication(), { inputs, env });
        expect(run.exitCode).toBe(0);
        expect(warnings(run)).toEqual([
          `${NOT_RECORDED}HOST answered 307, a redirect that is not followed.`,
        ]);
        expect(requests.map(({ headers }) => headers.authorization)).toEqual([AUTHORIZATION]);
        expect(other.requests).toEqual([]);
      },
    );
  },
);

scenario(
  'A redirect within the host is followed, as of a renamed repository',
  { clock: 'real' },
  async (stage) => {
    const { nodion, deploy } = stage;
    const recorded: unknown[] = [];
    await withGitHub(
      async (request, response) => {
        const { url = '', headers } = request;
        const body = await json(request);
        if (url.startsWith('/repos/octo-org/octo-repo/')) {
          const location = url.replace('/repos/octo-org/octo-repo/', '/repositories/7/');
          response.writeHead(307, { location }).end();
        } else {
          recorded.push({ url, authorization: headers.authorization, body });
          response.writeHead(201).end('{"id": 42}');
        }
      },
      async (env) => {
        const run = await deploy(nodion.addApplication(), { inputs, env });
        expect(run.exitCode).toBe(0);
        expect(annotations(run, 'warning')).toEqual([]);
        const statuses = {
          url: '/repositories/7/deployments/42/statuses',
          authorization: AUTHORIZATION,
        };
        expect(recorded).toMatchObject([
          {
            url: '/repositories/7/deployments',
            authorization: AUTHORIZATION,
            body: { ref: SHA, environment: 'production' },
          },
          { ...statuses, body: { state: 'in_progress' } },
          { ...statuses, body: { state: 'success' } },
        ]);
      },
    );
  },
);

scenario(
  'Of the redirects within the host only the first is followed',
  { clock: 'real' },
  async (stage) => {
    const { nodion, deploy } = stage;
    const urls: (string | undefined)[] = [];
    await withGitHub(
      ({ url }, response) => {
        urls.push(url);
        response.writeHead(307, { location: '/around/and/around' }).end();
      },
      async (env) => {
        const run = await deploy(nodion.addApplication(), { inputs, env });
        expect(run.exitCode).toBe(0);
        expect(warnings(run)).toEqual([
          expect.stringContaining(`${NOT_RECORDED}HOST answered 307`),
        ]);
        expect(urls).toEqual(['/repos/octo-org/octo-repo/deployments', '/around/and/around']);
      },
    );
  },
);
