import type { Attempt } from '../../deploy/attempt/attempt.ts';
import type { Conclusion } from '../../deploy/conclusion/conclusion.ts';
import type { DeploymentRun } from '../../deploy/deploy-application.ts';
import { diagramText } from '../../runner/untrusted-text.ts';
import { formatDuration } from '../../time/duration.ts';
import { displayName } from '../wording.ts';
import { timeAxis } from './time-axis.ts';

/** Below this the trigger itself is not worth a bar. */
const LONG_TRIGGER_MS = 500;
/** Below this a chart is not worth it. */
const SHORTEST_CHART_MS = 1_000;
/** From the last milestone of a success to its end, where nothing was waited for any more. */
const LONGEST_END_MS = 100;
const MOST_APPLICATIONS = 8;
/** Section names that are wider lie over the bars where the front matter is ignored. */
const LONGEST_NAME = 10;

/**
 * Colours that can be read on light and dark. What is drawn can be read in mermaid's own as well. No `done` and
 * no `active`: their labels are dark in dark mode.
 */
const FRONT_MATTER = `---
config:
  gantt:
    leftPadding: 92
    rightPadding: 24
    barHeight: 20
    fontSize: 12
  themeVariables:
    taskBkgColor: "#0969da"
    taskBorderColor: "#0969da"
    taskTextColor: "#ffffff"
    critBkgColor: "#cf222e"
    critBorderColor: "#cf222e"
    sectionBkgColor: "#8b949e"
    sectionBkgColor2: "#8b949e"
    altSectionBkgColor: "#8b949e"
---
`;

/** A section of the diagram: one deployment. Times are epoch milliseconds. */
interface Section {
  readonly name: string;
  readonly bars: readonly Bar[];
  readonly endsAt: number;
  readonly isGood: boolean;
  /** How it ended, in eight letters or more: mermaid writes shorter ones over the milestone. */
  readonly end: string;
}

interface Bar {
  readonly name: string;
  readonly startsAt: number;
  readonly endsAt: number;
}

/** A gantt chart in mermaid, which GitHub draws: a section for each deployment, a bar for each thing that was waited for; '' for none. */
export function timelineDiagram(runs: readonly DeploymentRun[]): string {
  if (runs.length > MOST_APPLICATIONS) return '';
  const sections = withUniqueNames(
    runs.flatMap((run) => sectionsOf(run, runs.length > 1)).filter(({ bars }) => bars.length > 0),
  );
  const startsAt = Math.min(...sections.flatMap(({ bars }) => bars.map((bar) => bar.startsAt)));
  const endsAt = Math.max(...sections.map((section) => section.endsAt));
  if (sections.length === 0 || endsAt - startsAt < SHORTEST_CHART_MS) return '';
  // A milestone inside the axis may have its label over itself.
  const last = sections.findLast((section) => section.endsAt === endsAt);
  const drawn = sections.map((section) => draw(section, section === last));
  const chart = `gantt\ndateFormat x\ntodayMarker off\n${timeAxis(endsAt - startsAt)}${drawn.join('')}`;
  return `\n\`\`\`mermaid\n${FRONT_MATTER}${chart}\`\`\`\n\n`;
}

function sectionsOf(run: DeploymentRun, isOneOfSeveral: boolean): Section[] {
  const { conclusion, rollback, startMs, startedAt } = run;
  const name = String(displayName(run.target));
  const back = rollback?.attempt;
  const durationMs = back ? back.startMs - startMs : run.durationMs;
  const own = section({ ...run, durationMs }, conclusion, name);
  if (!back) return [own];
  const itsName = isOneOfSeveral ? `${name} back` : 'rollback';
  // The clock may have been set meanwhile.
  const itsStart = startedAt + back.startMs - startMs;
  return [own, section({ ...back, startedAt: itsStart }, rollback.conclusion, itsName, true)];
}

function section(
  attempt: Attempt,
  conclusion: Conclusion,
  name: string,
  isRollback = false,
): Section {
  const isGood = conclusion.kind === 'success';
  const bars = barsOf(attempt, isGood);
  const end = isGood ? goodEnd(attempt, isRollback) : badEnd(attempt, conclusion.kind);
  return { name, bars, endsAt: bars.at(-1)?.endsAt ?? 0, isGood, end };
}

/** A bar begins with a milestone, and is called by what was waited for from then on. */
function barsOf(attempt: Attempt, isGood: boolean): Bar[] {
  const { timeline, startedAt, durationMs } = attempt;
  const [first, ...others] = timeline;
  if (!first) return [];
  const starts =
    first.afterMs > LONG_TRIGGER_MS
      ? [{ name: 'trigger', afterMs: 0 }, ...timeline]
      : [{ ...first, afterMs: 0 }, ...others];
  const endMs = Math.max(durationMs ?? 0, starts.at(-1)?.afterMs ?? 0);
  const bars = starts.map(({ name, afterMs }, index) => ({
    name: waitedFor(name, attempt),
    startsAt: Math.round(startedAt + afterMs),
    endsAt: Math.round(startedAt + (starts[index + 1]?.afterMs ?? endMs)),
  }));
  const long = bars.filter(({ startsAt, endsAt }, index) => {
    const isEnd = isGood && index === bars.length - 1;
    return endsAt - startsAt > (isEnd ? LONGEST_END_MS : 0);
  });
  return long.length > 0 ? long : bars.slice(-1);
}

/** What was waited for after that milestone. */
function waitedFor(milestone: string, { timeline, health, latest }: Attempt): string {
  const isProbed = health !== null || latest.probe !== null;
  const wasHealthy = timeline.some(({ name }) => name === 'healthy');
  switch (milestone) {
    case 'available':
      return timeline.some(({ name }) => name === 'rolled out') || !isProbed ? 'rollout' : 'health';
    case 'rolled out':
      return isProbed || wasHealthy ? 'health' : 'stable';
    case 'healthy':
    case 'stable':
      return 'stable';
    case 'trigger':
    case 'created':
    case 'waiting':
      return milestone;
    default:
      // Another status, which may be one of the diagram's keywords.
      return `status ${diagramText(milestone)}`;
  }
}

function goodEnd({ outcome, health, stability }: Attempt, isRollback: boolean): string {
  if (outcome === null) return 'not waited for';
  const checked = health ? 'healthy' : stability ? 'stable' : '';
  if (isRollback) return `${checked || 'live'} again`;
  return checked ? `live and ${checked}` : 'went live';
}

function badEnd(
  { deployment, rollout, health, stability }: Attempt,
  kind: Exclude<Conclusion['kind'], 'success'>,
): string {
  if (kind === 'cancelled') return 'cancelled';
  if (deployment?.status === 'failed') return 'has failed';
  if (deployment?.status === 'expired') return 'has expired';
  if (stability && !stability.isStable) return 'not stable';
  if (health?.isHealthy === false) return 'not healthy';
  if (rollout && !rollout.isComplete) {
    const { missing, unproven, readError } = rollout;
    return readError || missing.length === unproven ? 'not verified' : 'not rolled out';
  }
  return kind === 'timed_out' ? 'timed out' : 'not as expected';
}

function draw({ name, bars, endsAt, isGood, end }: Section, isLast: boolean): string {
  const drawn = bars.map((bar, index) => {
    const isBad = !isGood && index === bars.length - 1;
    const label = `${bar.name} ${formatDuration(bar.endsAt - bar.startsAt)}`;
    return `${label} :${isBad ? 'crit, ' : ''}${bar.startsAt}, ${bar.endsAt}\n`;
  });
  const milestone = `${end} :milestone, ${isGood ? '' : 'crit, '}${endsAt}, 0ms\n`;
  return `section ${name}\n${drawn.join('')}${isLast ? milestone : ''}`;
}

/** mermaid merges sections of one name. */
function withUniqueNames(sections: readonly Section[]): Section[] {
  const taken = new Set<string>();
  const all = sections.map(({ name }) => diagramText(name) || 'unnamed');
  const begin = (words: string) => shortened(words, LONGEST_NAME);
  return sections.map((section, index) => {
    const words = all[index] ?? '';
    // What tells `payments-eu` from `payments-us` is at the end.
    const isAlone = all.every((other) => other === words || begin(other) !== begin(words));
    let name = isAlone ? begin(words) : ending(words);
    for (let copy = 2; taken.has(name); copy += 1) {
      name = `${shortened(words, LONGEST_NAME - 3)}(${copy})`;
    }
    taken.add(name);
    return { ...section, name };
  });
}

/** Its last letters, as many as are as wide as a long name at most. */
function ending(words: string): string {
  const last = [...words].slice(-LONGEST_NAME / 2).join('');
  return last === words ? words : `…${last.trim()}`;
}

/** At most `longest` letters wide; capitals are wider, and those beyond Latin twice as wide. */
function shortened(text: string, longest: number): string {
  let width = 0;
  const characters = [...text];
  const end = characters.findIndex((character) => {
    width += character > '\u02ff' ? 2 : /[\p{Lu}mw]/u.test(character) ? 1.5 : 1;
    return width > longest;
  });
  return end < 0
    ? text
    : `${characters
        .slice(0, end - 1)
        .join('')
        .trim()}…`;
}
