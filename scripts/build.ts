import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * Bundles the compiled actions in `build/src` into `dist/`, which is committed. Run it from the
 * project's root, after `npm ci`: ncc's module ids depend on both.
 */

const ACTIONS = 'build/src/actions';

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
  './src/nodion/proxy.js',
  './src/report/github-deployment.js',
];
writeFileSync(everything, modules.map((module) => `import '${module}';\n`).join(''));
bundle(everything, 'build/everything', '--license', 'licenses.txt');
copyFileSync('build/everything/licenses.txt', 'dist/licenses.txt');

function bundle(entry: string, folder: string, ...options: string[]): void {
  const cli = 'node_modules/@vercel/ncc/dist/ncc/cli.js';
  const args = [cli, 'build', entry, '-o', folder, '--no-cache', '--minify', '--quiet', ...options];
  execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
