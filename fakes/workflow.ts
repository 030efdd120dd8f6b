import { parse } from 'yaml';
import type { StepRun } from './runner.ts';
import type { Stage } from './stage.ts';

type Context = Readonly<Record<string, unknown>>;

interface Job {
  readonly needs?: string;
  readonly if?: string;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: string };
  readonly steps: readonly {
    readonly id?: string;
    readonly uses?: string;
    readonly with?: Readonly<Record<string, unknown>>;
  }[];
}

/**
 * Runs the steps of a workflow that use this repository's actions, whoever it belongs to, in order, as far
 * as the READMEs' recipes go: `needs`, `outputs`, `if` on an output, a matrix from JSON, and expressions
 * that are a path into a context. Steps of other kinds are left out.
 */
export async function runWorkflow(
  yaml: string,
  { context: given, run: runAction }: { context: Context; run: Stage['run'] },
): Promise<StepRun[]> {
  const { jobs } = parse(yaml) as { jobs: Record<string, Job> };
  const runs: StepRun[] = [];
  const needs: Record<string, { outputs: Record<string, unknown> }> = {};
  for (const [name, job] of Object.entries(jobs)) {
    const base = { ...given, needs };
    if (job.if !== undefined && !isTrue(job.if, base)) continue;
    const matrices = job.strategy
      ? (evaluate(job.strategy.matrix, base) as { include: object[] }).include
      : [{}];
    for (const matrix of matrices) {
      const steps: Record<string, { outputs: Readonly<Record<string, string>> }> = {};
      const context = { ...base, matrix, steps };
      for (const { id, uses, with: inputs = {} } of job.steps) {
        const ours = /^[^/]+\/nodion-deploy(?:\/([a-z-]+))?@v1$/.exec(uses ?? '');
        if (!ours) continue;
        const run = await runAction({
          action: ours[1] ?? '.',
          inputs: Object.fromEntries(
            Object.entries(inputs).map(([input, value]) => [
              input,
              String(evaluate(String(value), context)),
            ]),
          ),
        });
        runs.push(run);
        if (id) steps[id] = { outputs: run.outputs };
      }
      const outputs = Object.entries(job.outputs ?? {});
      needs[name] = {
        outputs: Object.fromEntries(outputs.map(([key, value]) => [key, evaluate(value, context)])),
      };
    }
  }
  return runs;
}

function evaluate(text: string, context: Context): unknown {
  const [, whole] = /^\$\{\{ (.+) \}\}$/.exec(text) ?? [];
  if (!whole) return text;
  const [, json] = /^fromJSON\((.+)\)$/.exec(whole) ?? [];
  return json ? JSON.parse(String(lookUp(json, context))) : lookUp(whole, context);
}

function isTrue(condition: string, context: Context): boolean {
  const [, path = '', other] = /^(\S+) != '(.*)'$/.exec(condition) ?? [];
  return lookUp(path, context) !== other;
}

function lookUp(path: string, context: Context): unknown {
  const value = path
    .split('.')
    .reduce<unknown>(
      (object, key) => (object as Record<string, unknown> | undefined)?.[key],
      context,
    );
  if (value === undefined) throw new Error(`Nothing at ${path}`);
  return value;
}
