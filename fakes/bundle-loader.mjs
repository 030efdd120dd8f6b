import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Script } from 'node:vm';

/** By URL: compiled once, so that a step costs no more than to run them. */
const scripts = new Map();

/**
 * Imports files of the bundle, each evaluated once for each loader, as in a new process.
 * @param {{
 *   world?: Readonly<Record<string, unknown>>,
 *   require?: (specifier: string) => object,
 * }} options
 *   `world`: what stands in the place of Node's globals of these names; `require` gives a module of
 *   Node's, or what stands in its place.
 * @returns {(url: string) => Promise<object>}
 */
export function createLoader({ world = {}, require = createRequire(import.meta.url) } = {}) {
  const imports = new Map();

  function importOnce(url) {
    if (!imports.has(url)) imports.set(url, evaluate(url));
    return imports.get(url);
  }

  async function evaluate(url) {
    const names = ['$load', '$require', '$url', 'exports', ...Object.keys(world)];
    const exported = {};
    const load = (file) => importOnce(new URL(file, url).href);
    const values = [load, require, url, exported, ...Object.values(world)];
    await scriptOf(url, names).runInThisContext()(...values);
    return exported;
  }

  return importOnce;
}

function scriptOf(url, names) {
  const key = [url, ...names].join();
  if (!scripts.has(key)) {
    const body = toFunctionBody(readFileSync(new URL(url), 'utf8'));
    // On one line with the bundle, so that positions in it are what they are there.
    const source = `(async function(${names}){'use strict';${body}\n})`;
    scripts.set(key, new Script(source, { filename: url }));
  }
  return scripts.get(key);
}

/**
 * A module as the body of a function, since experimental modules crash Node 20: it has only the few kinds of
 * imports and exports that the build makes. Another one is a syntax error.
 */
function toFunctionBody(module) {
  return module
    .replace(/^import\{createRequire as ([\w$]+)\}from"module";/, 'const $1=()=>$require;')
    .replaceAll(/\bexport const ([\w$]+)=/g, 'exports.$1=')
    .replace(/\bexport\{([^{}]+)\};\s*$/, (_, names) => {
      const pairs = names.split(',').map((name) => name.replace(/([\w$]+) as (\w+)/, '$2:$1'));
      return `Object.assign(exports,{${pairs}});`;
    })
    .replaceAll(/\bimport\(/g, '$load(')
    .replaceAll('import.meta.url', '$url');
}
