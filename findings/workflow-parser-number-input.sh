#!/usr/bin/env bash
# @actions/workflow-parser 0.3.61: an input of `type: number` comes out with neither its type nor its default.
#
# One would swear that GitHub's own parser knows the types that GitHub documents: for workflow_call "This must
# be one of: boolean, number, or string" (Workflow syntax, on.workflow_call.inputs.<input_id>.type), and for
# workflow_dispatch number too. The schema in the package allows number, so the file is read without an error;
# but the enumeration that the types are looked up in has string, choice, boolean and environment, so the
# type becomes undefined, and with it the default is dropped. Its .d.ts says that `type` is always there.
# Writing no type at all is better: then it is a string.
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
on:
  workflow_call: &inputs
    inputs:
      replicas: { type: number, default: 3, required: true }
      region: { type: string, default: eu, required: true }
      dry-run: { type: boolean, default: true, required: true }
  workflow_dispatch: *inputs
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: echo
YML

cat >try.js <<'JS'
import { readFileSync } from 'node:fs';
import { convertWorkflowTemplate, parseWorkflow } from '@actions/workflow-parser';

const content = readFileSync('workflow.yml', 'utf8');
const quiet = { error() {}, info() {}, verbose() {} };
const { context, value } = parseWorkflow({ name: 'workflow.yml', content }, quiet);
const { events } = await convertWorkflowTemplate(context, value);
const errors = context.errors.getErrors().map(({ message }) => message);
const seen = { call: events.workflow_call.inputs, dispatch: events.workflow_dispatch.inputs, errors };
console.log(seen);
const inputs = {
  replicas: { required: true },
  region: { type: 'string', required: true, default: 'eu' },
  'dry-run': { type: 'boolean', required: true, default: true },
};
const expected = { call: inputs, dispatch: inputs, errors: [] };
if (JSON.stringify(seen) !== JSON.stringify(expected)) throw new Error('That has changed.');
JS
node --no-warnings --import ./json.js try.js

# Output seen:
#
#   {
#     call: {
#       replicas: { type: undefined, required: true },
#       region: { type: 'string', required: true, default: 'eu' },
#       'dry-run': { type: 'boolean', required: true, default: true }
#     },
#     dispatch: {
#       replicas: { type: undefined, required: true },
#       region: { type: 'string', required: true, default: 'eu' },
#       'dry-run': { type: 'boolean', required: true, default: true }
#     },
#     errors: []
#   }
