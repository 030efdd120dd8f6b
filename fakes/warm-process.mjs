import 'node:https';
import { resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { createLoader } from './bundle-loader.mjs';
import { setClock } from './fast-clock.mjs';

// Runs steps one after the other for step-processes.ts, which says what is theirs and what they share.

// From here on, since what comes with Node is compiled already.
setFlagsFromString('--no-lazy');

const PROJECT = process.cwd();
let hasExited = false;

process.on('message', ({ folder, main, env, clock }) => {
  process.chdir(folder);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  // From here on only the step keeps the process going.
  process.channel.unref();
  setClock(clock, 0);
  createLoader()(resolve(PROJECT, main));
});

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
