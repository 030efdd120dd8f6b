import { appendFileSync, mkdtempSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as core from '@actions/core';
import { redactSecrets, registerSecret } from './redact-secrets.ts';
import { joined, ours, type Sentence, sentence } from './sentence.ts';
import { escapeLogLine, singleLine } from './untrusted-text.ts';

/**
 * Everything that this action hands to the GitHub runner goes through here, and is made harmless
 * here: any text may be passed, from anywhere.
 */

/** The input's value as the workflow gives it, trimmed; '' when it is not given. */
export function getInput(name: string): string {
  return core.getInput(name);
}

/** The names of all inputs that have a value, in lower case, also of those that no `action.yml` declares. */
export function namesOfProvidedInputs(): string[] {
  return Object.keys(process.env)
    .flatMap((name) => (name.startsWith('INPUT_') ? [name.slice(6).toLowerCase()] : []))
    .filter((name) => getInput(name) !== '');
}

/** Marks that .NET's culture-sensitive search takes as one with the `::` before them, which it then misses. */
const COMBINING = /^[\p{M}\uff9e\uff9f]+/u;

/**
 * Masks `secret` in the job's log, and redacts it in all that this module writes. The runner masks it
 * from its first character on that is no combining mark: else it would show the command.
 */
export function maskSecret(secret: string): void {
  const maskable = secret.replace(COMBINING, '');
  if (maskable !== '') core.setSecret(maskable);
  registerSecret(secret);
}

/** One line in the step's log. */
export function info(line: Sentence): void {
  core.info(escapeLogLine(String(line)));
}

/** One line in the step's log under debug logging (`RUNNER_DEBUG=1`). */
export function debug(line: string): void {
  if (core.isDebug()) core.debug(commandData([line]));
}

/** A folded group in the step's log. Strings in it are lines that others wrote. */
export function group(title: Sentence, lines: readonly (string | Sentence)[]): void {
  core.startGroup(commandData([title]));
  const text = lines.map((line) => `${escapeLogLine(String(line))}\n`).join('');
  // As bytes, outside V8's heap: its young generation grows with what the runner has not taken yet, for good.
  process.stdout.write(Buffer.from(text));
  core.endGroup();
}

/** Waits until the runner has taken all that was printed, or `signal` aborts. */
export function printed(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => resolve();
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    process.stdout.write('', end);
  });
}

/** An annotation at level notice; like all, of a title of ours and lines that make sense without it. */
export function notice(title: string, lines: readonly Sentence[]): void {
  core.notice(annotationData(lines), { title });
}

/** An annotation at level warning. */
export function warning(title: string, lines: readonly Sentence[]): void {
  core.warning(annotationData(lines), { title });
}

/** Fails the step with an annotation at level error. */
export function fail(title: string, lines: readonly Sentence[]): void {
  process.exitCode = 1;
  core.error(annotationData(lines), { title });
}

/** Ends the process once everything is written: an aborted connection attempt would keep it alive for minutes. */
export function endProcess(): void {
  process.stdout.write('', () => process.exit());
}

const outputs = new Map<string, string>();
const unwrittenOutputs = new Map<string, unknown>();

/**
 * Sets an output, on one line; null is the empty string, an object is written as JSON. Setting the same
 * value again does nothing. Never throws: see {@link outputProblem}.
 */
export function setOutput(name: string, value: string | number | boolean | object | null): void {
  const text =
    typeof value === 'object' && value !== null
      ? safeJson(value)
      : singleLine(String(value ?? ''), Number.POSITIVE_INFINITY);
  if (outputs.get(name) === text) return;
  try {
    appendToFile('GITHUB_OUTPUT', `${name}=${text}\n`);
    outputs.set(name, text);
    unwrittenOutputs.delete(name);
  } catch (error) {
    unwrittenOutputs.set(name, error);
  }
}

const safeJson = (value: object) => JSON.stringify(value, (_, part) => redactPart(part));

let folder: string | undefined;

/**
 * Writes JSON to a file of this name, the step's own until the job ends.
 * @returns its path; '' where it can't be written, as without RUNNER_TEMP.
 */
export function writeJsonFile(name: string, value: object): string {
  try {
    const { RUNNER_TEMP } = process.env;
    if (!RUNNER_TEMP) throw new Error('RUNNER_TEMP is not set');
    folder ??= mkdtempSync(join(RUNNER_TEMP, 'nodion-deploy-'));
    const path = join(folder, name);
    writeFileSync(path, safeJson(value));
    return path;
  } catch (error) {
    debug(`${name} is not written: ${error}`);
    return '';
  }
}

/** Which outputs could not be written and why; null when all could. */
export function outputProblem(): Sentence | null {
  const [first] = unwrittenOutputs.values();
  if (first === undefined) return null;
  const names = [...unwrittenOutputs.keys()].map((name) => ours(`\`${name}\``));
  const reason = first instanceof Error ? first.message : String(first);
  return sentence`The outputs ${joined(names, ', ')} could not be written to ${process.env.GITHUB_OUTPUT ?? ''}: ${reason}`;
}

/**
 * Appends HTML or Markdown to the job summary, in which text from outside went through summaryText().
 * @throws Error when the runner offers no summary file.
 */
export function appendToSummary(markdown: string): void {
  appendToFile('GITHUB_STEP_SUMMARY', markdown);
}

/** Not by core.setOutput and core.summary, which load node:crypto, fs.promises and streams for the same write. */
function appendToFile(variable: 'GITHUB_OUTPUT' | 'GITHUB_STEP_SUMMARY', text: string): void {
  const file = process.env[variable];
  if (!file) throw new Error(`${variable} is not set`);
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  try {
    appendFileSync(file, text);
  } catch (error) {
    // A full disk takes the beginning, on whose line the next output would be.
    try {
      truncateSync(file, size);
    } catch {}
    throw error;
  }
}

/** GitHub refuses a step's summary above this size in bytes. */
export const LARGEST_SUMMARY_BYTES = 1_048_576;

/** The runner cuts an annotation's text off after so many characters. */
const LONGEST_ANNOTATION = 4_096;
const LONGEST_NOTE = 60;

/** As many of the lines as an annotation holds, and how many more there are. */
function annotationData(lines: readonly Sentence[]): string {
  let length = 0;
  const fitting = lines.filter((line) => {
    length += String(line).length + 1;
    return length <= LONGEST_ANNOTATION - LONGEST_NOTE;
  });
  const hidden = lines.length - fitting.length;
  const note = sentence`… and ${hidden} more: see the log and the job summary.`;
  return commandData(hidden > 0 ? [...fitting, note] : fitting);
}

/**
 * The data of a workflow command. It begins with an ASCII character: the runner would miss the command
 * if a combining mark followed its `::` (actions/runner, ActionCommand.cs).
 */
function commandData(lines: readonly (string | Sentence)[]): string {
  return lines
    .map((line) => escapeLogLine(String(line)))
    .join('\n')
    .replace(/^(?=[^ -~])/, ' ');
}

/** Redacts a string, or the property names of an object. */
function redactPart(part: unknown): unknown {
  if (typeof part === 'string') return redactSecrets(part);
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
  return Object.fromEntries(
    Object.entries(part).map(([name, value]) => [redactSecrets(name), value]),
  );
}
