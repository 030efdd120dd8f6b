import { readFields } from './read-fields.ts';
import { LONGEST_TEXT } from './responses.ts';

const LONGEST_MESSAGE = 10_000;

export const LOG_LINE = { ts: LONGEST_TEXT, msg: LONGEST_MESSAGE } as const;

/** A line of an application's runtime log. */
export interface LogLine {
  /** ISO 8601. */
  readonly ts: string;
  readonly msg: string;
}

/** @throws UndocumentedShape */
export function toLogLine(item: unknown): LogLine {
  const { ts, msg } = readFields(item, LOG_LINE);
  return { ts: ts ?? '', msg: msg ?? '' };
}
