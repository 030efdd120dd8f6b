import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { writeEntries } from './entries.ts';

/**
 * `npm run coverage`: runs the tests and prints which lines of `src` none of them reaches, neither in a
 * step's process nor in jest's own. The steps run the compiled sources, with source maps, not the bundles.
 */

const FOLDER = resolve('build/coverage');

/** Istanbul's format, of which V8's converters use one statement a line. */
type Coverage = Record<
  string,
  { statementMap: Record<string, { start: { line: number } }>; s: Record<string, number> }
>;

function node(...args: string[]): void {
  const { status } = spawnSync(process.execPath, args, {
    stdio: 'inherit',
    env: {
      ...process.env,
      COMPILED_ACTIONS: 'build/src',
      STEP_COVERAGE: `${FOLDER}/steps`,
    },
  });
  if (status !== 0) process.exitCode = 1;
}

rmSync(FOLDER, { recursive: true, force: true });
writeEntries('build/src', 'module');
node(
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
  ...process.argv.slice(2),
  // Every step starts a process of its own, and slowly.
  '--maxWorkers=2',
  '--coverage',
  '--coverageProvider=v8',
  '--coverageReporters=json',
  `--coverageDirectory=${FOLDER}/jest`,
);
node(
  'node_modules/c8/bin/c8.js',
  'report',
  `--temp-directory=${FOLDER}/steps`,
  `--reports-dir=${FOLDER}/c8`,
  '--reporter=json',
  '--exclude-after-remap',
  '--include=src/**',
);

/** Each file's lines, and whether a test reached them. */
const files = new Map<string, Map<number, boolean>>();
for (const part of ['jest', 'c8']) {
  const coverage: Coverage = JSON.parse(
    readFileSync(`${FOLDER}/${part}/coverage-final.json`, 'utf8'),
  );
  for (const [path, { statementMap, s }] of Object.entries(coverage)) {
    const file = relative('.', path);
    if (hasTypesOnly(file)) continue;
    const lines = files.get(file) ?? new Map<number, boolean>();
    files.set(file, lines);
    for (const [id, { start }] of Object.entries(statementMap)) {
      lines.set(start.line, lines.get(start.line) === true || (s[id] ?? 0) > 0);
    }
  }
}

let reached = 0;
let all = 0;
for (const [file, lines] of [...files].sort()) {
  const missed = [...lines].filter(([, isReached]) => !isReached).map(([line]) => line);
  all += lines.size;
  reached += lines.size - missed.length;
  if (missed.length > 0) console.log(`${file}: no test reaches ${ranges(missed)}`);
}
console.log(`${((100 * reached) / all).toFixed(1)} % of ${all} lines in ${files.size} files`);

function hasTypesOnly(file: string): boolean {
  const compiled = readFileSync(join('build', file.replace(/ts$/, 'js')), 'utf8');
  return /^export \{\};\s*(?:\/\/.*\s*)?$/.test(compiled);
}

/** `1-3, 7` for 1, 2, 3 and 7. */
function ranges(lines: readonly number[]): string {
  const starts = lines.filter((line) => !lines.includes(line - 1));
  const ends = lines.filter((line) => !lines.includes(line + 1));
  return starts
    .map((start, index) => (start === ends[index] ? `${start}` : `${start}-${ends[index]}`))
    .join(', ');
}
