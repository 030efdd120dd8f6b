import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { EOL } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { parse } from 'yaml';
import { type Clock, realClock, type WrongClock } from './clock.ts';
import { type Network, VirtualNetwork } from './network.ts';
import { type ProcessStep, runInOwnProcess } from './own-process.ts';
import { TEMPORARY } from './temporary.ts';
import { VirtualClock } from './virtual-clock.ts';
import { runInVirtualProcess } from './virtual-process.ts';

// Set by `npm run coverage`: run the sources, compiled to these folders, in place of the bundles, and leave
// V8's coverage in the third one.
const { PROCESS_ACTIONS, VIRTUAL_ACTIONS, STEP_COVERAGE } = process.env;

/** A workflow command in the log, as GitHub's runner reads it. */
export interface WorkflowCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

/** What a step left behind when it ended. */
export interface StepRun {
  /** Null when a signal ended the process. */
  readonly exitCode: number | null;
  /** Standard output and standard error, as they came. */
  readonly log: string;
  readonly stderr: string;
  readonly commands: readonly WorkflowCommand[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** What is in the newest file `deployments.json` of the step; null for none. */
  readonly deploymentsFile: string | null;
  /** By the step's clock, with the start of its process. */
  readonly durationMs: number;
}

export interface StepOptions {
  /** The folder of the `action.yml`, from the project's root. */
  readonly action?: string;
  /** The step's `with:`. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** More environment variables, such as the job's proxy. */
  readonly env?: Readonly<Record<string, string>>;
  /** Value of `github.token`. */
  readonly token?: string;
  /** The event's payload. */
  readonly event?: object | null;
  /** What the step goes by; the real clock where none is given. */
  readonly clock?: Clock;
  /** How the step's wall clock is wrong, in virtual time. */
  readonly wrongClock?: WrongClock;
  /** What its connections go by in virtual time. */
  readonly network?: Network;
  /** A process is killed after so many milliseconds; undefined never kills it. */
  readonly killAfterMs?: number;
  /** Called with each piece of log as it comes. */
  readonly onLog?: (text: string, child: ChildProcess) => void;
}

/** The inputs and outputs of an action, as its `action.yml` has them. */
export interface ActionMetadata {
  readonly name: string;
  readonly description: string;
  readonly inputs: Readonly<
    Record<string, { description: string; required?: boolean; default?: string }>
  >;
  readonly outputs: Readonly<Record<string, { description: string }>>;
  readonly runs: { readonly using: string; readonly main: string };
}

const metadataRead = new Map<string, ActionMetadata>();

export function readActionMetadata(folder: string): ActionMetadata {
  const metadata =
    metadataRead.get(folder) ?? parse(readFileSync(join(folder, 'action.yml'), 'utf8'));
  metadataRead.set(folder, metadata);
  return metadata;
}

/**
 * Runs an action's bundle as GitHub's runner runs it: with an environment that holds the inputs with the
 * defaults of `action.yml`, the runner's variables, `env`, and nothing else. In a process of its own, but for
 * virtual time.
 */
export async function runStep(options: StepOptions = {}): Promise<StepRun> {
  const { action = '.', inputs = {}, env = {}, token = 'ghs_token_of_the_job' } = options;
  const { event = {}, onLog } = options;
  const { clock = realClock, network, wrongClock, killAfterMs } = options;
  const metadata = readActionMetadata(action);
  const folder = mkdtempSync(join(TEMPORARY, 'step-'));
  const files = {
    GITHUB_OUTPUT: join(folder, 'output'),
    GITHUB_STEP_SUMMARY: join(folder, 'summary'),
    GITHUB_ENV: join(folder, 'env'),
    GITHUB_PATH: join(folder, 'path'),
    GITHUB_STATE: join(folder, 'state'),
    GITHUB_EVENT_PATH: join(folder, 'event.json'),
  };
  // The others are not there: no action sets an environment variable, a path or a state.
  for (const file of [files.GITHUB_OUTPUT, files.GITHUB_STEP_SUMMARY]) writeFileSync(file, '');
  writeFileSync(files.GITHUB_EVENT_PATH, JSON.stringify(event));
  try {
    let log = '';
    let stderr = '';
    const environment = {
      PATH: dirname(process.execPath),
      // Windows has no sockets without it.
      ...(process.env.SystemRoot && { SystemRoot: process.env.SystemRoot }),
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_API_URL: 'https://api.github.com',
      GITHUB_REPOSITORY: 'octo-org/octo-repo',
      GITHUB_SHA: 'ffac537e6cbbf934b08745a378932722df287a53',
      GITHUB_REF: 'refs/heads/main',
      GITHUB_EVENT_NAME: 'push',
      GITHUB_RUN_ID: '1658821493',
      GITHUB_RUN_ATTEMPT: '1',
      RUNNER_OS: 'Linux',
      RUNNER_TEMP: folder,
      ...files,
      ...inputEnvironment(metadata, inputs, token),
      ...(STEP_COVERAGE && { NODE_V8_COVERAGE: STEP_COVERAGE }),
      ...env,
    };
    const isVirtual = clock instanceof VirtualClock && network instanceof VirtualNetwork;
    const compiled = isVirtual ? VIRTUAL_ACTIONS : PROCESS_ACTIONS;
    const step: ProcessStep = {
      // A copy of the action elsewhere is run as it is.
      main:
        compiled && !isAbsolute(action)
          ? join(compiled, action, 'index.js')
          : join(action, metadata.runs.main),
      folder,
      env: environment,
      onText: (text, stream, child) => {
        log += text;
        if (stream === 'stderr') stderr += text;
        else onLog?.(text, child);
      },
    };
    const startedAt = clock.now();
    const exitCode = await (isVirtual
      ? runInVirtualProcess(step, { clock, network, wrongClock })
      : runInOwnProcess(step, killAfterMs));
    return {
      exitCode,
      log: log.replaceAll(EOL, '\n'),
      stderr,
      commands: parseWorkflowCommands(log),
      outputs: parseFileCommands(readFileSync(files.GITHUB_OUTPUT, 'utf8').replaceAll(EOL, '\n')),
      summary: readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8'),
      deploymentsFile: readDeploymentsFile(folder),
      durationMs: clock.now() - startedAt,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The file that the deploy action leaves in a folder of its own in RUNNER_TEMP. */
function readDeploymentsFile(temp: string): string | null {
  const own = readdirSync(temp).find((name) => name.startsWith('nodion-deploy-'));
  return own ? readFileSync(join(temp, own, 'deployments.json'), 'utf8') : null;
}

function inputEnvironment(
  { inputs: declared }: ActionMetadata,
  given: Readonly<Record<string, string>>,
  token: string,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, { default: fallback = '' }] of Object.entries(declared)) {
    const value = fallback.replace(/\$\{\{ *github\.token *\}\}/, token);
    environment[`INPUT_${name.toUpperCase()}`] = value;
  }
  for (const [name, value] of Object.entries(given)) {
    if (!(name in declared)) throw new Error(`Unexpected input '${name}'`);
    environment[`INPUT_${name.toUpperCase()}`] = value;
  }
  return environment;
}

const COMMANDS = new Set(
  'add-mask add-matcher add-path debug echo endgroup error group internal-set-repo-path notice remove-matcher save-state set-env set-output stop-commands warning'.split(
    ' ',
  ),
);

/** Without a mark that .NET's cultures join to what is before it: the runner's search would pass that over. */
const END = String.raw`(?![\p{M}\uff9e\uff9f])`;
const COLONS = new RegExp(`^[\\s\\u0085]*::${END}([^ :]+)(?: (.*?))?::${END}(.*)$`, 'u');
const BRACKET = new RegExp(`##\\[${END}([^\\] ]+)(?: ([^\\]]*))?\\](.*)$`, 'u');

/**
 * The workflow commands that GitHub's runner finds in a log. After actions/runner: lines end at `\n` or
 * `\r`; `::name key=value::data` may follow blanks; `##[name key=value]data` may stand anywhere in a line.
 */
export function parseWorkflowCommands(log: string): WorkflowCommand[] {
  return log.split(/\r\n|\n|\r/).flatMap((line) => {
    const command = parseColons(line) ?? parseBracket(line);
    return command ? [command] : [];
  });
}

function parseColons(line: string): WorkflowCommand | null {
  const match = COLONS.exec(line);
  if (!match) return null;
  const [, name = '', properties = '', data = ''] = match;
  if (!COMMANDS.has(name.toLowerCase())) return null;
  return { name: name.toLowerCase(), properties: pairs(properties, ','), data: unescapeData(data) };
}

function parseBracket(line: string): WorkflowCommand | null {
  const match = BRACKET.exec(line);
  if (!match) return null;
  const [, name = '', properties = '', data = ''] = match;
  if (!COMMANDS.has(name.toLowerCase())) return null;
  return { name: name.toLowerCase(), properties: pairs(properties, ';'), data: unescapeData(data) };
}

function pairs(text: string, separator: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split(separator)
      .filter((pair) => pair.includes('='))
      .map((pair) => {
        const [name = '', ...value] = pair.split('=');
        return [name.trim(), unescapeData(value.join('='))];
      }),
  );
}

function unescapeData(text: string): string {
  const characters: Record<string, string> = {
    '%0D': '\r',
    '%0A': '\n',
    '%3A': ':',
    '%2C': ',',
    '%25': '%',
  };
  return text.replace(/%(?:0D|0A|3A|2C|25)/g, (code) => characters[code] ?? code);
}

/** The `name<<delimiter` blocks and `name=value` lines of a file command; the last value of a name counts. */
export function parseFileCommands(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const line = (lines[index] ?? '').replace(/\r$/, '');
    if (line === '') continue;
    const heredoc = /^([^=]+?)<<(.+)$/.exec(line);
    if (heredoc) {
      const [, name = '', delimiter] = heredoc;
      const end = lines.findIndex(
        (other, at) => at > index && other.replace(/\r$/, '') === delimiter,
      );
      if (end === -1) throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`);
      values[name] = lines.slice(index + 1, end).join('\n');
      index = end;
    } else {
      const equals = line.indexOf('=');
      if (equals < 1) throw new Error(`Invalid format '${line}'`);
      values[line.slice(0, equals)] = line.slice(equals + 1);
    }
  }
  return values;
}
