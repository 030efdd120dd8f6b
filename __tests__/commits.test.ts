import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { GitRepository } from '../fakes/git-repository.ts';
import { findBadMessages } from '../scripts/commits.ts';

const FITTING = 'x'.repeat(72);

let repository: GitRepository;
beforeEach(() => {
  repository = new GitRepository();
});
afterEach(() => {
  repository.remove();
});

/** Commits a message, and says how the commit is named. */
function commit(message: string, date = '2026-11-28T22:00:00Z'): string {
  repository.committedAt = date;
  repository.git('commit', '--quiet', '--allow-empty', `--message=${message}`);
  return repository.git('rev-parse', '--short', 'HEAD');
}

test.each([
  ['of 72 characters with a body', `${FITTING}\n\nBecause.`],
  ['of 72 characters outside ASCII', `${'🚀'.repeat(72)}\n\nBecause.`],
  ['whose body has trailers too', 'Change\n\nBecause.\n\nCo-authored-by: Bo <bo@example.com>'],
])('A message %s will do', (_, message) => {
  commit(message);
  expect(findBadMessages(repository.folder)).toEqual([]);
});

const TOO_LONG = 'its subject has 73 characters, 72 will do';
const NO_BODY = 'no body says why';
test.each<[string, string, ...string[]]>([
  ['a long subject', `${FITTING}x\n\nBecause.`, TOO_LONG],
  ['no body', FITTING, NO_BODY],
  ['nothing but trailers', `${FITTING}\n\nSigned-off-by: Bo <bo@example.com>`, NO_BODY],
  ['a long subject and no body', `${FITTING}x`, TOO_LONG, NO_BODY],
])('A message with %s is refused, by the name of its commit', (_, message, ...problems) => {
  const hash = commit(message);
  commit('Change\n\nBecause.');
  const [subject] = message.split('\n');
  expect(findBadMessages(repository.folder)).toEqual(
    problems.map((problem) => `${hash} "${subject}": ${problem}`),
  );
});

test('A subject of two lines is one', () => {
  commit(`${'x'.repeat(40)}\n${'y'.repeat(40)}\n\nBecause.`);
  expect(findBadMessages(repository.folder)).toHaveLength(1);
});

test('Commits of before stay as they are, also below and above newer ones', () => {
  const before = '2026-11-28T21:59:59Z';
  commit(FITTING, before);
  const hash = commit(FITTING);
  commit(FITTING, before);
  expect(findBadMessages(repository.folder)).toEqual([`${hash} "${FITTING}": ${NO_BODY}`]);
});

test('A merge may have any message', () => {
  commit('Change\n\nBecause.');
  repository.git('switch', '--quiet', '--create', 'aside');
  commit('Change\n\nBecause.');
  repository.git('switch', '--quiet', 'main');
  repository.git('merge', '--quiet', '--no-ff', `--message=${FITTING}x`, 'aside');
  expect(findBadMessages(repository.folder)).toEqual([]);
});

// It runs as in CI: with a Node.js that reads TypeScript.
const testScript = process.features.typescript ? test : test.skip;

testScript('The script prints what is wrong, and fails', () => {
  const script = resolve('scripts/check-commits.ts');
  const run = () =>
    spawnSync(process.execPath, [script], { cwd: repository.folder, encoding: 'utf8' });
  commit('Change\n\nBecause.');
  expect(run()).toMatchObject({ status: 0, stdout: '' });
  const hash = commit('Change');
  expect(run()).toMatchObject({ status: 1, stdout: `${hash} "Change": ${NO_BODY}\n` });
});
