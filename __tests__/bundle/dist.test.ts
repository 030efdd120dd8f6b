import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { ACTIONS } from '../../scripts/readme.ts';

const BUNDLE = join('dist', 'actions', 'index.js');
const read = (file: string) => readFileSync(file, 'utf8');

test('All actions share one bundle, below 98 kB, which their entries load', () => {
  expect(read(BUNDLE).length).toBeLessThan(98_000);
  for (const action of ACTIONS) {
    expect(read(join('dist', action, 'index.js'))).toMatch(
      /^ {2}const \{ (\w+) \} = require\('\.\.?\/actions\/index\.js'\);\n {2}\1\(\);$/m,
    );
  }
});

describe('An old Node.js is told in one sentence, and nothing is loaded', () => {
  /** Runs an entry on a Node.js of that version; to load the bundle runs nothing. */
  function start(action: string, version: string) {
    const loaded: string[] = [];
    const printed: string[] = [];
    const process = { versions: { node: version }, exitCode: 0 };
    runInNewContext(read(join('dist', action, 'index.js')), {
      ...{ process, console: { log: (line: string) => printed.push(line) } },
      require: (file: string) => {
        loaded.push(file);
        return new Proxy({}, { get: () => () => {} });
      },
    });
    return { loaded, printed, exitCode: process.exitCode };
  }

  test.each(ACTIONS)('by the entry in %s', (action) => {
    for (const version of ['16.20.2', '18.20.4', '20.18.3']) {
      expect(start(action, version)).toEqual({
        loaded: [],
        printed: [
          `::error title=Node.js is too old::This action needs Node.js 20.19 or newer, and was started with Node.js ${version}: install a newer one on the runner, or in the job's container; act, Forgejo and Gitea take the first node on PATH.`,
        ],
        exitCode: 1,
      });
    }
    for (const version of ['20.19.0', '22.12.0', '24.0.0', '100.1.0']) {
      const { loaded, printed, exitCode } = start(action, version);
      expect(loaded.map((file) => join('dist', action, file))).toEqual([BUNDLE]);
      expect([printed, exitCode]).toEqual([[], 0]);
    }
  });
});

test('A deployment loads neither undici, nor the GitHub context, nor the other actions', () => {
  for (const absent of ['undici', 'GITHUB_EVENT_PATH', 'list-applications', 'sourceMappingURL']) {
    expect(read(BUNDLE)).not.toContain(absent);
  }
  const chunks = readdirSync(join('dist', 'actions')).map((file) => join('dist', 'actions', file));
  expect(chunks.filter((file) => read(file).includes('GITHUB_EVENT_PATH'))).toHaveLength(1);
});

test('Neither TLS nor undici is loaded before the inputs are valid', () => {
  const print = 'process.on("exit", () => console.error(process.moduleLoadList.join()))';
  const args = ['--import', `data:text/javascript,${print}`, 'dist/index.js'];
  const { status, stderr } = spawnSync(process.execPath, args, { env: {}, encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toContain('NativeModule fs');
  expect(stderr).not.toMatch(/NativeModule (?:tls|https?|crypto|.*undici)\b/);
});

test('The archive that every job downloads holds what runs, its sources, README and licence', () => {
  const tree = execFileSync('git', ['write-tree'], { encoding: 'utf8' }).trim();
  const archive = execFileSync(
    'git',
    ['archive', '--worktree-attributes', '--format=tar.gz', tree],
    {
      maxBuffer: 2 ** 24,
    },
  );
  expect(archive.length).toBeLessThan(267_000);
  const files = execFileSync('tar', ['tz'], { input: archive, encoding: 'utf8' });
  expect(
    [...new Set(files.split('\n').map((file) => file.replace(/^(dist|src)\/.*/, '$1')))].sort(),
  ).toEqual([
    '',
    'LICENSE',
    'README.md',
    'action.yml',
    'create-application/',
    'create-application/action.yml',
    'dist',
    'list-applications/',
    'list-applications/action.yml',
    'package.json',
    'src',
  ]);
});

test('The licences of all that is bundled are in dist, chunks included', () => {
  const licences = read('dist/licenses.txt').split('\n');
  const { dependencies } = JSON.parse(read('package.json'));
  for (const name of Object.keys(dependencies)) expect(licences).toContain(name);
});
