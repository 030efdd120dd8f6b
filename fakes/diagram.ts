import mermaid from 'mermaid';

// The parser of a kind of diagram is loaded on its first use, which jest allows only before the tests.
await mermaid.parse('gantt\ndateFormat x');

/** @throws Error when it is no gantt chart that mermaid understands. */
export async function checkDiagram(source: string): Promise<void> {
  const { diagramType } = await mermaid.parse(source);
  if (diagramType !== 'gantt') throw new Error(`A ${diagramType} in place of a gantt chart`);
}
