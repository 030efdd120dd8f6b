import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * Bundles the compiled actions in `build/src` into `dist/`, which is committed. Run it from the
 * project's root, after `npm ci`: ncc's module ids depend on both.
 */

const ACTIONS = 'build/src/actions';

// The only use of undici's 930 kB in @actions/core is getIDToken(), which is never called here. Its
// modules only define things, but the package does not say so: https://github.com/actions/toolkit/issues/1436
const CORE = 'node_modules/@actions/core/package.json';
const core = JSON.parse(readFileSync(CORE, 'utf8'));
writeFileSync(CORE, `${JSON.stringify({ ...core, sideEffects: false }, null, 2)}\n`);

rmSync('dist', { recursive: true, force: true });
const entries = readdirSync(ACTIONS).filter((file) => file.endsWith('.js'));
for (const entry of entries) {
  const name = basename(entry, '.js');
  bundle(join(ACTIONS, entry), name === 'deploy' ? 'dist' : join('dist', name));
}

// With lazy chunks ncc's licence file holds the last chunk's packages only, so one bundle that loads
// everything at once is made for its licence file alone.
const everything = 'build/everything.js';
const modules = [
  ...entries.map((entry) => `./src/actions/${entry}`),
  './src/proxy.js',
  './src/github-deployment.js',
];
writeFileSync(everything, modules.map((module) => `import '${module}';\n`).join(''));
bundle(everything, 'build/everything', '--license', 'licenses.txt');
copyFileSync('build/everything/licenses.txt', 'dist/licenses.txt');

function bundle(entry: string, folder: string, ...options: string[]): void {
  const cli = 'node_modules/@vercel/ncc/dist/ncc/cli.js';
  const args = [cli, 'build', entry, '-o', folder, '--no-cache', '--minify', '--quiet', ...options];
  execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });

  // @actions/core loads node:crypto, a fifth of the start-up, for the delimiter in file commands.
  const file = join(folder, 'index.js');
  const eager = /\w+\(import\.meta\.url\)\("crypto"\)/g;
  const code = readFileSync(file, 'utf8');
  if (code.match(eager)?.length !== 1) throw new Error(`${file}: crypto is not loaded as expected`);
  writeFileSync(file, code.replace(eager, '{randomUUID:()=>$&.randomUUID()}'));
}
