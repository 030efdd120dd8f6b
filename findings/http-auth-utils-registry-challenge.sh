#!/usr/bin/env bash
# http-auth-utils 6.0.1 refuses what a container registry with tokens answers, and a parameter of Basic's own RFC.
#
# One would swear that a parser of WWW-Authenticate takes a parameter that it does not know, and leaves it to
# others. RFC 6750 (section 3) lets a Bearer challenge have parameters beside its own, and the token protocol of
# container registries needs one: `service`. This parser throws E_UNAUTHORIZED_KEY for it, and so it does for
# `charset` of Basic, which RFC 7617 (section 2.1) defines itself. Neither says anything about the rest of the
# challenge, and `strict: false` changes nothing: it is about upper and lower case. So a client of registries
# with this parser never gets as far as the token: it can't read the 401 that tells it where to ask for one.
set -euo pipefail
here="$(mktemp -d)"
trap 'rm -rf "$here"' EXIT
cd "$here"
echo '{"private":true}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact http-auth-utils@6.0.1

cat >try.mjs <<'JS'
import { BASIC, BEARER, parseWWWAuthenticateHeader } from 'http-auth-utils';

function parsed(challenge) {
  try {
    const { type, data } = parseWWWAuthenticateHeader(challenge, [BASIC, BEARER], { strict: false });
    return `${type} ${JSON.stringify(data)}`;
  } catch ({ code }) {
    return code;
  }
}

const seen = [
  'Bearer realm="https://registry.example/token",scope="repository:shop/web:pull"',
  'Bearer realm="https://registry.example/token",service="registry.example"',
  'Basic realm="registry"',
  'Basic realm="registry", charset="UTF-8"',
].map((challenge) => [challenge, parsed(challenge)]);
for (const [challenge, result] of seen) console.log(`${challenge}\n  -> ${result}`);
const expected = [
  'Bearer {"realm":"https://registry.example/token","scope":"repository:shop/web:pull"}',
  'E_UNAUTHORIZED_KEY',
  'Basic {"realm":"registry"}',
  'E_UNAUTHORIZED_KEY',
];
if (JSON.stringify(seen.map(([, result]) => result)) !== JSON.stringify(expected)) throw new Error('That has changed.');
JS
node try.mjs

# Output seen:
#
#   Bearer realm="https://registry.example/token",scope="repository:shop/web:pull"
#     -> Bearer {"realm":"https://registry.example/token","scope":"repository:shop/web:pull"}
#   Bearer realm="https://registry.example/token",service="registry.example"
#     -> E_UNAUTHORIZED_KEY
#   Basic realm="registry"
#     -> Basic {"realm":"registry"}
#   Basic realm="registry", charset="UTF-8"
#     -> E_UNAUTHORIZED_KEY
