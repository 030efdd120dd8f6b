import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';

/**
 * From the top floor down: a file may import from its own folder and from those on floors after it.
 * Folders that share a floor don't know of each other.
 */
const FLOORS = [
  ['actions'],
  ['report/summary'],
  ['report'],
  ['deploy'],
  ['deploy/preflight'],
  ['deploy/conclusion'],
  ['deploy/attempt'],
  ['deploy/checks'],
  ['deploy/plan'],
  ['applications'],
  ['nodion', 'registry'],
  ['http'],
  ['runner'],
  ['time'],
];

/** The only files that may import a dependency, or do what only one place may do. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  '@actions/core': ['runner/commands.ts'],
  '@actions/github': ['report/github-creation.ts'],
  // One client for both APIs.
  '@octokit/request': ['nodion/connection.ts', 'report/github-api.ts'],
  '@octokit/request-error': ['nodion/connection.ts'],
  'fastest-levenshtein': ['runner/letter-distance.ts'],
  'node:events': ['http/proxy-connection.ts', 'runner/run-action.ts'],
  'node:fs': ['runner/commands.ts'],
  'node:http': ['http/proxy-connection.ts', 'http/read-body.ts', 'http/transport.ts'],
  'node:https': ['http/transport.ts'],
  'node:path': ['runner/commands.ts'],
  'node:net': [
    'http/connect.ts',
    'http/connection.ts',
    'http/proxy-connection.ts',
    'http/proxy.ts',
    'http/spare-connection.ts',
    'http/transport.ts',
  ],
  'node:stream': ['http/read-body.ts'],
  'node:timers/promises': ['time/deadline.ts'],
  'node:tls': ['http/connect.ts'],
  'node:zlib': ['http/read-body.ts'],
  'strip-ansi': ['runner/untrusted-text.ts'],
};
const PRINTING = /\bconsole\.\w+\(|process\.(?:stdout|stderr)/;

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replaceAll('\\', '/'));
const sources = new Map(files.map((file) => [file, readFileSync(join('src', file), 'utf8')]));

/** What a file imports: of our own, the path below `src`; else the package. */
function importsOf(file: string): string[] {
  const specifiers =
    sources.get(file)?.matchAll(/(?:from|import\()(?:\s|\/\*.*\*\/)*'([^']+)'/g) ?? [];
  return [...specifiers].map(([, specifier = '']) =>
    specifier.startsWith('.') ? join(dirname(file), specifier).replaceAll('\\', '/') : specifier,
  );
}

const floorOf = (file: string) => FLOORS.findIndex((folders) => folders.includes(folderOf(file)));
const folderOf = (file: string) => dirname(file).replaceAll('\\', '/');

test('Imports point downwards', () => {
  expect(new Set(files.map(folderOf))).toEqual(new Set(FLOORS.flat()));
  const notDownwards = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => sources.has(target) && folderOf(target) !== folderOf(file))
      .filter((target) => floorOf(target) <= floorOf(file))
      .map((target) => `${file} → ${target}`),
  );
  expect(notDownwards).toEqual([]);
});

test('No imports go in a circle', () => {
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
    importsOf(from).some(
      (next) =>
        next === to || (sources.has(next) && !seen.has(next) && reaches(next, to, seen.add(next))),
    );
  expect(files.filter((file) => reaches(file, file))).toEqual([]);
});

test('Each dependency has one door', () => {
  const users: Record<string, string[]> = {};
  for (const file of files) {
    for (const specifier of importsOf(file).filter((target) => !sources.has(target))) {
      users[specifier] = [...(users[specifier] ?? []), file];
    }
  }
  for (const door of Object.values(users)) door.sort();
  expect(users).toEqual(DOORS);
});

test('Only commands.ts prints', () => {
  const printing = files.filter((file) => PRINTING.test(sources.get(file) ?? ''));
  expect(printing).toEqual(['runner/commands.ts']);
});

test('No file is longer than 250 lines', () => {
  const long = files.filter((file) => (sources.get(file) ?? '').split('\n').length > 251);
  expect(long).toEqual([]);
});
