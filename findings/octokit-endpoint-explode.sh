#!/usr/bin/env bash
# @octokit/endpoint 11.0.5: the `*` of a URL template makes one parameter of a list, not one for each value.
#
# One would swear that {?labels*} makes ?labels=bug&labels=docs and {/path*} makes /a/b: the README of
# @octokit/endpoint says that templates of `url` are "defined in the RFC 6570 URI Template specification" and
# "parsed using url-template", and the RFC has both as examples (3.2.8: {?list*} is
# ?list=red&list=green&list=blue; 3.2.6: {/list*} is /red/green/blue). But the values are joined by "," before
# they come to the separator: ?labels=bug,labels=docs is one label, named "bug,labels=docs"; {?filter*} puts
# a second parameter into the value of the first; and a* before another variable is sent once more behind.
# url-template itself keeps to the RFC. The RFC also leaves out what is undefined (3.2.1), where Octokit
# writes an empty parameter, as with the very `notifications_url` of GitHub's answers.
set -euo pipefail
here="$(mktemp -d)"
trap 'rm -rf "$here"' EXIT
cd "$here"
echo '{"private":true,"type":"module"}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact @octokit/endpoint@11.0.5 url-template@3.1.1

cat >try.js <<'JS'
import { endpoint } from '@octokit/endpoint';
import { parseTemplate } from 'url-template';

const base = 'https://api.github.com';
const labels = ['bug', 'docs'];
const cases = [
  ['/issues{?labels}', { labels }, '?labels=bug,docs', '?labels=bug,docs'],
  ['/issues{?labels*}', { labels }, '?labels=bug,labels=docs', '?labels=bug&labels=docs'],
  [
    '/issues{?labels*,page}',
    { labels, page: 2 },
    '?labels=bug,labels=docs&page=2&labels=bug%2Cdocs',
    '?labels=bug&labels=docs&page=2',
  ],
  [
    '/issues{?filter*}',
    { filter: { state: 'open', sort: 'created' } },
    '?state=open,sort=created',
    '?state=open&sort=created',
  ],
  ['/contents{/path*}', { path: ['src', 'main.ts'] }, '/src,main.ts', '/src/main.ts'],
  ['/notifications{?since,all,participating}', { all: true }, '?&all=true&', '?all=true'],
];
const seen = cases.map(([template, values, octokit, rfc]) => {
  const start = base.length + template.indexOf('{');
  return {
    template,
    octokit: endpoint(`GET ${template}`, values).url.slice(start),
    'url-template': parseTemplate(base + template).expand(values).slice(start),
    asEver: [octokit, rfc],
  };
});
for (const { asEver: _, ...line } of seen) console.log(line);
for (const line of seen) {
  const [octokit, rfc] = line.asEver;
  if (line.octokit !== octokit || line['url-template'] !== rfc) throw new Error('That has changed.');
}
// What a server makes of the second.
const query = new URL(endpoint('GET /issues{?labels*}', { labels }).url).searchParams.getAll('labels');
console.log({ query });
if (JSON.stringify(query) !== '["bug,labels=docs"]') throw new Error('That has changed.');
JS
node try.js

# Output seen:
#
#   {
#     template: '/issues{?labels}',
#     octokit: '?labels=bug,docs',
#     'url-template': '?labels=bug,docs'
#   }
#   {
#     template: '/issues{?labels*}',
#     octokit: '?labels=bug,labels=docs',
#     'url-template': '?labels=bug&labels=docs'
#   }
#   {
#     template: '/issues{?labels*,page}',
#     octokit: '?labels=bug,labels=docs&page=2&labels=bug%2Cdocs',
#     'url-template': '?labels=bug&labels=docs&page=2'
#   }
#   {
#     template: '/issues{?filter*}',
#     octokit: '?state=open,sort=created',
#     'url-template': '?state=open&sort=created'
#   }
#   {
#     template: '/contents{/path*}',
#     octokit: '/src,main.ts',
#     'url-template': '/src/main.ts'
#   }
#   {
#     template: '/notifications{?since,all,participating}',
#     octokit: '?&all=true&',
#     'url-template': '?all=true'
#   }
#   { query: [ 'bug,labels=docs' ] }
