#!/usr/bin/env bash
# jest 30.5.2: its github-actions reporter puts names in unescaped, so a comma or `::` in a test's name ends it.
#
# One would swear that a failed test is annotated with its name: "the built-in GitHub Actions Reporter will annotate
# changed files with test failure messages" (Configuring Jest, reporters), by ::error file=…,line=…,title=…::…, and
# it escapes the message as GitHub's toolkit does, which a comment names as the source. But a property has two more
# characters to escape, ":" and ",", for the toolkit (escapeProperty) as for the runner (ActionCommand.cs,
# _escapePropertyMappings), and jest puts the name in as it is. The runner splits it at each comma: "answers 404,
# then retries" becomes "answers 404". At "::" the rest of the name becomes the message, and "%2C" becomes a comma.
# core.error() of the toolkit keeps them all.
set -euo pipefail
here="$(mktemp -d)"
trap 'rm -rf "$here"' EXIT
cd "$here"
echo '{"private":true}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact jest@30.5.2 @actions/core@3.0.1

cat >deploy.test.js <<'JS'
const fail = () => expect('running').toBe('failed');
test('answers 404', fail);
test('answers 404, then retries', fail);
test('Deploy::rollback is called', fail);
test('encodes a comma as %2C', fail);
JS
GITHUB_ACTIONS=true node_modules/.bin/jest --ci --reporters=github-actions &>jest.txt && exit 1
grep '^::error ' jest.txt >commands.txt

cat >try.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { error } from '@actions/core';

// As the runner reads a command: ActionCommand.TryParseV2 of actions/runner.
const data = [['%0D', '\r'], ['%0A', '\n'], ['%25', '%']];
const property = [['%3A', ':'], ['%2C', ','], ...data];
const unescape = (text, mappings) => mappings.reduce((value, [from, to]) => value.replaceAll(from, to), text);
function read(command) {
  const end = command.indexOf('::', 2);
  const info = command.slice(2, end);
  const properties = {};
  for (const text of info.slice(info.indexOf(' ') + 1).split(',')) {
    const [, key, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (key) properties[key] = unescape(value, property);
  }
  const [message] = unescape(command.slice(end + 2), data).split('\n');
  return `${properties.line}: ${properties.title} | ${message}`;
}

const names = readFileSync('deploy.test.js', 'utf8').match(/(?<=test\(')[^']+/g);
const message = 'expect(received).toBe(expected) // Object.is equality';
const byCore = names.map((title, index) => {
  let written = '';
  const { write } = process.stdout;
  process.stdout.write = (text) => Boolean((written += text));
  error(message, { title, file: 'deploy.test.js', startLine: index + 2 });
  process.stdout.write = write;
  return read(written.trimEnd());
});
const byJest = readFileSync('commands.txt', 'utf8').trim().split('\n').map(read);
// Every failure is thrown by fail(), in line 1; core.error() is given the line of the test.
const seen = names.map((name, index) => ({ name, jest: byJest[index], 'core.error()': byCore[index] }));
console.log(seen);
const expected = [
  `1: answers 404 | ${message}`,
  `1: answers 404 | ${message}`,
  `1: Deploy | rollback is called::${message}`,
  `1: encodes a comma as , | ${message}`,
];
if (JSON.stringify(byJest) !== JSON.stringify(expected)) throw new Error('That has changed.');
const whole = names.map((name, index) => `${index + 2}: ${name} | ${message}`);
if (JSON.stringify(byCore) !== JSON.stringify(whole)) throw new Error('That has changed.');
JS
node try.mjs

# Output seen:
#
#   [
#     {
#       name: 'answers 404',
#       jest: '1: answers 404 | expect(received).toBe(expected) // Object.is equality',
#       'core.error()': '2: answers 404 | expect(received).toBe(expected) // Object.is equality'
#     },
#     {
#       name: 'answers 404, then retries',
#       jest: '1: answers 404 | expect(received).toBe(expected) // Object.is equality',
#       'core.error()': '3: answers 404, then retries | expect(received).toBe(expected) // Object.is equality'
#     },
#     {
#       name: 'Deploy::rollback is called',
#       jest: '1: Deploy | rollback is called::expect(received).toBe(expected) // Object.is equality',
#       'core.error()': '4: Deploy::rollback is called | expect(received).toBe(expected) // Object.is equality'
#     },
#     {
#       name: 'encodes a comma as %2C',
#       jest: '1: encodes a comma as , | expect(received).toBe(expected) // Object.is equality',
#       'core.error()': '5: encodes a comma as %2C | expect(received).toBe(expected) // Object.is equality'
#     }
#   ]
