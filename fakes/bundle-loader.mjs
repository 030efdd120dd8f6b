import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import vm, { Script } from 'node:vm';

const KEY = Symbol.for('compiled files of the bundle');

/**
 * By path: compiled once, so that a step costs no more than to run them. Jest gives every test file modules
 * of its own, Node's excepted: there they outlive the file.
 */
vm[KEY] ??= new Map();
const scripts = vm[KEY];

/**
 * Loads files of the bundle, each evaluated once for each loader, as in a new process.
 * @param {{
 *   world?: Readonly<Record<string, unknown>>,
 *   require?: (specifier: string) => object,
 * }} options
 *   `world`: what stands in the place of Node's globals of these names; `require` gives a module of
 *   Node's, or what stands in its place.
 * @returns {(file: string) => object} takes an absolute path.
 */
export function createLoader({ world = {}, require = createRequire(import.meta.url) } = {}) {
  const modules = new Map();

  return function load(file) {
    const known = modules.get(file);
    if (known) return known.exports;
    const module = { exports: {} };
    const folder = dirname(file);
    const own = {
      ...{ module, exports: module.exports, __dirname: folder, __filename: file },
      require: (specifier) =>
        specifier.startsWith('.') ? load(resolve(folder, specifier)) : require(specifier),
      ...world,
    };
    const run = functionOf(file, Object.keys(own));
    modules.set(file, module);
    run(...Object.values(own));
    return module.exports;
  };
}

function functionOf(file, names) {
  const key = [file, ...names].join();
  if (!scripts.has(key)) {
    // On one line with the bundle, so that positions in it are what they are there.
    const source = `(function(${names}){${readFileSync(file, 'utf8')}\n})`;
    scripts.set(key, new Script(source, { filename: file }).runInThisContext());
  }
  return scripts.get(key);
}
