#!/usr/bin/env bash
# @actions/http-client 4.0.1: a 303 answer to a POST makes another POST with the same body, up to 50 times.
#
# One would swear that a client whose README says "Redirects (3xx) will be followed by default" follows 303 (See
# Other) by a GET. That is all that 303 is for: it "was defined for a redirection that changed its method to GET"
# (RFC 9110, 15.4); "A user agent can perform a retrieval request targeting that URI (a GET or HEAD request if
# using HTTP)", and it "is primarily used to allow the output of a POST action to redirect the user agent to a
# different resource" (15.4.4). GitHub's client for actions keeps method and body for each 3xx, as if all were 307.
# An API that answers a new deployment by 303 to the deployment gets a POST to that; one that answers by 303 to
# its list, as after any form, makes 51 deployments of one postJson(). Node's own fetch() makes one of each.
set -euo pipefail
here="$(mktemp -d)"
trap 'rm -rf "$here"' EXIT
cd "$here"
echo '{"private":true,"type":"module"}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact @actions/http-client@4.0.1

cat >try.js <<'JS'
import { createServer } from 'node:http';
import { HttpClient } from '@actions/http-client';

// POST /to-it makes a deployment and points at it; POST /to-list makes one and points back at the list.
let requests = [];
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const { method, url } = request;
  requests.push([method, url, body && JSON.stringify(JSON.parse(body))].filter(Boolean).join(' '));
  const to = method === 'POST' && { '/to-it': '/to-it/1', '/to-list': '/to-list' }[url];
  if (to) response.writeHead(303, { location: `http://127.0.0.1:${server.address().port}${to}` });
  response.end(to ? '' : '{"state":"running"}');
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const base = `http://127.0.0.1:${server.address().port}`;

const image = { image: 'shop:v1' };
const clients = {
  'http-client': async (url) => {
    const client = new HttpClient('try');
    const { statusCode } = await client.postJson(url, image).catch((error) => error);
    client.dispose();
    return statusCode;
  },
  fetch: async (url) => {
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(image) });
    await response.text();
    return response.status;
  },
};
const seen = {};
for (const [name, post] of Object.entries(clients)) {
  for (const path of ['/to-it', '/to-list']) {
    requests = [];
    const status = await post(base + path);
    const counts = new Map();
    for (const request of requests) counts.set(request, (counts.get(request) ?? 0) + 1);
    seen[`${name} ${path}`] = [...counts].map(([request, count]) => `${count} × ${request}`).concat(String(status));
  }
}
server.close();
server.closeAllConnections();
console.log(seen);
const expected = {
  'http-client /to-it': ['1 × POST /to-it {"image":"shop:v1"}', '1 × POST /to-it/1 {"image":"shop:v1"}', '200'],
  'http-client /to-list': ['51 × POST /to-list {"image":"shop:v1"}', '303'],
  'fetch /to-it': ['1 × POST /to-it {"image":"shop:v1"}', '1 × GET /to-it/1', '200'],
  'fetch /to-list': ['1 × POST /to-list {"image":"shop:v1"}', '1 × GET /to-list', '200'],
};
if (JSON.stringify(seen) !== JSON.stringify(expected)) throw new Error('That has changed.');
JS
node try.js

# Output seen:
#
#   {
#     'http-client /to-it': [
#       '1 × POST /to-it {"image":"shop:v1"}',
#       '1 × POST /to-it/1 {"image":"shop:v1"}',
#       '200'
#     ],
#     'http-client /to-list': [ '51 × POST /to-list {"image":"shop:v1"}', '303' ],
#     'fetch /to-it': [ '1 × POST /to-it {"image":"shop:v1"}', '1 × GET /to-it/1', '200' ],
#     'fetch /to-list': [
#       '1 × POST /to-list {"image":"shop:v1"}',
#       '1 × GET /to-list',
#       '200'
#     ]
#   }
