import { beforeAll, describe, expect, test } from '@jest/globals';
import { findChromium, type Rendering, renderPages } from '../../fakes/github-page.ts';
import { playSituation, SITUATIONS } from '../../fakes/summaries.ts';

/**
 * The job summary of each situation as GitHub shows it, in light and dark. What is not drawn here is how GitHub
 * itself differs from its documents.
 */

const NAMES = Object.keys(SITUATIONS);
const isRendered = (await findChromium()) !== null;
if (!isRendered) {
  console.warn('No Chromium is installed: how the job summary is rendered is not tested.');
}

/** The highest of any of these in CSS pixels, of 880 in width. */
const HIGHEST_PX = 1_600;
const LOWEST_CONTRAST = 4.5;
/** GitHub's own links are less. */
const LOWEST_OF_GITHUB = 4.2;
/** mermaid's own colours: white on its blue in light, on its red in dark. */
const LOWEST_OF_MERMAID = 2.9;

const summaries = new Map<string, string>();
beforeAll(async () => {
  for (const name of NAMES) summaries.set(name, await playSituation(name));
});

(isRendered ? describe : describe.skip)('Rendered, in light and dark,', () => {
  const rendered = new Map<string, Rendering[]>();
  /** Without the diagram's front matter, which may be ignored: its colours are not documented by GitHub. */
  const plain = new Map<string, Rendering[]>();
  beforeAll(async () => {
    const pages = [...summaries].flatMap(([name, markdown]) => [
      { name, markdown },
      {
        name: `${name}, plain`,
        markdown: markdown.replace(/(?<=```mermaid\n)---\n[\s\S]*?\n---\n/, ''),
      },
    ]);
    const all = await renderPages(pages, ['light', 'dark']);
    const of = (wanted: string) => all.filter(({ name }) => name === wanted);
    for (const name of NAMES) {
      rendered.set(name, of(name));
      plain.set(name, of(`${name}, plain`));
    }
  });

  test.each(NAMES)('no text lies on another or leaves its box: %s', (name) => {
    const all = [...(rendered.get(name) ?? []), ...(plain.get(name) ?? [])];
    expect(all).toHaveLength(4);
    for (const { overlaps, outside } of all) expect({ overlaps, outside }).toEqual(NOTHING);
  });

  test.each(NAMES)('all of it can be read: %s', (name) => {
    for (const { lowestLabel, lowestText } of rendered.get(name) ?? []) {
      expect(lowestLabel?.ratio ?? LOWEST_CONTRAST).toBeGreaterThanOrEqual(LOWEST_CONTRAST);
      expect(lowestText?.ratio).toBeGreaterThanOrEqual(LOWEST_OF_GITHUB);
    }
    for (const { lowestLabel } of plain.get(name) ?? []) {
      expect(lowestLabel?.ratio ?? LOWEST_OF_MERMAID).toBeGreaterThanOrEqual(LOWEST_OF_MERMAID);
    }
  });

  test.each(NAMES)('it is no longer than two screens, with 3 to 9 ticks: %s', (name) => {
    for (const { height, ticks } of rendered.get(name) ?? []) {
      expect(height).toBeLessThan(HIGHEST_PX);
      const isDrawn = summaries.get(name)?.includes('```mermaid') ?? false;
      expect(ticks).toBeGreaterThanOrEqual(isDrawn ? 3 : 0);
      expect(ticks).toBeLessThanOrEqual(isDrawn ? 9 : 0);
    }
  });
});

const NOTHING = { overlaps: [], outside: [] };
