import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';

/** What a process needs to run a step. */
export interface ProcessStep {
  /** The entry of the action, from the project's root. */
  readonly main: string;
  /** The working directory, empty but for the runner's files. */
  readonly folder: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly onText: (text: string, stream: 'stdout' | 'stderr', child: ChildProcess) => void;
}

/**
 * Runs a step as the runner does, in a process that starts and ends with it.
 * @param killAfterMs the process is killed then.
 * @returns the exit code; null when a signal ended the process.
 */
export function runInOwnProcess(step: ProcessStep, killAfterMs?: number): Promise<number | null> {
  const { main, folder, env, onText } = step;
  const child = spawn(process.execPath, [resolve(main)], {
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
