import { readFileSync } from 'node:fs';
import 'node:https';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { SourceTextModule, SyntheticModule } from 'node:vm';
import { setClock } from './fast-clock.mjs';

// Runs steps one after the other for step-processes.ts, which says what is theirs and what they share.

// From here on, since what comes with Node is compiled already.
setFlagsFromString('--no-lazy');

const PROJECT = process.cwd();
let hasExited = false;

process.on('message', async ({ folder, main, env, clock }) => {
  process.chdir(folder);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  // From here on only the step keeps the process going.
  process.channel.unref();
  setClock(clock, 0);
  imports = new Map();
  await importOnce(pathToFileURL(resolve(PROJECT, main)).href);
});

/** Of each file the source, and what V8 made of it: all of its functions, not only those that were called first. */
const compiled = new Map();

/** What the step has imported so far. */
let imports = new Map();

/** Imports a file of the bundle, evaluated anew for each step, as in a new process. */
function importOnce(url) {
  if (!imports.has(url)) imports.set(url, importAnew(url));
  return imports.get(url);
}

async function importAnew(url) {
  const module = newModule(url);
  await module.link((specifier, { identifier }) =>
    specifier.startsWith('.')
      ? newModule(new URL(specifier, identifier).href)
      : moduleOfNode(specifier),
  );
  await module.evaluate();
  return module.namespace;
}

function newModule(url) {
  const { source = readSource(url), cachedData } = compiled.get(url) ?? {};
  const module = new SourceTextModule(source, {
    identifier: url,
    cachedData,
    initializeImportMeta: (meta) => {
      meta.url = url;
      meta.import = (specifier) => importOnce(new URL(specifier, url).href);
    },
  });
  if (!cachedData) compiled.set(url, { source, cachedData: module.createCachedData() });
  return module;
}

/** Imports become calls: in code that comes from a cache Node 20 does not know who is to answer them. */
function readSource(url) {
  return readFileSync(new URL(url), 'utf8').replaceAll(/\bimport\(/g, 'import.meta.import(');
}

async function moduleOfNode(specifier) {
  const exported = await import(specifier);
  return new SyntheticModule(Object.keys(exported), function () {
    for (const [name, value] of Object.entries(exported)) this.setExport(name, value);
  });
}

// Whoever ordered the steps is gone.
process.on('disconnect', process.exit.bind(process, 1));

/** Says what has happened, with the bytes that have been written by then. */
function tell(message) {
  const { stdout, stderr } = process;
  process.send({ ...message, stdout: stdout.bytesWritten, stderr: stderr.bytesWritten });
}

process.exit = (exitCode = process.exitCode ?? 0) => {
  if (hasExited) return;
  hasExited = true;
  tell({ exitCode: Number(exitCode) });
};

process.on('beforeExit', () => {
  // A step that ends without process.exit() ends its process, as on a runner.
  if (!hasExited) return;
  hasExited = false;
  process.exitCode = undefined;
  for (const event of ['SIGINT', 'SIGTERM', 'uncaughtException']) process.removeAllListeners(event);
  process.chdir(PROJECT);
  process.channel.ref();
  tell({ exitCode: null });
});

tell({ exitCode: null });
