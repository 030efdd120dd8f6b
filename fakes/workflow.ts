import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { parse } from 'yaml';
import type { StepRun } from './runner.ts';
import type { Stage } from './stage.ts';

type Context = Readonly<Record<string, unknown>>;

interface Job {
  readonly if?: string;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: string };
  readonly steps: readonly {
    readonly id?: string;
    readonly if?: string;
    readonly uses?: string;
    readonly with?: Readonly<Record<string, unknown>>;
    readonly env?: Readonly<Record<string, string>>;
    readonly run?: string;
  }[];
}

/** What a step of a shell did. */
export interface CommandRun {
  readonly exitCode: number | null;
  /** What it printed, and what its replaced commands were given. */
  readonly log: string;
  readonly summary: string;
}

/**
 * Runs a workflow's steps that use this repository's actions, whoever it belongs to, and those of a shell,
 * in order, as far as the recipes go: `needs`, `outputs`, a matrix from JSON, conditions joined by `&&`, and
 * expressions that are a path into a context. Steps that use other actions are left out.
 *
 * @param options.steps the outputs of steps that are left out, by their IDs.
 * @param options.folder an empty one, for the shell.
 * @param options.commands for each command that is replaced in the shell, what it does, as a script.
 */
export async function runWorkflow(
  yaml: string,
  options: {
    context: Context;
    steps: Readonly<Record<string, object>>;
    folder: string;
    commands: Readonly<Record<string, string>>;
    run: Stage['run'];
  },
): Promise<{ actions: StepRun[]; commands: CommandRun[] }> {
  const { jobs } = parse(yaml) as { jobs: Record<string, Job> };
  const actions: StepRun[] = [];
  const commands: CommandRun[] = [];
  const needs: Record<string, { outputs: Record<string, unknown> }> = {};
  for (const [name, job] of Object.entries(jobs)) {
    const base = { ...options.context, needs };
    if (job.if !== undefined && !isTrue(job.if, base)) continue;
    const matrices = job.strategy
      ? (evaluate(job.strategy.matrix, base) as { include: object[] }).include
      : [{}];
    for (const matrix of matrices) {
      const steps: Record<string, unknown> = { ...options.steps };
      const context = { ...base, matrix, steps };
      for (const { id, if: condition, uses = '', with: inputs = {}, env = {}, run } of job.steps) {
        if (condition !== undefined && !isTrue(condition, context)) continue;
        if (run !== undefined) commands.push(runCommand(run, evaluateAll(env, context), options));
        const ours = /^[^/]+\/nodion-deploy(?:\/([a-z-]+))?@v1$/.exec(uses);
        if (!ours) continue;
        const done = await options.run({
          action: ours[1] ?? '.',
          inputs: evaluateAll(inputs, context),
        });
        actions.push(done);
        if (id) {
          const file = join(options.folder, 'deployments.json');
          writeFileSync(file, done.deploymentsFile ?? '');
          const { outputs } = done;
          steps[id] = {
            outputs: outputs.deployments_file ? { ...outputs, deployments_file: file } : outputs,
          };
        }
      }
      needs[name] = { outputs: evaluateAll(job.outputs ?? {}, context) };
    }
  }
  return { actions, commands };
}

function runCommand(
  command: string,
  env: Readonly<Record<string, string>>,
  { folder, commands }: { folder: string; commands: Readonly<Record<string, string>> },
): CommandRun {
  const bin = join(folder, 'bin');
  const summary = join(folder, 'summary');
  mkdirSync(bin, { recursive: true });
  for (const [name, script] of Object.entries(commands)) {
    writeFileSync(join(bin, name), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
  }
  writeFileSync(summary, '');
  const step = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', command], {
    cwd: folder,
    encoding: 'utf8',
    env: {
      PATH: [bin, dirname(process.execPath), process.env.PATH].join(delimiter),
      GITHUB_STEP_SUMMARY: summary,
      ...env,
    },
  });
  const log = step.stdout + step.stderr;
  return { exitCode: step.status, log, summary: readFileSync(summary, 'utf8') };
}

function evaluateAll(
  texts: Readonly<Record<string, unknown>>,
  context: Context,
): Record<string, string> {
  const all = Object.entries(texts);
  return Object.fromEntries(
    all.map(([name, text]) => [name, String(evaluate(String(text), context))]),
  );
}

function evaluate(text: string, context: Context): unknown {
  const [, json] = /^\$\{\{ fromJSON\((.+)\) \}\}$/.exec(text) ?? [];
  if (json) return JSON.parse(String(lookUp(json, context)));
  return text.replace(/\$\{\{ (.+?) \}\}/g, (_, path: string) => {
    const value = lookUp(path, context);
    if (value === undefined) throw new Error(`Nothing at ${path}`);
    return String(value);
  });
}

function isTrue(condition: string, context: Context): boolean {
  return condition.split(' && ').every((part) => {
    if (part === 'always()') return true;
    const [, path = part, operator, other] = /^(\S+) ([!=])= '(.*)'$/.exec(part) ?? [];
    const value = lookUp(path, context) ?? '';
    if (operator === undefined) return value !== '';
    return (value === other) === (operator === '=');
  });
}

function lookUp(path: string, context: Context): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (object, key) => (object as Record<string, unknown> | undefined)?.[key],
      context,
    );
}
