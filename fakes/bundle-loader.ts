import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import vm from 'node:vm';

/** Of `npm run coverage`: the bundle needs none. */
const PACKAGES = resolve('build/coverage/commonjs/packages');

/** A file's code, as a function of what is free in it. */
type Evaluate = (...values: unknown[]) => void;

const KEY = Symbol.for('compiled files of the bundle');
const shared = vm as typeof vm & { [KEY]?: Map<string, Evaluate> };

/**
 * By path: compiled once, so that a step costs no more than to run them. Jest gives every test file modules
 * of its own, Node's excepted: there they outlive the file.
 */
shared[KEY] ??= new Map();
const functions = shared[KEY];

interface World {
  /** What stands in the place of Node's globals of these names. */
  readonly globals: Readonly<Record<string, unknown>>;
  /** A module of Node's, or what stands in its place. */
  readonly require: (specifier: string) => object;
}

/**
 * Loads files of the bundle, each evaluated once for each loader, as in a new process.
 * @returns what takes an absolute path, and gives the exports.
 */
export function createLoader({ globals, require }: World): (file: string) => object {
  const modules = new Map<string, { exports: object }>();

  return function load(file: string): object {
    const known = modules.get(file);
    if (known) return known.exports;
    const module = { exports: {} };
    const folder = dirname(file);
    const own = {
      ...{ module, exports: module.exports, __dirname: folder, __filename: file },
      require: (specifier: string) => {
        if (isBuiltin(specifier)) return require(specifier);
        const isFile = specifier.startsWith('.');
        return load(isFile ? resolve(folder, specifier) : join(PACKAGES, specifier, 'index.js'));
      },
      ...globals,
    };
    const evaluate = functionOf(file, Object.keys(own));
    modules.set(file, module);
    evaluate(...Object.values(own));
    return module.exports;
  };
}

function functionOf(file: string, names: readonly string[]): Evaluate {
  const key = [file, ...names].join();
  const known = functions.get(key);
  if (known) return known;
  const code = readFileSync(file, 'utf8');
  const evaluate = vm.compileFunction(code, [...names], { filename: file }) as Evaluate;
  functions.set(key, evaluate);
  return evaluate;
}
