#!/usr/bin/env bash
# @actions/workflow-parser 0.3.61: `if: >-` with one ${{ }} below it is always true; on one line it is not.
#
# One would swear that a YAML block scalar only writes a string otherwise: its indentation is no content
# (YAML 1.2.2, 8.1.1.1), `>` folds its line breaks (8.1.3), and `-` strips the last one (8.1.1.2). So
# GitHub's own parser should see the same `if` in all steps below, as `yaml`, on which it is built, does.
# But where a string with a ${{ }} goes over more than one line, it takes the text of the file in place of
# the string: with indentation and line breaks, unfolded, of a quoted one with its quotes. What is left of
# and right of ${{ }} makes it format('          {0}\n', …), a text that is not empty, and so true, whatever
# is pushed. The same happens to a folded `name`. No error, no warning. Without ${{ }} a folded `if` is read
# well. (This is GitHub's parser and evaluator on npm; its service reads workflows by other code.)
set -euo pipefail
here="$(mktemp -d)"
trap 'rm -rf "$here"' EXIT
cd "$here"
echo '{"private":true,"type":"module"}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact \
  @actions/workflow-parser@0.3.61 @actions/expressions@0.3.61 yaml@2.9.1

# The parser imports its schema as a bundler lets it; Node wants to be told that it is JSON.
cat >json.js <<'JS'
import { register } from 'node:module';
const hook = `export const load = (url, context, next) =>
  next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
JS

cat >workflow.yml <<'YML'
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - name: Deploy ${{ github.ref }} to production
        if: ${{ github.ref == 'refs/heads/main' }}
        run: echo one line
      - name: >-
          Deploy ${{ github.ref }}
          to production
        if: >-
          ${{ github.ref == 'refs/heads/main' }}
        run: echo folded
      - name: "Deploy ${{ github.ref }}
          to production"
        if: |-
          ${{ github.ref == 'refs/heads/main' }}
        run: echo literal, quoted
      - name: 'Deploy ${{ github.ref }} to production'
        if: >-
          github.ref
          == 'refs/heads/main'
        run: echo folded without braces
YML

cat >try.js <<'JS'
import { readFileSync } from 'node:fs';
import { Evaluator, Lexer, Parser, data } from '@actions/expressions';
import { convertWorkflowTemplate, parseWorkflow } from '@actions/workflow-parser';
import { parse } from 'yaml';

const content = readFileSync('workflow.yml', 'utf8');
const quiet = { error() {}, info() {}, verbose() {} };
const { context, value } = parseWorkflow({ name: 'workflow.yml', content }, quiet);
const { jobs } = await convertWorkflowTemplate(context, value);
const errors = context.errors.getErrors().map(({ message }) => message);

// A push to another branch: refs/heads/fix.
const { Dictionary, StringData, BooleanData } = data;
const github = new Dictionary({ key: 'ref', value: new StringData('refs/heads/fix') });
const success = { name: 'success', minArgs: 0, maxArgs: 0, call: () => new BooleanData(true) };
const evaluate = (expression) => {
  const tree = new Parser(new Lexer(expression).lex().tokens, ['github'], [success]).parse();
  const globals = new Dictionary({ key: 'github', value: github });
  return new Evaluator(tree, globals, new Map([['success', success]])).evaluate();
};
const truthy = (expression) => evaluate(`!!(${expression})`).coerceString();

const steps = parse(content).jobs.deploy.steps;
const seen = jobs[0].steps.map((step, index) => ({
  step: steps[index].run,
  ifInYaml: steps[index].if,
  if: step.if.expression,
  runs: truthy(step.if.expression),
  nameInYaml: steps[index].name,
  name: evaluate(step.name.expression).coerceString(),
}));
console.log({ errors });
console.log(seen);

const main = "github.ref == 'refs/heads/main'";
const name = 'Deploy ${{ github.ref }} to production';
const indent = ' '.repeat(10);
const text = `success() && (format('${indent}{0}\n', ${main}))`;
const braces = `\${{ ${main} }}`;
const step = (step, ifInYaml, condition, runs, made) =>
  ({ step, ifInYaml, if: condition, runs, nameInYaml: name, name: made });
const plain = 'Deploy refs/heads/fix to production';
const expected = [
  step('echo one line', braces, `success() && (${main})`, 'false', plain),
  step('echo folded', braces, text, 'true', `${indent}Deploy refs/heads/fix\n${indent}to production\n`),
  step('echo literal, quoted', braces, text, 'true', `"Deploy refs/heads/fix\n${indent}to production"`),
  step('echo folded without braces', main, `success() && (${main})`, 'false', plain),
];
if (errors.length || JSON.stringify(seen) !== JSON.stringify(expected)) throw new Error('That has changed.');
JS
node --no-warnings --import ./json.js try.js

# Output seen:
#
#   { errors: [] }
#   [
#     {
#       step: 'echo one line',
#       ifInYaml: "${{ github.ref == 'refs/heads/main' }}",
#       if: "success() && (github.ref == 'refs/heads/main')",
#       runs: 'false',
#       nameInYaml: 'Deploy ${{ github.ref }} to production',
#       name: 'Deploy refs/heads/fix to production'
#     },
#     {
#       step: 'echo folded',
#       ifInYaml: "${{ github.ref == 'refs/heads/main' }}",
#       if: "success() && (format('          {0}\n', github.ref == 'refs/heads/main'))",
#       runs: 'true',
#       nameInYaml: 'Deploy ${{ github.ref }} to production',
#       name: '          Deploy refs/heads/fix\n          to production\n'
#     },
#     {
#       step: 'echo literal, quoted',
#       ifInYaml: "${{ github.ref == 'refs/heads/main' }}",
#       if: "success() && (format('          {0}\n', github.ref == 'refs/heads/main'))",
#       runs: 'true',
#       nameInYaml: 'Deploy ${{ github.ref }} to production',
#       name: '"Deploy refs/heads/fix\n          to production"'
#     },
#     {
#       step: 'echo folded without braces',
#       ifInYaml: "github.ref == 'refs/heads/main'",
#       if: "success() && (github.ref == 'refs/heads/main')",
#       runs: 'false',
#       nameInYaml: 'Deploy ${{ github.ref }} to production',
#       name: 'Deploy refs/heads/fix to production'
#     }
#   ]
