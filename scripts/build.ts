import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { minify } from 'terser';
import { BUNDLE, writeEntries } from './entries.ts';

/**
 * Makes `dist/`, which is committed, from the compiled sources in `build/src`: one bundle that all
 * actions share, and for each an `index.js` that runs its own. Run it from the project's root, after
 * `npm ci`: ncc's module ids depend on both.
 */

rmSync('dist', { recursive: true, force: true });
// CommonJS, which Node starts sooner than ES modules: ncc goes by the nearest package.json.
rmSync('build/bundle', { recursive: true, force: true });
cpSync('build/src', 'build/bundle', { recursive: true });
writeFileSync('build/bundle/package.json', '{}');
bundle('build/bundle/actions/index.js', join('dist', BUNDLE));
await minifyAll(join('dist', BUNDLE));
writeEntries('dist', 'commonjs');

// With lazy chunks ncc's licence file holds the last chunk's packages only, so one bundle that loads
// everything at once is made for its licence file alone.
const everything = 'build/everything.js';
const modules = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => `import './src/${file.replace(/ts$/, 'js')}';\n`);
writeFileSync(everything, modules.join(''));
bundle(everything, 'build/everything', '--license', 'licenses.txt');
copyFileSync('build/everything/licenses.txt', 'dist/licenses.txt');

function bundle(entry: string, folder: string, ...options: string[]): void {
  const cli = 'node_modules/@vercel/ncc/dist/ncc/cli.js';
  const args = [cli, 'build', entry, '-o', folder, '--no-cache', '--quiet', ...options];
  execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** ncc's own `--minify` leaves unused functions in, keeps names, and passes over chunks. */
async function minifyAll(folder: string): Promise<void> {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.js'))) {
    const file = join(folder, name);
    const { code } = await minify(readFileSync(file, 'utf8'), {
      toplevel: true,
      // Functions become arrows and methods: unsafe for constructors only, and all that are called with `new` are classes.
      compress: {
        ...{ passes: 4, pure_getters: true, ecma: 2022 },
        ...{ unsafe_arrows: true, unsafe_methods: true },
      },
      format: { comments: false },
    });
    writeFileSync(file, `${code}\n`);
  }
}
