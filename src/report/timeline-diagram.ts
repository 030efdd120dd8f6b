import type { Milestone } from '../deploy/attempt/attempt.ts';
import type { DeploymentRun } from '../deploy/deploy-application.ts';
import { diagramText } from '../runner/untrusted-text.ts';
import { formatDuration } from '../time/duration.ts';
import { displayName } from './wording.ts';

/** Below this the trigger itself is not worth a bar. */
const LONG_TRIGGER_MS = 500;
/** Below this a run is not worth a section. */
const SHORTEST_RUN_MS = 1_000;

const TICKS_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800];

/** A section of the diagram: one deployment. */
interface Section {
  readonly name: string;
  readonly timeline: readonly Milestone[];
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly lengthMs: number;
  readonly isGood: boolean;
}

/** A gantt chart in mermaid, which GitHub draws: one section a deployment, one bar a status; '' for none. */
export function timelineDiagram(runs: readonly DeploymentRun[]): string {
  const drawn = runs
    .map(sectionsOf)
    .filter((sections) => sections.some(({ lengthMs }) => lengthMs >= SHORTEST_RUN_MS))
    .flat()
    .filter(({ timeline }) => timeline.length > 0);
  if (drawn.length === 0) return '';
  const sections = drawn.map((section) => `section ${section.name}\n${bars(section).join('')}`);
  return `\n\`\`\`mermaid\ngantt\ndateFormat x\naxisFormat %H:%M:%S\ntodayMarker off\ntickInterval ${tickInterval(drawn)}\n${sections.join('')}\`\`\`\n\n`;
}

function sectionsOf(run: DeploymentRun): Section[] {
  const { timeline, startedAt, conclusion, rollback } = run;
  const name = diagramText(String(displayName(run.target))) || 'Application';
  const back = rollback?.attempt;
  const endMs = back ? back.startMs - run.startMs : run.durationMs;
  const lengthMs = endMs ?? timeline.at(-1)?.afterMs ?? 0;
  const own = { name, timeline, startedAt, lengthMs, isGood: conclusion.kind === 'success' };
  if (!back) return [own];
  const itsRollback = {
    name: `${name} rollback`,
    timeline: back.timeline,
    // The clock may have been set meanwhile.
    startedAt: startedAt + back.startMs - run.startMs,
    lengthMs: back.durationMs ?? 0,
    isGood: rollback.conclusion.kind === 'success',
  };
  return [own, itsRollback];
}

function bars({ timeline, startedAt, lengthMs: endMs, isGood }: Section): string[] {
  const phases = [{ name: 'trigger', afterMs: 0 }, ...timeline].filter(
    ({ afterMs }, index, all) =>
      index > 0 || (all[1]?.afterMs ?? endMs) - afterMs > LONG_TRIGGER_MS,
  );
  return phases.map(({ name, afterMs }, index, all) => {
    const untilMs = all[index + 1]?.afterMs ?? endMs;
    const isLast = index === all.length - 1;
    const tag = isLast ? (isGood ? 'done' : 'crit') : 'active';
    const from = Math.round(startedAt + afterMs);
    // A digit first, so that no status can be taken for one of the diagram's keywords.
    const label = (ms: number) => `${formatDuration(ms)} ${diagramText(name)}`;
    return isLast && untilMs === afterMs
      ? `${label(endMs)} :milestone, ${tag}, ${from}, 0ms\n`
      : `${label(untilMs - afterMs)} :${tag}, ${from}, ${Math.max(Math.round(startedAt + untilMs), from + 1)}\n`;
  });
}

/** Some six ticks on the time axis: mermaid's own choice overlaps. */
function tickInterval(sections: readonly Section[]): string {
  const start = Math.min(...sections.map(({ startedAt }) => startedAt));
  const end = Math.max(...sections.map(({ startedAt, lengthMs }) => startedAt + lengthMs));
  const seconds = (end - start) / 1_000;
  return `${TICKS_SECONDS.find((tick) => tick * 6 >= seconds) ?? 3_600}second`;
}
