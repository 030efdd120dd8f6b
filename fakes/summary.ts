import { marked } from 'marked';
import mermaid from 'mermaid';
import { type DefaultTreeAdapterTypes, parseFragment } from 'parse5';

export interface RenderedSummary {
  readonly elements: readonly {
    readonly name: string;
    readonly attributes: Readonly<Record<string, string>>;
  }[];
  /** What a reader sees. */
  readonly text: string;
  /** The source of each mermaid diagram. */
  readonly diagrams: readonly string[];
}

// The parser of a kind of diagram is loaded on its first use, which jest allows only before the tests.
await mermaid.parse('gantt\ndateFormat x');

/** @throws Error when it is no gantt chart that mermaid understands. */
export async function checkDiagram(source: string): Promise<void> {
  const { diagramType } = await mermaid.parse(source);
  if (diagramType !== 'gantt') throw new Error(`A ${diagramType} in place of a gantt chart`);
}

/** A job summary as a renderer of GitHub's Markdown makes it. */
export function renderSummary(markdown: string): RenderedSummary {
  const html = marked.parse(markdown, { gfm: true, async: false });
  const elements: { name: string; attributes: Record<string, string> }[] = [];
  const diagrams: string[] = [];
  const visit = (node: DefaultTreeAdapterTypes.ChildNode): string => {
    if (node.nodeName === '#text' && 'value' in node) return node.value;
    if (!('tagName' in node)) return '';
    const attributes = Object.fromEntries(node.attrs.map(({ name, value }) => [name, value]));
    elements.push({ name: node.tagName, attributes });
    const text = node.childNodes.map(visit).join('');
    if (attributes.class === 'language-mermaid') diagrams.push(text);
    return text;
  };
  const text = parseFragment(html).childNodes.map(visit).join('');
  return { elements, text, diagrams };
}
