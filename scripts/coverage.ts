import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { writeEntries } from './entries.ts';

/**
 * `npm run coverage`: runs the tests and prints which lines of `src` none of them reaches, neither in a
 * step nor in jest's own process. The steps run the compiled sources, with source maps, not the bundles:
 * as ES modules in processes, and as CommonJS in virtual time, where each has modules of its own.
 */

const FOLDER = resolve('build/coverage');
const PROCESSES = 'build/src';
const COMMONJS = join(FOLDER, 'commonjs');
const STEPS = join(FOLDER, 'steps');
const JEST = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

/** Istanbul's format, of which V8's converters use one statement a line. */
type Coverage = Record<
  string,
  { statementMap: Record<string, { start: { line: number } }>; s: Record<string, number> }
>;

function node(args: readonly string[], env: Record<string, string> = {}): void {
  const options = { stdio: 'inherit', env: { ...process.env, ...env } } as const;
  if (spawnSync(process.execPath, args, options).status !== 0) process.exitCode = 1;
}

/** The sources as CommonJS in `COMMONJS/src`, and the packages that they import in `COMMONJS/packages`. */
function compileCommonJs(): void {
  const tsc = 'node_modules/typescript/bin/tsc --noCheck --sourceMap --incremental false';
  const options = '--module commonjs --moduleResolution bundler --verbatimModuleSyntax false';
  node([...`${tsc} ${options}`.split(' '), '--outDir', COMMONJS]);
  writeEntries(`${COMMONJS}/src`, 'commonjs');
  const names = Object.keys(JSON.parse(readFileSync('package.json', 'utf8')).dependencies);
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join('src', file), 'utf8'))
    .join('');
  for (const name of names) {
    const folder = join(COMMONJS, 'packages', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{}');
    const entry = join(folder, 'entry.js');
    // Only what is imported, as in the bundle.
    const imports = sources.matchAll(new RegExp(`^import (.+) from '${name}';$`, 'gm'));
    const exported = Array.from(imports, ([, what = '']) =>
      what.replace(/^\w+$/, '{ default }').replace(/ as \w+/g, ''),
    );
    const lines = exported.map((what) => `export ${what} from '${name}';\n`);
    writeFileSync(entry, [...new Set(lines)].join(''));
    const ncc = ['node_modules/@vercel/ncc/dist/ncc/cli.js', 'build', entry, '-o', folder];
    // So that there is one of each, whose errors are those that others know.
    const others = names.filter((other) => other !== name).flatMap((other) => ['-e', other]);
    execFileSync(process.execPath, [...ncc, '--no-cache', '--quiet', ...others]);
  }
}

/** Of what each process has run, only our sources: the rest is Node's and jest's, and a hundred times as much. */
function keepOurs(): void {
  for (const name of readdirSync(STEPS)) {
    const file = join(STEPS, name);
    const { result } = JSON.parse(readFileSync(file, 'utf8'));
    const ours = result.filter(({ url }: { url: string }) =>
      [resolve(PROCESSES), join(COMMONJS, 'src')].some((folder) => url.includes(`${folder}/`)),
    );
    writeFileSync(file, JSON.stringify({ result: ours }));
  }
}

rmSync(FOLDER, { recursive: true, force: true });
writeEntries(PROCESSES, 'module');
compileCommonJs();
const [pattern = '', ...more] = process.argv.slice(2);
const jest = [...JEST, 'node_modules/jest/bin/jest.js', ...more];
// What is in jest's own process is measured by jest, whose way ends the other.
const inProcess = ['--coverage', '--coverageProvider=v8', '--coverageReporters=json'];
node([
  ...jest,
  `__tests__/(unit|sockets)/.*(?:${pattern})`,
  ...inProcess,
  `--coverageDirectory=${FOLDER}/jest`,
]);
node([...jest, `__tests__/(virtual|bundle)/.*(?:${pattern})`], {
  NODE_V8_COVERAGE: STEPS,
  STEP_COVERAGE: STEPS,
  PROCESS_ACTIONS: PROCESSES,
  VIRTUAL_ACTIONS: `${COMMONJS}/src`,
});
keepOurs();
node([
  'node_modules/c8/bin/c8.js',
  'report',
  `--temp-directory=${STEPS}`,
  `--reports-dir=${FOLDER}/c8`,
  '--reporter=json',
  '--exclude-after-remap',
  '--include=src/**',
]);

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
