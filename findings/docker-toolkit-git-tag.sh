#!/usr/bin/env bash
# @docker/actions-toolkit 0.101.0: of several tags at a commit, Git.tag() takes the one of the last weekday by name.
#
# One would swear that Git.tag() of Docker's toolkit for actions is the newest tag at HEAD: it takes the first of
# `git tag --points-at HEAD --sort -version:creatordate`. But `version:` is for names: git-tag(1), --sort, has
# "version:refname" or "v:refname" ("tag names are treated as versions"). git takes it before any other key
# without a word, and compares the text of the dates as versions: "Wed Mar 4 …" is more than "Fri Mar 6 …". So the
# newest first is Wed, Tue, Thu, Sun, Sat, Mon, Fri, and a release candidate tagged on Wednesday wins over the
# release tagged on Friday at the same commit. Nothing warns; on other days of the week it comes out right.
# GoReleaser had this until 2021 ("sort tags by version not day of the week", its #2377), and its manual still has
# `tag_sort: -version:creatordate` as the example of another order. What is meant is `-creatordate`.
set -euo pipefail
here="$(mktemp -d)"
trap 'rm -rf "$here"' EXIT
cd "$here"
echo '{"private":true,"type":"module"}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact @docker/actions-toolkit@0.101.0

export HOME="$here" GIT_CONFIG_NOSYSTEM=1
git config --global user.name a
git config --global user.email a@example.com
git init --quiet repo
git -C repo commit --quiet --allow-empty --message one
tag() { GIT_COMMITTER_DATE="2026-03-$2T12:00:00Z" git -C repo tag --annotate --message "$1" "$1"; }
tag v1.0.0-rc.1 04 # a Wednesday
tag v1.0.0-rc.2 05
tag v1.0.0 06 # a Friday

cat >try.js <<'JS'
import { execFileSync } from 'node:child_process';
import { Git } from '@docker/actions-toolkit/lib/git.js';

const format = '%(refname:short) %(creatordate:format:%a %d)';
const tags = (key) =>
  execFileSync('git', ['-C', 'repo', 'tag', '--points-at', 'HEAD', '--sort', key, '--format', format])
    .toString()
    .trim()
    .split('\n');
const seen = {
  '-creatordate': tags('-creatordate'),
  '-version:refname': tags('-version:refname'),
  '-version:creatordate': tags('-version:creatordate'),
  'Git.tag()': await Git.tag('repo'),
};
console.log(seen);
const [rc1, rc2, release] = ['v1.0.0-rc.1 Wed 04', 'v1.0.0-rc.2 Thu 05', 'v1.0.0 Fri 06'];
const expected = {
  '-creatordate': [release, rc2, rc1],
  '-version:refname': [rc2, rc1, release],
  '-version:creatordate': [rc1, rc2, release],
  'Git.tag()': 'v1.0.0-rc.1',
};
if (JSON.stringify(seen) !== JSON.stringify(expected)) throw new Error('That has changed.');
JS
node try.js | grep -v '^::debug::'

# Output seen:
#
#   {
#     '-creatordate': [ 'v1.0.0 Fri 06', 'v1.0.0-rc.2 Thu 05', 'v1.0.0-rc.1 Wed 04' ],
#     '-version:refname': [ 'v1.0.0-rc.2 Thu 05', 'v1.0.0-rc.1 Wed 04', 'v1.0.0 Fri 06' ],
#     '-version:creatordate': [ 'v1.0.0-rc.1 Wed 04', 'v1.0.0-rc.2 Thu 05', 'v1.0.0 Fri 06' ],
#     'Git.tag()': 'v1.0.0-rc.1'
#   }
