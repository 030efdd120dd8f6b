#!/usr/bin/env bash
# @actions/expressions 0.3.61: of a string's doubled quotes only the first becomes one; the others stay two.
#
# One would swear that 'it''s the team''s' is "it's the team's": GitHub documents "To use a literal single
# quote, escape the literal single quote using an additional single quote ('')" (Evaluate expressions in
# workflows and actions, Literals), without a number. GitHub's own lexer on npm replaces the first '' of a
# literal and keeps the rest: "it's the team''s". Comparing two such literals hides it, comparing with a
# context shows it. Its sister @actions/workflow-parser, of one repository and version, reads the same
# literal right where it's all of a value, and makes the wrong one of a name with two apostrophes that needs
# no quoting at all, because it writes format('…''…''…') for the lexer.
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
  a:
    runs-on: ubuntu-latest
    steps:
      - name: ${{ 'it''s the team''s' }}
        run: echo
      - name: it's the team's ${{ github.job }}
        run: echo
YML

cat >try.js <<'JS'
import { readFileSync } from 'node:fs';
import { Evaluator, Lexer, Parser, data } from '@actions/expressions';
import { convertWorkflowTemplate, parseWorkflow } from '@actions/workflow-parser';

const { Dictionary, StringData } = data;
const github = new Dictionary(
  { key: 'job', value: new StringData('a') },
  { key: 'title', value: new StringData("it's the team's") },
);
const evaluate = (expression) => {
  const tree = new Parser(new Lexer(expression).lex().tokens, ['github'], []).parse();
  return new Evaluator(tree, new Dictionary({ key: 'github', value: github })).evaluate().coerceString();
};

const content = readFileSync('workflow.yml', 'utf8');
const quiet = { error() {}, info() {}, verbose() {} };
const { context, value } = parseWorkflow({ name: 'workflow.yml', content }, quiet);
const { jobs } = await convertWorkflowTemplate(context, value);
const [literal, mixed] = jobs[0].steps.map(({ name }) => name);

const seen = {
  'one quote': evaluate("'it''s'"),
  'two quotes': evaluate("'it''s the team''s'"),
  'github.title': evaluate('github.title'),
  'github.title == the literal': evaluate("github.title == 'it''s the team''s'"),
  'workflow-parser, literal': literal.value,
  'workflow-parser, mixed': mixed.expression,
  'the mixed name': evaluate(mixed.expression),
};
console.log(seen);
const expected = {
  'one quote': "it's",
  'two quotes': "it's the team''s",
  'github.title': "it's the team's",
  'github.title == the literal': 'false',
  'workflow-parser, literal': "it's the team's",
  'workflow-parser, mixed': "format('it''s the team''s {0}', github.job)",
  'the mixed name': "it's the team''s a",
};
if (JSON.stringify(seen) !== JSON.stringify(expected)) throw new Error('That has changed.');
JS
node --no-warnings --import ./json.js try.js

# Output seen:
#
#   {
#     'one quote': "it's",
#     'two quotes': "it's the team''s",
#     'github.title': "it's the team's",
#     'github.title == the literal': 'false',
#     'workflow-parser, literal': "it's the team's",
#     'workflow-parser, mixed': "format('it''s the team''s {0}', github.job)",
#     'the mixed name': "it's the team''s a"
#   }
