#!/usr/bin/env bash
# @actions/exec 3.0.0: an empty argument in quotes is dropped from a command line, and the next one takes its place.
#
# One would swear that exec('app set --prefix "" --tag v1') hands the tool an empty prefix: a command line "can include
# additional args. Must be correctly escaped" (its exec.d.ts), double quotes are how it is escaped, and a shell
# makes five arguments of it. GitHub's toolkit makes four: --tag becomes the value of --prefix. No error from it, and
# none from a tool that takes any text there. `name=""` and the list of arguments, exec('app', ['set', '']), keep it.
# Its sister azure-pipelines-task-lib, with a parser of nearly the same lines, had that as a bug ("ToolRunner should
# respect empty string args", its issue 277), and since then keeps it.
set -euo pipefail
here="$(mktemp -d)"
trap 'rm -rf "$here"' EXIT
cd "$here"
echo '{"private":true,"type":"module"}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact \
  @actions/exec@3.0.0 azure-pipelines-task-lib@5.281.0

printf '#!/usr/bin/env node\nconsole.log(JSON.stringify(process.argv.slice(2)));\n' >app.cjs
chmod +x app.cjs

cat >try.js <<'JS'
import { execFileSync } from 'node:child_process';
import { getExecOutput } from '@actions/exec';
import { ToolRunner } from 'azure-pipelines-task-lib/toolrunner.js';

const lines = ['set --prefix "" --tag v1', 'set --prefix="" --tag v1', 'set "a b" ""'];
const seen = [];
for (const line of lines) {
  const { stdout } = await getExecOutput(`./app.cjs ${line}`, [], { silent: true });
  const azure = new ToolRunner('node');
  azure.line(line);
  const shell = execFileSync('sh', ['-c', `./app.cjs ${line}`]).toString();
  seen.push({ line, exec: stdout.trim(), shell: shell.trim(), azure: JSON.stringify(azure.args) });
}
const listed = await getExecOutput('./app.cjs', ['set', '--prefix', ''], { silent: true });
console.log(seen, listed.stdout.trim());
const expected = [
  [lines[0], '["set","--prefix","--tag","v1"]', '["set","--prefix","","--tag","v1"]'],
  [lines[1], '["set","--prefix=","--tag","v1"]', '["set","--prefix=","--tag","v1"]'],
  [lines[2], '["set","a b"]', '["set","a b",""]'],
].map(([line, exec, right]) => ({ line, exec, shell: right, azure: right }));
if (JSON.stringify(seen) !== JSON.stringify(expected)) throw new Error('That has changed.');
if (listed.stdout.trim() !== '["set","--prefix",""]') throw new Error('That has changed.');
JS
node try.js | grep -v '^##vso'

# Output seen:
#
#   [
#     {
#       line: 'set --prefix "" --tag v1',
#       exec: '["set","--prefix","--tag","v1"]',
#       shell: '["set","--prefix","","--tag","v1"]',
#       azure: '["set","--prefix","","--tag","v1"]'
#     },
#     {
#       line: 'set --prefix="" --tag v1',
#       exec: '["set","--prefix=","--tag","v1"]',
#       shell: '["set","--prefix=","--tag","v1"]',
#       azure: '["set","--prefix=","--tag","v1"]'
#     },
#     {
#       line: 'set "a b" ""',
#       exec: '["set","a b"]',
#       shell: '["set","a b",""]',
#       azure: '["set","a b",""]'
#     }
#   ] ["set","--prefix",""]
