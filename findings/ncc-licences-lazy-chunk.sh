#!/usr/bin/env bash
# @vercel/ncc 0.45.0: once anything is loaded by import(), `--license` leaves out the packages of the main file.
#
# One would swear that the file that `ncc build --license licenses.txt` writes beside the bundle holds the
# licence of each package in the bundle: that is what it is for, and of a bundle in one file it does. As soon
# as the same source loads a module with a package by import(), ncc writes these to a chunk of their own, and the
# licence file names the chunk's packages and none of the main file's, without a word. A bundle whose licence
# file was complete is made incomplete by moving one line into an import(). To have all of them, make a second
# bundle that imports everything at once, for its licence file alone.
set -euo pipefail
here="$(mktemp -d)"
trap 'rm -rf "$here"' EXIT
cd "$here"
echo '{"private":true}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact \
  @vercel/ncc@0.45.0 ms@2.1.3 bytes@3.1.2 escape-html@1.0.3

echo "exports.escape = require('escape-html');" >later.js
cat >at-once.js <<'JS'
const { escape } = require('./later.js');
console.log(require('ms')('1s'), require('bytes')('1kb'), escape('<'));
JS
cat >lazy.js <<'JS'
import('./later.js').then(({ escape }) =>
  console.log(require('ms')('1s'), require('bytes')('1kb'), escape('<')),
);
JS

for name in at-once lazy; do
  node_modules/.bin/ncc build "$name.js" -o "$name" --license licenses.txt --no-cache --quiet >/dev/null
  # Both do the same, so both hold all three.
  test "$(node "$name/index.js")" = '1000 1024 &lt;'
  echo "$name: $(grep -xE 'ms|bytes|escape-html' "$name/licenses.txt" | sort | xargs)" | tee -a seen
done
diff seen - <<'TEXT' || { echo 'That has changed.' >&2; exit 1; }
at-once: bytes escape-html ms
lazy: escape-html
TEXT

# Output seen:
#
#   at-once: bytes escape-html ms
#   lazy: escape-html
