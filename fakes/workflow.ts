import { parse } from 'yaml';
import { runStep, type StepRun } from './runner.ts';

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
 * Runs the steps of a workflow that use this repository's actions, in order, as far as the README's
 * recipes go: `needs`, `outputs`, `if` on an output, a matrix from JSON, and expressions that are a path
 * into a context. Steps of other kinds are left out.
 *
 * @param options.inputs added to the `with:` of every step.
 */
export async function runWorkflow(
  yaml: string,
  options: {
    context: Context;
    inputs: Readonly<Record<string, string>>;
    env?: Record<string, string>;
  },
): Promise<StepRun[]> {
  const { jobs } = parse(yaml) as { jobs: Record<string, Job> };
  const runs: StepRun[] = [];
  const needs: Record<string, { outputs: Record<string, unknown> }> = {};
  for (const [name, job] of Object.entries(jobs)) {
    const base = { ...options.context, needs };
    if (job.if !== undefined && !isTrue(job.if, base)) continue;
    const matrices = job.strategy
      ? (evaluate(job.strategy.matrix, base) as { include: object[] }).include
      : [{}];
    for (const matrix of matrices) {
      const steps: Record<string, { outputs: Readonly<Record<string, string>> }> = {};
      const context = { ...base, matrix, steps };
      for (const { id, uses, with: given = {} } of job.steps) {
        const ours = /^OWNER\/nodion-deploy(?:\/([a-z-]+))?@v1$/.exec(uses ?? '');
        if (!ours) continue;
        const inputs = Object.fromEntries(
          Object.entries(given).map(([input, value]) => [
            input,
            String(evaluate(String(value), context)),
          ]),
        );
        const run = await runStep({
          action: ours[1] ?? '.',
          inputs: { ...inputs, ...options.inputs },
          ...(options.env && { env: options.env }),
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
