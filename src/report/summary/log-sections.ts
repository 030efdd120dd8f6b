import type { DeploymentRun } from '../../deploy/deploy-application.ts';
import type { LogLine } from '../../nodion/log-lines.ts';
import { sentence, summarySentence } from '../../runner/sentence.ts';
import { escapeMarkup, singleLine } from '../../runner/untrusted-text.ts';
import { byGravity } from '../ends.ts';
import { type LogTail, logSource } from '../log-tail.ts';
import { details } from './markup.ts';

/** So many of several applications' logs are shown, folded. */
const MOST_LOGS = 3;
const LONGEST_LINE = 300;

/** The last log lines of what failed; '' for none. The step's log has all that were read. */
export function logSections(
  runs: readonly DeploymentRun[],
  logTails: ReadonlyMap<DeploymentRun, LogTail>,
): string {
  const known = byGravity(runs).flatMap((run) => {
    const tail = logTails.get(run);
    return tail ? [{ run, tail }] : [];
  });
  const hidden = known.length - MOST_LOGS;
  const isOpen = runs.length === 1 && !runs[0]?.rollback;
  const shown = known.slice(0, MOST_LOGS).map(({ run, tail: { lines, count } }) => {
    const which = count > lines.length && sentence` of ${count}`;
    const title = sentence`Last ${lines.length}${which} log ${lines.length === 1 ? sentence`line` : sentence`lines`} of ${logSource(run)} (UTC)`;
    return details(summarySentence(title), pre(lines), { isOpen });
  });
  const more = hidden > 0 ? `<p>The log lines of ${hidden} more are in the step's log.</p>\n` : '';
  return `${shown.join('')}${more}`;
}

/** Every line has its time, so none is blank, which would end the HTML. */
function pre(lines: readonly LogLine[]): string {
  const text = lines.map(({ ts, msg }) => {
    return `${escapeMarkup(timeOfDay(ts))}  ${escapeMarkup(singleLine(msg, LONGEST_LINE))}`;
  });
  return `<pre>${text.join('\n')}</pre>\n`;
}

/** `19:03:41.0` in UTC; what Nodion says where that is no time. */
function timeOfDay(ts: string): string {
  const time = Date.parse(ts);
  return Number.isNaN(time)
    ? singleLine(ts || '–', 40)
    : new Date(time).toISOString().slice(11, 21);
}
