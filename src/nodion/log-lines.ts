import { readFields } from './read-fields.ts';

/** What is read of a line; of its texts so many characters are kept. */
export const LOG_LINE = { ts: 300, msg: 10_000 } as const;

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
