#!/usr/bin/env bash
# mermaid 11.17.2 and d3-time 3.1.0: a gantt chart's `tickInterval` is a filter within its next unit, no distance.
#
# One would swear that `tickInterval 120second` makes a tick every two minutes, and `90second` one every
# 90 s. mermaid's grammar takes both, and hands the number to d3's timeSecond.every(), which keeps the
# seconds *of the minute* that the number divides: for both that is second 0, so there is a tick at every
# full minute, as with `1minute`. `45second` makes ticks at seconds 0 and 45 of each minute, 45 s and 15 s
# apart by turns. Nothing warns. A number is honoured where it divides its next unit: 30 of 60 seconds.
# So a chart that scales its ticks by its length must choose `2minute`, never `120second`.
set -euo pipefail
here="$(mktemp -d)"
trap 'rm -rf "$here"' EXIT
cd "$here"
echo '{"private":true,"type":"module"}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact mermaid@11.17.2 d3-time@3.1.0

# What mermaid makes of it, since drawing needs a browser: the number goes to d3 as it is.
grep -hoE 'timeSecond\.every\([a-z]+\)' node_modules/mermaid/dist/chunks/mermaid.core/ganttDiagram-*.mjs |
  sort -u >calls
echo "mermaid calls: $(cat calls)"
test "$(cat calls)" = 'timeSecond.every(every)'

cat >ticks.js <<'JS'
import { timeMinute, timeSecond } from 'd3-time';

const ticks = (interval) =>
  interval.range(new Date(0), new Date(240_000)).map((tick) => tick / 1_000).join(' ');
const seen = {
  '30 s': ticks(timeSecond.every(30)),
  '45 s': ticks(timeSecond.every(45)),
  '90 s': ticks(timeSecond.every(90)),
  '120 s': ticks(timeSecond.every(120)),
  '2 min': ticks(timeMinute.every(2)),
};
console.log(seen);
const expected = {
  '30 s': '0 30 60 90 120 150 180 210',
  '45 s': '0 45 60 105 120 165 180 225',
  '90 s': '0 60 120 180',
  '120 s': '0 60 120 180',
  '2 min': '0 120',
};
if (JSON.stringify(seen) !== JSON.stringify(expected)) throw new Error('That has changed.');
JS
node ticks.js

# Output seen:
#
#   mermaid calls: timeSecond.every(every)
#   {
#     '30 s': '0 30 60 90 120 150 180 210',
#     '45 s': '0 45 60 105 120 165 180 225',
#     '90 s': '0 60 120 180',
#     '120 s': '0 60 120 180',
#     '2 min': '0 120'
#   }
