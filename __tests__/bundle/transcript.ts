import { stringify } from 'yaml';
import { PROJECT_KEY } from '../../fakes/nodion/state.ts';
import { parseWorkflowCommands, type StepOptions, type StepRun } from '../../fakes/runner.ts';

const LABELS: Readonly<Record<string, string>> = {
  error: 'Error',
  warning: 'Warning',
  notice: 'Notice',
};

/**
 * A step as users see it, in Markdown: its inputs, its log in GitHub's log viewer, annotations, outputs and
 * job summary. What differs from run to run (the `ids`, ports, times, durations) is replaced by stand-ins.
 */
export function transcript(
  { action = '.', inputs = {} }: StepOptions,
  run: StepRun,
  ids: readonly string[],
): string {
  const step = { uses: action === '.' ? './' : `./${action}`, with: inputs };
  const annotations = run.commands
    .filter(({ name }) => name in LABELS)
    .map(({ name, properties, data }) => ({ [name]: properties.title ?? '', message: data }));
  const outputs = Object.entries(run.outputs).map(shownOutput).join('');
  const parts = [
    fence('yaml', stringify(step, { lineWidth: 0 })),
    fence('text', run.log.split('\n').flatMap(shownLine).join('\n').replaceAll(PROJECT_KEY, '***')),
    `Exit code ${run.exitCode}.`,
    annotations.length === 0
      ? 'No annotations.'
      : `Annotations:\n${fence('yaml', stringify(annotations, { lineWidth: 0 }))}`,
    outputs === '' ? 'No outputs.' : `Outputs:\n${fence('yaml', outputs)}`,
    run.summary === '' ? 'No job summary.' : `Job summary:\n\n${run.summary.trimEnd()}`,
  ];
  return standIns(parts.join('\n\n'), ids);
}

function fence(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}

/** A line of a step's log in GitHub's log viewer; none for most commands. */
function shownLine(line: string): string[] {
  const [command] = parseWorkflowCommands(line);
  if (!command) return [line];
  if (command.name === 'group') return [`▾ ${command.data}`];
  const label = LABELS[command.name];
  return label ? [`${label}: ${command.data}`] : [];
}

function shownOutput([name, value]: [string, string]): string {
  if (value === '') return `${name}:\n`;
  if (!/^[[{]/.test(value)) return `${name}: ${value}\n`;
  const json = JSON.stringify(JSON.parse(value), null, 2);
  return `${name}: |\n${json.replace(/^/gm, '  ')}\n`;
}

const UUID = /\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/g;
const EPOCH_MS = /\b\d{13}\b/g;
const BLANK = '(?: |&nbsp;)';
const DURATION = `\\d+(?:\\.\\d+)?${BLANK}(?:s|min|h)(?:${BLANK}\\d+${BLANK}(?:s|min))?`;

function standIns(text: string, ids: readonly string[]): string {
  return text
    .replace(UUID, (id) => (ids.includes(id) ? standInId(ids.indexOf(id) + 1) : id))
    .replace(/(?<=127\.0\.0\.1:)\d+/g, '8080')
    .replace(/\b(\d+) of \1 answers\b/g, 'N of N answers')
    .replace(/(?<=^deployments_file: )\S+/gm, 'RUNNER_TEMP/nodion-deploy-…/deployments.json')
    .replace(new RegExp(`(?<=\\b(?:after|for|again in|at most) )${DURATION}`, 'g'), '… s')
    .replace(new RegExp(`(?<=<td>)${DURATION}`, 'g'), '… s')
    .replace(new RegExp(`${DURATION}(?= :(?:crit, )?\\d{13},)`, 'g'), '… s')
    .replace(/^axisFormat .*\ntickInterval .*/gm, 'axisFormat %H:%M:%S\ntickInterval 5second')
    .replace(/^section .*\n(?:.* :.*\n)+/gm, standInTimes)
    .replace(/(?<=duration_seconds"?: )[\d.]+/g, '0');
}

function standInId(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

/** A section of the summary's diagram with a second for each of its bars. */
function standInTimes(section: string): string {
  const times = [...new Set(section.match(EPOCH_MS))].sort();
  return section.replace(EPOCH_MS, (time) =>
    String(Date.UTC(2026, 0, 1) + times.indexOf(time) * 1_000),
  );
}
