import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ActionMetadata, readActionMetadata } from '../fakes/runner.ts';

/** The folders of the actions, from the project's root. */
export const ACTIONS: readonly string[] = ['.', 'list-applications', 'create-application'];

/** The whole workflows that the READMEs and docs/recipes.md show, as YAML. */
export function shownWorkflows(): string[] {
  const pages = [...ACTIONS.map((folder) => join(folder, 'README.md')), 'docs/recipes.md'];
  return pages.flatMap((page) => {
    const blocks = [...readFileSync(page, 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(
      ([, yaml = '']) => yaml,
    );
    return blocks.filter((yaml) => yaml.startsWith('name:'));
  });
}

/** The README in `folder` with its tables of inputs and outputs made anew from `action.yml`. */
export function withTables(folder: string): string {
  const { inputs, outputs } = readActionMetadata(folder);
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  return replace(replace(readme, 'inputs', inputTable(inputs)), 'outputs', outputTable(outputs));
}

function replace(readme: string, part: string, table: string): string {
  const marked = new RegExp(`(<!-- ${part} -->\n)[\\s\\S]*?(<!-- /${part} -->)`);
  if (!marked.test(readme)) throw new Error(`No marks for the table of ${part}`);
  return readme.replace(marked, (_, start, end) => `${start}${table}\n${end}`);
}

function inputTable(inputs: ActionMetadata['inputs']): string {
  const rows = Object.entries(inputs).map(
    ([name, { description, required, default: fallback }]) => {
      const value = required ? '**required**' : fallback ? `\`${fallback}\`` : '';
      return `| \`${name}\` | ${value} | ${description} |`;
    },
  );
  return ['| input | default | what it is |', '| --- | --- | --- |', ...rows].join('\n');
}

function outputTable(outputs: ActionMetadata['outputs']): string {
  const rows = Object.entries(outputs).map(
    ([name, { description }]) => `| \`${name}\` | ${description} |`,
  );
  return ['| output | what it is |', '| --- | --- |', ...rows].join('\n');
}

/** Writes the tables into every README. */
export function updateReadmes(): void {
  for (const folder of ACTIONS) writeFileSync(join(folder, 'README.md'), withTables(folder));
}
