import { expect, test } from '@jest/globals';
import { parseJson } from '../../src/http/parse-json.ts';

const MIB = 2 ** 20;

/** A list of so many of `item`, as long as all is at most 16 MiB. */
function many(item: string, count = Number.POSITIVE_INFINITY): string {
  const most = Math.floor((16 * MIB - 2) / (item.length + 1));
  return `[${Array(Math.min(count, most)).fill(item).join()}]`;
}

/** Names that no two objects share. */
const NAMES = Array.from({ length: 480_000 }, (_, index) => `"n${index}"`);
const TWENTIES = NAMES.filter((_, index) => index % 20 === 0).map(
  (_, index) => `{${NAMES.slice(20 * index, 20 * index + 20).join(':0,')}:0}`,
);

test.each([
  ['deployments', many('{"id":"x","status":"failed","deploy_number":0}'), 'too many values'],
  ['nulls', many('null'), 'too many values'],
  ['numbers', many('1'), 'too many values'],
  ['empty objects', many('{}'), 'too many values'],
  ['empty lists', many('[]'), 'too many values'],
  [
    '7,340,032 lists in one another',
    `${'['.repeat(7 * MIB)}${']'.repeat(7 * MIB)}`,
    'too many values',
  ],
  ['objects with room for 35 more', many('{"35":0.5}', 249_000), 'too many values'],
  ['objects of 20 names of their own', `[${TWENTIES.join()}]`, 'too many names'],
  [
    'objects in one another',
    `${NAMES.map((name) => `{${name}:`).join('')}0${'}'.repeat(NAMES.length)}`,
    'too many names',
  ],
])('A text of 16 MiB of %s is refused', (_, text, problem) => {
  expect(() => parseJson(text)).toThrow(problem);
});

test('What looks like names in commit messages is not counted', () => {
  const commit_message = NAMES.slice(0, 2_000).join(':[1,');
  const text = many(JSON.stringify({ id: 'x', deploy_number: 0, commit_message }), 20);
  expect(parseJson(text)).toHaveLength(20);
});
