import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { marked } from 'marked';
import { type DefaultTreeAdapterTypes, parseFragment } from 'parse5';

/** Job summaries as GitHub shows them: its Markdown, its sanitizer, its style sheet, and mermaid in Chromium. */

/** Something to be rendered, in each of `themes`. */
export interface Page {
  readonly name: string;
  readonly markdown: string;
}

export type Theme = 'light' | 'dark';

/** What can be measured of a rendering. */
export interface Rendering {
  readonly name: string;
  readonly theme: Theme;
  readonly height: number;
  /** On the time axis of its diagram; 0 for no diagram. */
  readonly ticks: number;
  /** Two texts each, or a text and what it lies on. */
  readonly overlaps: readonly string[];
  /** The texts that leave their box. */
  readonly outside: readonly string[];
  /** Of the diagram's labels, and of all other texts, with what is behind it; null for none. */
  readonly lowestLabel: { readonly text: string; readonly ratio: number } | null;
  readonly lowestText: { readonly text: string; readonly ratio: number } | null;
}

/** What GitHub's sanitizer lets through (html-pipeline, SanitizationFilter), as far as a summary may want it. */
const ELEMENTS =
  'h1 h2 h3 h4 h5 h6 br b i strong em a pre code img div ins del sup sub p picture ol ul table thead tbody tfoot blockquote dl dt dd kbd q samp var hr li tr td th s summary details caption mark small source span'.split(
    ' ',
  );
const ATTRIBUTES =
  'align alt colspan height href nowrap open rowspan src srcset title valign width'.split(' ');

/** What GitHub would remove of a summary: elements and attributes. */
export function removedBySanitizer(markdown: string): string[] {
  const removed: string[] = [];
  const visit = (node: DefaultTreeAdapterTypes.ChildNode): void => {
    if (!('tagName' in node)) return;
    if (!ELEMENTS.includes(node.tagName)) removed.push(`<${node.tagName}>`);
    const isFence = node.tagName === 'code' && node.attrs[0]?.value === 'language-mermaid';
    for (const { name } of node.attrs) {
      if (!ATTRIBUTES.includes(name) && !isFence) removed.push(`${node.tagName} ${name}`);
    }
    node.childNodes.forEach(visit);
  };
  parseFragment(toHtml(markdown)).childNodes.forEach(visit);
  return removed;
}

function toHtml(markdown: string): string {
  return marked.parse(markdown, { gfm: true, async: false });
}

/** Renders each of `pages` in each of `themes`, in one start of Chromium. */
export async function renderPages(
  pages: readonly Page[],
  themes: readonly Theme[],
): Promise<Rendering[]> {
  const { measured } = await inChromium(gitHubPage(pages, themes));
  return measured;
}

/** Draws one page in one theme into a PNG of twice its size. */
export async function drawPage(page: Page, theme: Theme, file: string): Promise<Rendering[]> {
  const html = gitHubPage([page], [theme]);
  const { height, measured } = await inChromium(html);
  await inChromium(html, [
    `--window-size=${WIDTH_PX + 2 * MARGIN_PX},${height}`,
    '--force-device-scale-factor=2',
    `--screenshot=${resolve(file)}`,
  ]);
  return measured;
}

/** Where CHROMIUM in the environment does not say. */
const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome'];

/** The command of a Chromium to render with; null for none. */
export async function findChromium(): Promise<string | null> {
  const { CHROMIUM } = process.env;
  for (const command of CHROMIUM ? [CHROMIUM] : COMMANDS) {
    const isThere = await promisify(execFile)(command, ['--version']).then(
      () => true,
      () => false,
    );
    if (isThere) return command;
  }
  return null;
}

const WIDTH_PX = 880;
const MARGIN_PX = 24;

async function inChromium(
  html: string,
  options: readonly string[] = ['--dump-dom'],
): Promise<{ height: number; measured: Rendering[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'page-'));
  const page = join(folder, 'page.html');
  writeFileSync(page, html);
  const { stdout } = await promisify(execFile)(
    (await findChromium()) ?? 'chromium',
    [
      '--headless',
      '--no-sandbox',
      '--hide-scrollbars',
      '--allow-file-access-from-files',
      '--virtual-time-budget=60000',
      `--user-data-dir=${join(folder, 'profile')}`,
      ...options,
      `file://${page}`,
    ],
    { maxBuffer: 2 ** 28, env: { ...process.env, TZ: 'UTC' } },
  );
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  const [, json] =
    /<script type="application\/json" id="result">(.*?)<\/script>/s.exec(stdout) ?? [];
  return json ? JSON.parse(json) : { height: 0, measured: [] };
}

function gitHubPage(pages: readonly Page[], themes: readonly Theme[]): string {
  const articles = pages.flatMap(({ name, markdown }) => {
    const html = toHtml(markdown).replace(
      /<pre><code class="language-mermaid">([\s\S]*?)<\/code><\/pre>/g,
      '<div class="mermaid">$1</div>',
    );
    return themes.map(
      (theme) =>
        `<div class="${theme}"><article data-name="${name}" data-theme="${theme}">${html}</article></div>`,
    );
  });
  return `<!doctype html><meta charset="utf-8"><style>${STYLE}</style><body class="${themes[0]}">${articles.join('\n')}
<script src="file://${resolve('node_modules/mermaid/dist/mermaid.min.js')}"></script>
<script type="module">${readFileSync('fakes/measure-page.mjs', 'utf8')}</script>`;
}

/** GitHub's own values (primer/css, github-markdown-css 5.8). */
const STYLE = `
  .light { --fg: #1f2328; --bg: #ffffff; --subtle: #f6f8fa; --border: #d1d9e0; --code: #818b981f; --link: #0969da; }
  .dark { --fg: #f0f6fc; --bg: #0d1117; --subtle: #151b23; --border: #3d444d; --code: #656c7633; --link: #4493f8; }
  .light, .dark { background: var(--bg); }
  body { margin: 0; width: ${WIDTH_PX + 2 * MARGIN_PX}px; }
  body > div { padding: ${MARGIN_PX}px; }
  article { width: ${WIDTH_PX}px; overflow-wrap: break-word; color: var(--fg); background: var(--bg);
    font: 16px/1.5 -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; }
  p, table, pre, details { margin: 0 0 16px; }
  h3 { font-size: 1.25em; line-height: 1.25; margin: 0 0 16px; font-weight: 600; }
  b, th { font-weight: 600; }
  table { border-collapse: collapse; display: block; width: max-content; max-width: 100%; overflow: auto; }
  th, td { border: 1px solid var(--border); padding: 6px 13px; }
  [nowrap] { white-space: nowrap; }
  tr { background: var(--bg); border-top: 1px solid var(--border); }
  tr:nth-child(2n) { background: var(--subtle); }
  code, pre { font-family: ui-monospace, SFMono-Regular, "Liberation Mono", "DejaVu Sans Mono", monospace; font-size: 85%; }
  code { padding: .2em .4em; white-space: break-spaces; background: var(--code); border-radius: 6px; }
  pre { padding: 16px; overflow: auto; line-height: 1.45; background: var(--subtle); border-radius: 6px; }
  a { color: var(--link); }
  .mermaid { margin-bottom: 16px; }`;
