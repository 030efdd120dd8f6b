import { appendFileSync } from 'node:fs';
import * as core from '@actions/core';
import { escapeLogLine, redactSecrets, registerSecret, singleLine } from './untrusted-text.ts';

/**
 * Everything that this action hands to the GitHub runner goes through here, and is made harmless
 * here: any text may be passed, from anywhere.
 */

/** The input's value as the workflow gives it, trimmed; '' when it is not given. */
export function getInput(name: string): string {
  return core.getInput(name);
}

/** Masks `secret` in the job's log, and redacts it in all that this module writes. */
export function maskSecret(secret: string): void {
  if (secret === '') return;
  core.setSecret(secret);
  registerSecret(secret);
}

/** One line in the step's log. */
export function info(line: string): void {
  core.info(escapeLogLine(line));
}

/** One line in the step's log under debug logging (`RUNNER_DEBUG=1`). */
export function debug(line: string): void {
  if (core.isDebug()) core.debug(escapeLogLine(line));
}

/** A folded group in the step's log. */
export function group(title: string, lines: readonly string[]): void {
  core.startGroup(escapeLogLine(title));
  for (const line of lines) info(line);
  core.endGroup();
}

/** An annotation at level notice. */
export function notice(title: string, message: string): void {
  core.notice(annotation(message), { title: escapeLogLine(title) });
}

/** An annotation at level warning. */
export function warning(title: string, message: string): void {
  core.warning(annotation(message), { title: escapeLogLine(title) });
}

/** Fails the step with an annotation at level error. */
export function fail(title: string, message: string): void {
  process.exitCode = 1;
  core.error(annotation(message), { title: escapeLogLine(title) });
}

/** Ends the process once everything is written: an aborted connection attempt would keep it alive for minutes. */
export function endProcess(): void {
  process.stdout.write('', () => process.exit());
}

const outputs = new Map<string, string>();

/** Sets an output; null is the empty string, an object is written as JSON. Setting the same value again does nothing. */
export function setOutput(name: string, value: string | number | boolean | object | null): void {
  const text =
    typeof value === 'object' && value !== null
      ? JSON.stringify(value, (_, part) => (typeof part === 'string' ? redactSecrets(part) : part))
      : singleLine(String(value ?? ''), Number.POSITIVE_INFINITY);
  if (outputs.get(name) === text) return;
  outputs.set(name, text);
  core.setOutput(name, text);
}

/**
 * Appends HTML or Markdown to the job summary, in which text from outside went through summaryText().
 * Not by core.summary, which loads fs.promises and streams at every start for the same write.
 * @throws Error when the runner offers no summary file.
 */
export function appendToSummary(markdown: string): void {
  const { GITHUB_STEP_SUMMARY: file } = process.env;
  if (!file) throw new Error('GITHUB_STEP_SUMMARY is not set');
  appendFileSync(file, markdown);
}

/** GitHub refuses a step's summary above this size in bytes. */
export const LARGEST_SUMMARY_BYTES = 1_048_576;

function annotation(message: string): string {
  return message.split('\n').map(escapeLogLine).join('\n');
}
