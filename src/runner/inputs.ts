import { parseDuration } from '../time/duration.ts';
import * as commands from './commands.ts';
import type { Sentence } from './sentence.ts';
import { StepFailure } from './step-failure.ts';

/** How one input is read; a table of inputs has the order of its `action.yml`. */
export interface Input<T> {
  /** Stands for an input that is not provided or empty. `action.yml` says the same. */
  readonly default: string;
  readonly required?: boolean;
  /** Never shown. */
  readonly secret?: boolean;
  /** An address, or several: shown without what stands before an `@`. */
  readonly isAddress?: boolean;
  /** The typed value of `text`, which is trimmed; '' where the default is ''. @throws InvalidValue */
  parse(text: string): T;
  /** What to write in the place of a text that it does not take, as a sentence; null where that is not known. */
  advise?(text: string): Promise<Sentence | null>;
}

/** A value that an input does not take; the message says what was expected, or what is wrong; '' for none given. */
export class InvalidValue extends Error {}

/** The typed values of a table of inputs, by name. */
export type Values<Inputs> = {
  readonly [Name in keyof Inputs]: Inputs[Name] extends Input<infer T> ? T : never;
};

/** An input that may be left out: its value is null then. */
export const optional = <T>(parse: (text: string) => T): Input<T | null> => ({
  default: '',
  parse: (text) => (text === '' ? null : parse(text)),
});

export const required = <T>(parse: (text: string) => T): Input<T> => ({
  default: '',
  required: true,
  parse,
});

/** An input that stands for `fallback` where it is left out. */
export const withDefault = <T>(fallback: string, parse: (text: string) => T): Input<T> => ({
  default: fallback,
  parse,
});

/** Takes the texts that are `isValid`; `expected` says which these are. */
export function matching(expected: string, isValid: (text: string) => boolean) {
  return (text: string): string => {
    if (!isValid(text)) throw new InvalidValue(`expected ${expected}`);
    return text;
  };
}

export const anyLine = matching('one line of text', (text) => !/\p{Cc}/u.test(text));

export function oneOf<Word extends string>(...words: Word[]) {
  const parse = matching(`one of ${words.join(', ')}`, (text) => words.includes(text as Word));
  return (text: string): Word => parse(text) as Word;
}

/** YAML 1.2 core schema, as in @actions/core's getBooleanInput(). */
export function boolean(text: string): boolean {
  if (!/^(?:true|True|TRUE|false|False|FALSE)$/.test(text))
    throw new InvalidValue('expected true or false');
  return text.toLowerCase() === 'true';
}

/** A whole number in decimal digits, from `min` to `max`. */
export function integer(min: number, max: number) {
  return (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw new InvalidValue(`expected a whole number from ${min} to ${max}`);
    }
    return value;
  };
}

const LONGEST_DURATION_MS = 24 * 3_600_000;

/** Milliseconds, `minMs` at least. */
export function durationFrom(minMs: number, least: string) {
  return (text: string): number => {
    const ms = parseDuration(text);
    if (ms === null || ms < minMs || ms > LONGEST_DURATION_MS) {
      throw new InvalidValue(
        `expected a duration such as 90s, 15m, 1h, 1m30s or a bare number of seconds; ${least}, at most 24h`,
      );
    }
    return ms;
  };
}

/** Milliseconds, more than 0. */
export const duration = durationFrom(Number.MIN_VALUE, 'more than 0');

/** The parts of `text` between separators, trimmed; empty ones are left out. */
export function split(text: string, separator: RegExp): string[] {
  return text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

const LINE_BREAKS = /[\r\n]+/;

/** The texts of a JSON array, such as an output of another action; else the parts between separators. */
export function list(text: string, separator: RegExp): string[] {
  try {
    const items: unknown = JSON.parse(text);
    if (Array.isArray(items) && items.every((item) => typeof item === 'string')) {
      return items.map((item) => item.trim()).filter((item) => item !== '');
    }
  } catch {}
  return split(text, separator);
}

/** A JSON array of texts, or one in each line. */
export const lines = (text: string): string[] => list(text, LINE_BREAKS);

/** Whether an input is provided, or is provided or defaults to that word. */
export type IsProvided = (name: string, word?: string) => boolean;

/**
 * The inputs of `table`, typed. Secrets are masked before anything else happens.
 *
 * @param check finds the problems between inputs, a sentence each; its `values` lack those that are invalid.
 * @throws StepFailure that lists every problem, each with what is allowed.
 */
export async function readInputs<Inputs extends Record<string, Input<unknown>>>(
  table: Inputs,
  check: (isProvided: IsProvided, values: Partial<Values<Inputs>>) => string[] = () => [],
): Promise<Values<Inputs>> {
  const secrets = Object.keys(table).filter((name) => table[name]?.secret);
  for (const name of secrets) mask(commands.getInput(name));

  const undeclared = commands.namesOfProvidedInputs().filter((name) => !Object.hasOwn(table, name));
  const invalid = new Map<string, InvalidValue>();
  const values: Record<string, unknown> = {};
  for (const [name, input] of Object.entries(table)) {
    const provided = commands.getInput(name);
    try {
      if (input.required && provided === '') throw new InvalidValue('');
      if (provided.length > LONGEST_INPUT)
        throw new InvalidValue('expected at most 10,000 characters');
      values[name] = input.parse(provided || input.default);
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      invalid.set(name, error);
    }
  }
  const between = check(
    (name, word) => {
      const provided = commands.getInput(name);
      if (word === undefined) return provided !== '';
      return (provided || table[name]?.default || '').toLowerCase() === word;
    },
    values as Partial<Values<Inputs>>,
  );
  if (undeclared.length + invalid.size + between.length > 0) {
    const { inputProblems } = await import('./input-problems.ts');
    const problems = await inputProblems(table, { undeclared, invalid, between });
    if (problems.length > 0) throw new StepFailure('Invalid inputs', problems);
  }
  return values as Values<Inputs>;
}

const LONGEST_INPUT = 10_000;

/** Each line by itself as well: the runner masks a secret of several lines only as a whole. */
function mask(secret: string): void {
  for (const part of new Set([secret, ...split(secret, LINE_BREAKS)])) commands.maskSecret(part);
}
