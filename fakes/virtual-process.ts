import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { createLoader } from './bundle-loader.ts';
import type { WrongClock } from './clock.ts';
import type { VirtualNetwork } from './network.ts';
import type { ProcessStep } from './own-process.ts';
import type { VirtualClock, VirtualTimeout } from './virtual-clock.ts';

const requireOfNode = createRequire(import.meta.url);

/** What a step in this process goes by. */
interface Surroundings {
  readonly clock: VirtualClock;
  readonly network: VirtualNetwork;
  /** How its wall clock is wrong. */
  readonly wrongClock?: WrongClock | undefined;
}

/**
 * Runs a step in this process, in virtual time and on a virtual network. Its own are the bundle's modules,
 * the environment, time, connections, standard output and signals.
 * @returns the exit code.
 */
export function runInVirtualProcess(
  step: ProcessStep,
  { clock, network, wrongClock = {} }: Surroundings,
): Promise<number> {
  const { main, folder, env, onText } = step;
  return new Promise((resolveExit, reject) => {
    const emitter = new EventEmitter();
    const timeouts = new Set<VirtualTimeout>();
    let hasExited = false;
    const child = {
      kill: (signal: string) => process.nextTick(() => emitter.emit(signal, signal)),
    } as unknown as ChildProcess;
    const output = (stream: 'stdout' | 'stderr') => ({
      write: (written: string | Uint8Array, done?: () => void) => {
        const text = written.toString();
        if (!hasExited && text !== '') onText(text, stream, child);
        if (done) process.nextTick(done);
        return true;
      },
    });

    const stepProcess = {
      ...{ arch: process.arch, platform: process.platform, version: process.version },
      versions: process.versions,
      env: { ...env },
      exitCode: 0,
      stdout: output('stdout'),
      stderr: output('stderr'),
      cwd: () => folder,
      nextTick: process.nextTick,
      on: emitter.on.bind(emitter),
      exit: (exitCode?: number) => {
        if (hasExited) return;
        hasExited = true;
        for (const timeout of timeouts) timeout.close();
        resolveExit(exitCode ?? stepProcess.exitCode);
      },
    };

    const startedAt = clock.now();
    const { offset = 0, jump = 0, jumpAfter = 0 } = wrongClock;
    const now = () => clock.now() + offset + (clock.now() - startedAt > jumpAfter ? jump : 0);
    const set = (callback: () => void, ms: number) => {
      const timeout = clock.set(callback, ms);
      timeouts.add(timeout);
      if (hasExited) timeout.close();
      return timeout;
    };
    const globals = {
      process: stepProcess,
      performance: { now: () => clock.now() - startedAt },
      Date: class extends Date {
        constructor(given: number | string | Date = now()) {
          super(given);
        }
        static override now = now;
      },
      setTimeout: (callback: (...values: unknown[]) => void, ms = 0, ...values: unknown[]) =>
        set(() => callback(...values), ms),
      clearTimeout: (timeout?: VirtualTimeout) => timeout?.close(),
      setInterval: (callback: () => void, ms: number) => {
        const timeout = set(() => {
          timeout.refresh();
          callback();
        }, ms);
        return timeout;
      },
      clearInterval: (timeout?: VirtualTimeout) => timeout?.close(),
    };

    const replaced: Readonly<Record<string, object>> = {
      'node:net': { ...requireOfNode('node:net'), connect: network.connect.bind(network) },
      'node:timers/promises': {
        setTimeout: (ms: number, value: unknown, { signal }: { signal?: AbortSignal } = {}) =>
          new Promise((wake, fail) => {
            const end = () => {
              timeout.close();
              fail(signal?.reason);
            };
            const timeout = set(() => {
              signal?.removeEventListener('abort', end);
              wake(value);
            }, ms);
            if (signal?.aborted) end();
            else signal?.addEventListener('abort', end, { once: true });
          }),
      },
    };
    const load = createLoader({
      globals,
      require: (specifier: string) => replaced[specifier] ?? requireOfNode(specifier),
    });
    try {
      load(resolve(main));
    } catch (error) {
      reject(error);
    }
  });
}
