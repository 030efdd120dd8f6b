import { marked } from 'marked';
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
