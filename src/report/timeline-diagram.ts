import type { DeploymentRun } from '../deploy/deploy-application.ts';
import { diagramText } from '../runner/untrusted-text.ts';
import { formatDuration } from '../time/duration.ts';
import { displayName } from './wording.ts';

/** Below this the trigger itself is not worth a bar. */
const LONG_TRIGGER_MS = 500;
/** Below this a run is not worth a section. */
const SHORTEST_RUN_MS = 1_000;

const TICKS_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800];

/** A gantt chart in mermaid, which GitHub draws: one section an application, one bar a status; '' for none. */
export function timelineDiagram(runs: readonly DeploymentRun[]): string {
  const drawn = runs.filter((run) => run.timeline.length > 0 && lengthMs(run) >= SHORTEST_RUN_MS);
  if (drawn.length === 0) return '';
  const sections = drawn.map((run) => {
    const name = diagramText(String(displayName(run.target))) || 'Application';
    return `section ${name}\n${bars(run).join('')}`;
  });
  return `\n\`\`\`mermaid\ngantt\ndateFormat x\naxisFormat %H:%M:%S\ntodayMarker off\ntickInterval ${tickInterval(drawn)}\n${sections.join('')}\`\`\`\n\n`;
}

function bars(run: DeploymentRun): string[] {
  const { timeline, startedAt, conclusion } = run;
  const endMs = lengthMs(run);
  const phases = [{ status: 'trigger', afterMs: 0 }, ...timeline].filter(
    ({ afterMs }, index, all) =>
      index > 0 || (all[1]?.afterMs ?? endMs) - afterMs > LONG_TRIGGER_MS,
  );
  return phases.map(({ status, afterMs }, index, all) => {
    const untilMs = all[index + 1]?.afterMs ?? endMs;
    const isLast = index === all.length - 1;
    const tag = isLast ? (conclusion.kind === 'success' ? 'done' : 'crit') : 'active';
    const from = Math.round(startedAt + afterMs);
    // A digit first, so that no status can be taken for one of the diagram's keywords.
    const label = (ms: number) => `${formatDuration(ms)} ${diagramText(status)}`;
    return isLast && untilMs === afterMs
      ? `${label(endMs)} :milestone, ${tag}, ${from}, 0ms\n`
      : `${label(untilMs - afterMs)} :${tag}, ${from}, ${Math.max(Math.round(startedAt + untilMs), from + 1)}\n`;
  });
}

function lengthMs({ durationMs, timeline }: DeploymentRun): number {
  return durationMs ?? timeline.at(-1)?.afterMs ?? 0;
}

/** Some six ticks on the time axis: mermaid's own choice overlaps. */
function tickInterval(runs: readonly DeploymentRun[]): string {
  const start = Math.min(...runs.map(({ startedAt }) => startedAt));
  const end = Math.max(...runs.map((run) => run.startedAt + lengthMs(run)));
  const seconds = (end - start) / 1_000;
  return `${TICKS_SECONDS.find((tick) => tick * 6 >= seconds) ?? 3_600}second`;
}
