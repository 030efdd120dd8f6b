#!/usr/bin/env bash
# @vercel/ncc 0.45.0: in a CommonJS bundle, import() of a chunk that is gone throws; its .catch() sees nothing.
#
# One would swear that import() never throws: whatever is wrong with a module, it returns a promise that
# rejects, and import('./late.js').catch(…) is the place to survive it. Node keeps that for the very same
# source unbundled, and ncc keeps it where it writes ES modules. Where it writes CommonJS, a chunk is loaded
# by a synchronous require() before there is a promise, so import() itself throws: out of the function that
# was to return a promise, past the .catch(). It shows only where a file of dist/ is lost, as by a clean-up
# of the disk of a self-hosted runner in the middle of a job. `await import()` within try survives both.
set -euo pipefail
here="$(mktemp -d)"
trap 'rm -rf "$here"' EXIT
cd "$here"
echo '{"private":true}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact @vercel/ncc@0.45.0

for kind in commonjs module; do
  mkdir "$kind"
  if [ "$kind" = module ]; then echo '{"type":"module"}' >"$kind/package.json"; else echo '{}' >"$kind/package.json"; fi
  echo "export const word = 'late';" >"$kind/late.js"
  cat >"$kind/main.js" <<'JS'
export const load = () =>
  import('./late.js').then(
    ({ word }) => word,
    () => 'caught',
  );
JS
  node_modules/.bin/ncc build "$kind/main.js" -o "$kind/dist" --quiet >/dev/null
done

cat >try.mjs <<'JS'
import { rmSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const seen = {};
for (const kind of ['commonjs', 'module']) {
  const chunks = readdirSync(`${kind}/dist`).filter((file) => /^\d+\.index\.m?js$/.test(file));
  if (chunks.length !== 1) throw new Error(`One chunk was expected: ${chunks}`);
  rmSync(`${kind}/dist/${chunks[0]}`);
  const bundle = await import(pathToFileURL(resolve(kind, 'dist/index.js')));
  const { load } = bundle.load ? bundle : bundle.default;
  let promise;
  try {
    promise = load();
  } catch (error) {
    seen[kind] = `threw ${error.code}`;
    continue;
  }
  seen[kind] = await promise;
}
rmSync('module/late.js');
const source = await import(pathToFileURL(resolve('module/main.js')));
seen.unbundled = await source.load();
console.log(seen);
const expected = { commonjs: 'threw MODULE_NOT_FOUND', module: 'caught', unbundled: 'caught' };
if (JSON.stringify(seen) !== JSON.stringify(expected)) throw new Error('That has changed.');
JS
node try.mjs

# Output seen:
#
#   {
#     commonjs: 'threw MODULE_NOT_FOUND',
#     module: 'caught',
#     unbundled: 'caught'
#   }
