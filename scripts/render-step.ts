import { type DefaultTreeAdapterTypes, parseFragment } from 'parse5';
import { parseWorkflowCommands } from '../fakes/runner.ts';

type Node = DefaultTreeAdapterTypes.ChildNode;

const COLUMNS = 80;

/** The text in lines of at most 80 columns, each with `indent` before it and two more where one goes on. */
export function wrap(text: string, indent = '  '): string {
  return text
    .replaceAll('\u200b', '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => wrapLine(line, indent))
    .join('\n');
}

function wrapLine(line: string, indent: string): string {
  const lines: string[] = [];
  // What is aligned begins with blanks, which stay.
  const [, start = ''] = /^(\s*)/.exec(line) ?? [];
  let current = indent + start;
  for (const word of line.trim().split(' ')) {
    const longer = current.trim() === '' ? current + word : `${current} ${word}`;
    if (longer.length > COLUMNS && current.trim() !== '') {
      lines.push(current);
      current = `${indent}${start}  ${word}`;
    } else current = longer;
  }
  return [...lines, current].join('\n');
}

/** An output: JSON in lines of its own. */
export function outputLine(name: string, value: string): string {
  if (!/^[[{]/.test(value)) return wrap(`${name}: ${value}`);
  const json = JSON.stringify(JSON.parse(value), null, 2);
  return [`  ${name}:`, json.replace(/^/gm, '    ')].join('\n');
}

/** A line of a step's log as GitHub's log viewer shows it; null for one that it doesn't. */
export function annotationLine(line: string): string | null {
  const [command] = parseWorkflowCommands(line);
  if (!command) return line;
  const { name, data } = command;
  if (name === 'group') return `▾ ${data}`;
  if (!['error', 'warning', 'notice'].includes(name)) return null;
  // The log shows no titles: those are on the run's own page.
  const level = name.replace(/^./, (letter) => letter.toUpperCase());
  return `${level}: ${data.replaceAll('\n', '\n  ')}`;
}

/** A job summary for a terminal: tables in columns, the gantt chart as a line. */
export function summaryAsText(summary: string): string {
  const html = summary.replace(/```mermaid\n([\s\S]*?)```/g, (_, chart: string) => {
    const bars = [...chart.matchAll(/^(.+?) :/gm)].map(([, label]) => label);
    return `<p>Timeline (GitHub draws it): ${bars.join(' → ')}</p>`;
  });
  return blocks(parseFragment(html).childNodes)
    .filter((block) => block.trim() !== '')
    .join('\n');
}

function blocks(nodes: readonly Node[]): string[] {
  return nodes.flatMap((node) => {
    if (node.nodeName === 'table') return [table(node)];
    if (node.nodeName === 'details' && 'childNodes' in node) return blocks(node.childNodes);
    return [textOf(node).trim()];
  });
}

function table(node: Node): string {
  const rows = find(node, 'tr').map((row) =>
    [...find(row, 'th'), ...find(row, 'td')].map((cell) => textOf(cell).trim()),
  );
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}

function find(node: Node, name: string): Node[] {
  if (!('childNodes' in node)) return [];
  return node.childNodes.flatMap((child) =>
    child.nodeName === name ? [child] : find(child, name),
  );
}

function textOf(node: Node): string {
  if (node.nodeName === 'br') return '\n';
  if (node.nodeName === '#text' && 'value' in node) return node.value;
  return 'childNodes' in node ? node.childNodes.map(textOf).join('') : '';
}
