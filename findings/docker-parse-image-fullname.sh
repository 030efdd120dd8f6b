#!/usr/bin/env bash
# docker-parse-image 3.0.1: the `fullname` of an image beside Docker Hub is another image's, of a digest nobody's.
#
# One would swear that the full name of a reference is the same image, with what was left out written down.
# Docker puts `library/` before a bare name at Docker Hub alone. This parser puts it before a bare name at any
# registry: ghcr.io/shop:v1 and localhost:5000/shop become ghcr.io/library/shop:v1 and localhost:5000/library/shop,
# which are other repositories. A digest it takes for a tag and joins by a colon: shop@sha256:… becomes
# library/shop:sha256:…, which is no reference at all, and a tag beside the digest ends up in the same field.
# Whoever looks an image up by `fullname` asks for what nobody named, and is told that it is not there.
# @swimlane/docker-reference 2.0.1, a port of Docker's own grammar, keeps all of these.
set -euo pipefail
here="$(mktemp -d)"
trap 'rm -rf "$here"' EXIT
cd "$here"
echo '{"private":true}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact \
  docker-parse-image@3.0.1 @swimlane/docker-reference@2.0.1

cat >try.cjs <<'JS'
const parse = require('docker-parse-image');
const { parseAll } = require('@swimlane/docker-reference');

const digest = `sha256:${'a1'.repeat(32)}`;
const short = (text) => text.replaceAll(digest, 'DIGEST');
const seen = ['shop:v1', 'ghcr.io/shop:v1', 'localhost:5000/shop:v1', `shop@${digest}`, `shop:v1@${digest}`].map(
  (reference) => [short(reference), short(parse(reference).fullname), short(parseAll(reference).toString())],
);
for (const [reference, fullname, dockers] of seen) console.log(`${reference} -> ${fullname} (Docker: ${dockers})`);
const expected = [
  ['shop:v1', 'library/shop:v1', 'docker.io/library/shop:v1'],
  ['ghcr.io/shop:v1', 'ghcr.io/library/shop:v1', 'ghcr.io/shop:v1'],
  ['localhost:5000/shop:v1', 'localhost:5000/library/shop:v1', 'localhost:5000/shop:v1'],
  ['shop@DIGEST', 'library/shop:DIGEST', 'docker.io/library/shop@DIGEST'],
  ['shop:v1@DIGEST', 'library/shop:v1@DIGEST', 'docker.io/library/shop:v1@DIGEST'],
];
if (JSON.stringify(seen) !== JSON.stringify(expected)) throw new Error('That has changed.');
JS
node try.cjs

# Output seen:
#
#   shop:v1 -> library/shop:v1 (Docker: docker.io/library/shop:v1)
#   ghcr.io/shop:v1 -> ghcr.io/library/shop:v1 (Docker: ghcr.io/shop:v1)
#   localhost:5000/shop:v1 -> localhost:5000/library/shop:v1 (Docker: localhost:5000/shop:v1)
#   shop@DIGEST -> library/shop:DIGEST (Docker: docker.io/library/shop@DIGEST)
#   shop:v1@DIGEST -> library/shop:v1@DIGEST (Docker: docker.io/library/shop:v1@DIGEST)
