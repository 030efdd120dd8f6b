import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { HttpError } from '../src/http/http-error.ts';
import { createTransport, type HttpRequest, type SendRequest } from '../src/http/transport.ts';
import { TRUST } from './certificate.ts';
import { peakMemoryMb } from './peak-memory.ts';

/** A request for the process, a GET by default. */
export type ProcessRequest = Pick<HttpRequest, 'url'> &
  Partial<Omit<HttpRequest, 'signal'>> & { readonly abortAfterMs?: number };

/** What became of it. */
export interface ProcessResult {
  readonly status?: number;
  /** The first 100 characters. */
  readonly body?: string;
  readonly error?: Pick<HttpError, 'code' | 'message' | 'host' | 'proxy' | 'isFinal'>;
  /** The reason of its signal, where that ended it. */
  readonly aborted?: string;
  readonly durationMs: number;
}

export interface ProcessRun {
  readonly results: readonly ProcessResult[];
  /** Of the whole process, in MB. */
  readonly peakMemoryMb: number;
  /** From the last result to the end of the process. */
  readonly exitMs: number;
  readonly stderr: string;
}

/**
 * Sends requests one after the other through the transport in a process, with `env` and trust in the test
 * certificate: that, peak memory and exit can only be tested in one.
 */
export async function sendInProcess(
  requests: readonly ProcessRequest[],
  env: Readonly<Record<string, string>> = {},
): Promise<ProcessRun> {
  const program = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, [program, JSON.stringify(requests)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...TRUST,
      // Windows has no sockets without it.
      ...(process.env.SystemRoot && { SystemRoot: process.env.SystemRoot }),
      ...env,
    },
  });
  let stdout = '';
  let stderr = '';
  let answeredAt = 0;
  child.stdout.on('data', (text) => {
    stdout += text;
    answeredAt = performance.now();
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  const exitMs = performance.now() - answeredAt;
  if (stdout === '') throw new Error(stderr);
  return { ...JSON.parse(stdout), exitMs, stderr };
}

async function send(
  transport: SendRequest,
  { abortAfterMs, ...request }: ProcessRequest,
): Promise<ProcessResult> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort('cancelled'), abortAfterMs ?? 60_000);
  const startedAt = performance.now();
  let outcome: Omit<ProcessResult, 'durationMs'>;
  try {
    const defaults = { method: 'GET', headers: {}, timeoutMs: 30_000 };
    const answer = await transport({ ...defaults, ...request, signal: controller.signal });
    outcome = { status: answer.status, body: answer.body.slice(0, 100) };
  } catch (error) {
    outcome =
      error instanceof HttpError
        ? { error: { ...error, message: error.message } }
        : { aborted: String(error) };
  }
  clearTimeout(timer);
  return { ...outcome, durationMs: performance.now() - startedAt };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const transport = createTransport();
  const results: ProcessResult[] = [];
  for (const request of JSON.parse(process.argv[2] ?? ''))
    results.push(await send(transport, request));
  process.stdout.write(JSON.stringify({ results, peakMemoryMb: peakMemoryMb() }));
}
