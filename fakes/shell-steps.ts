import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { parse } from 'yaml';

interface Step {
  readonly id?: string;
  readonly if?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly run?: string;
}

export interface ShellRun {
  /** Of the last step that ran. */
  readonly exitCode: number | null;
  /** What the steps printed. */
  readonly log: string;
  /** How the steps called the commands that were replaced, such as `gh release view v1.0.0`. */
  readonly calls: readonly string[];
}

/**
 * Runs the `run:` steps of a workflow's job as the runner does on Linux, up to the first that fails;
 * steps that use an action are left out.
 *
 * @param options.temp an empty folder: RUNNER_TEMP.
 * @param options.commands for each command that is replaced, what it does, as a script.
 * @param options.values what the expressions stand for, such as `inputs.branch`; outputs are added.
 */
export function runShellSteps(options: {
  workflow: string;
  job: string;
  folder: string;
  temp: string;
  commands: Readonly<Record<string, string>>;
  env?: Readonly<Record<string, string>>;
  values?: Readonly<Record<string, string>>;
}): ShellRun {
  const { folder, temp } = options;
  const bin = mkdtempSync(join(tmpdir(), 'commands-'));
  const callLog = join(temp, 'calls');
  const output = join(temp, 'output');
  writeFileSync(callLog, '');
  for (const [command, script] of Object.entries(options.commands)) {
    const noting = `#!/bin/bash\necho "${command} $*" >> '${callLog}'\n${script}\n`;
    writeFileSync(join(bin, command), noting, { mode: 0o755 });
  }

  const values: Record<string, string> = { 'github.token': 'a-token', ...options.values };
  const steps: Step[] = parse(readFileSync(options.workflow, 'utf8')).jobs[options.job].steps;
  let log = '';
  let exitCode: number | null = 0;
  for (const { id, if: condition, env = {}, run } of steps) {
    if (run === undefined || (condition && !isTrue(condition, values))) continue;
    writeFileSync(output, '');
    const step = spawnSync('bash', ['--noprofile', '--norc', '-e', '-c', run], {
      cwd: folder,
      encoding: 'utf8',
      env: {
        PATH: [bin, dirname(process.execPath), process.env.PATH].join(delimiter),
        HOME: temp,
        RUNNER_TEMP: temp,
        GITHUB_OUTPUT: output,
        ...options.env,
        ...Object.fromEntries(Object.entries(env).map(([key, text]) => [key, fill(text, values)])),
      },
    });
    log += step.stdout + step.stderr;
    exitCode = step.status;
    if (exitCode !== 0) break;
    for (const line of readFileSync(output, 'utf8').split('\n')) {
      const [, name, value = ''] = /^(\w+)=(.*)$/.exec(line) ?? [];
      if (name) values[`steps.${id}.outputs.${name}`] = value;
    }
  }
  rmSync(bin, { recursive: true });
  return { exitCode, log, calls: readFileSync(callLog, 'utf8').split('\n').slice(0, -1) };
}

/** The text with each `${{ path }}` replaced; throws for a path that has no value. */
function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{\{ (.+?) \}\}/g, (_, path: string) => {
    const value = values[path];
    if (value === undefined) throw new Error(`Nothing at ${path}`);
    return value;
  });
}

/** Whether a condition such as `steps.plan.outputs.major_tag != ''` holds. */
function isTrue(condition: string, values: Readonly<Record<string, string>>): boolean {
  const [, path = '', other] = /^(\S+) != '(.*)'$/.exec(condition) ?? [];
  return fill(`\${{ ${path} }}`, values) !== other;
}
