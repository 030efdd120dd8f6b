import childProcess, { type ChildProcess, fork, spawn } from 'node:child_process';
import { type EventEmitter, once } from 'node:events';
import type { Socket } from 'node:net';
import { resolve } from 'node:path';
import { clearTimeout, setTimeout } from 'node:timers';
import pLimit from 'p-limit';
import type { Clock, WrongClock } from './clock.ts';

/** What a process needs to run a step. */
export interface ProcessStep {
  /** The entry of the action, from the project's root. */
  readonly main: string;
  /** The working directory, empty but for the runner's files. */
  readonly folder: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** How its wall clock is wrong; not for a process of its own. */
  readonly wrongClock?: WrongClock | undefined;
  /** The process is killed after so many real milliseconds. */
  readonly killAfterMs?: number | undefined;
  /** Called when the step begins, in a process that was perhaps waited for. */
  readonly onStart: () => void;
  readonly onText: (text: string, stream: 'stdout' | 'stderr', child: ChildProcess) => void;
}

/**
 * Runs a step as the runner does, in a process that starts and ends with it.
 * @returns the exit code; null when a signal ended the process.
 */
export function runInOwnProcess(step: ProcessStep): Promise<number | null> {
  const { main, folder, env, clock, killAfterMs, onStart, onText } = step;
  onStart();
  const child = spawn(process.execPath, [...clock.nodeArguments, resolve(main)], {
    cwd: folder,
    env,
    ...(killAfterMs && { timeout: killAfterMs, killSignal: 'SIGKILL' }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => onText(text, stream, child));
  }
  return new Promise((resolveExit, reject) => {
    child.on('error', reject).on('close', resolveExit);
  });
}

/** A process that waits for a step. */
interface Waiting {
  readonly child: ChildProcess;
  /** The file of certificates that it trusts as well, which Node reads at its start. */
  readonly trusted: string | undefined;
}

const KEY = Symbol.for('processes that wait for a step');
const shared = childProcess as typeof childProcess & { [KEY]?: Waiting[] };

/** Jest gives every test file modules of its own, Node's excepted: there it outlives the file. */
shared[KEY] ??= [];
const waiting = shared[KEY];

/** A start mostly computes: more at once would only wait for a core, and hold up the fakes. */
const starts = pLimit(1);

/** On a busy machine too. A process that takes longer has something left to do, and gets no other step. */
const LONGEST_END_MS = 1_000;

type Listener = Parameters<EventEmitter['on']>[1];

/** What a process says at a step's exit, and when nothing of the step is left. */
interface Message {
  /** Null: nothing is left. */
  readonly exitCode: number | null;
  /** The bytes that the process has written by then, in all its steps. */
  readonly stdout: number;
  readonly stderr: number;
}

/**
 * Runs a step in a process that has run others before, at a fraction of the cost of a new one. Its own are
 * the bundle's modules (compiled once, evaluated anew), the environment, the working directory, the clock,
 * standard output and standard error. Node itself is warm: what it reads at its start is out of reach
 * (`NODE_…`, `--import`; but for `NODE_EXTRA_CA_CERTS`), and memory is not the step's alone. A process that
 * is killed, crashes, or has anything left to do a second after its step gets no other.
 * @returns the exit code; null when a signal ended the process.
 */
export async function runInWarmProcess(step: ProcessStep): Promise<number | null> {
  const { onStart, onText, killAfterMs, clock, wrongClock, ...job } = step;
  const { NODE_EXTRA_CA_CERTS: trusted } = step.env;
  const child =
    nextWaiting(trusted) ?? (await starts(() => nextWaiting(trusted) ?? startWarmProcess(trusted)));
  const stdout = child.stdout as Socket;
  const stderr = child.stderr as Socket;
  const handles = [child, child.channel, stdout, stderr] as { ref(): void; unref(): void }[];
  for (const handle of handles) handle.ref();
  let timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs ?? 2 ** 31 - 1);
  const ended = new AbortController();
  return new Promise((resolveExit, reject) => {
    let exit: Message | undefined;
    let end: Message | undefined;
    const isRead = (message: Message | undefined): message is Message =>
      message !== undefined &&
      stdout.bytesRead >= message.stdout &&
      stderr.bytesRead >= message.stderr;
    const listen = (emitter: EventEmitter, event: string, listener: Listener) => {
      emitter.on(event, listener);
      ended.signal.addEventListener('abort', () => emitter.off(event, listener));
    };
    const settle = () => {
      if (!isRead(exit)) return;
      resolveExit(exit.exitCode);
      for (const handle of [...handles, timer]) handle.unref();
      // What is written after the exit is nobody's, and not the next step's either.
      if (!isRead(end)) return;
      clearTimeout(timer);
      ended.abort();
      waiting.push({ child, trusted });
    };
    for (const [stream, socket] of Object.entries({ stdout, stderr } as const)) {
      listen(socket, 'data', (text: string) => {
        onText(text, stream as 'stdout' | 'stderr', child);
        settle();
      });
    }
    listen(child, 'message', (message: Message) => {
      if (message.exitCode === null) end = message;
      else {
        exit = message;
        clearTimeout(timer);
        timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_END_MS);
      }
      settle();
    });
    listen(child, 'error', reject);
    let isTaken = false;
    onStart();
    listen(child, 'close', (exitCode: number | null) => {
      clearTimeout(timer);
      if (isTaken) resolveExit(exitCode);
    });
    child.send({ ...job, clock: { ...clock.parameters, ...wrongClock } }, (error) => {
      isTaken = error === null;
      if (isTaken) return;
      // A signal for its last step has just ended it.
      clearTimeout(timer);
      ended.abort();
      resolveExit(runInWarmProcess(step));
    });
  });
}

function nextWaiting(trusted: string | undefined): ChildProcess | undefined {
  const index = waiting.findLastIndex((one) => one.trusted === trusted);
  const [next] = index < 0 ? [] : waiting.splice(index, 1);
  // A late signal may have ended it meanwhile.
  return next && !next.child.connected ? nextWaiting(trusted) : next?.child;
}

async function startWarmProcess(trusted: string | undefined): Promise<ChildProcess> {
  const child = fork('fakes/warm-process.mjs', {
    silent: true,
    env: trusted === undefined ? {} : { NODE_EXTRA_CA_CERTS: trusted },
  });
  child.stdout?.setEncoding('utf8');
  child.stderr?.setEncoding('utf8');
  await once(child, 'message');
  return child;
}
