import { readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import vm from 'node:vm';

/** Of `npm run coverage`: the bundle needs none. */
const PACKAGES = resolve('build/coverage/virtual/packages');

const KEY = Symbol.for('compiled files of the bundle');

/**
 * By path: compiled once, so that a step costs no more than to run them. Jest gives every test file modules
 * of its own, Node's excepted: there they outlive the file.
 */
vm[KEY] ??= new Map();
const functions = vm[KEY];

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
      require: (specifier) => {
        if (isBuiltin(specifier)) return require(specifier);
        const isFile = specifier.startsWith('.');
        return load(isFile ? resolve(folder, specifier) : join(PACKAGES, specifier, 'index.js'));
      },
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
  if (!functions.has(key)) {
    functions.set(key, vm.compileFunction(readFileSync(file, 'utf8'), names, { filename: file }));
  }
  return functions.get(key);
}
