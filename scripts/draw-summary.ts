import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { marked } from 'marked';
import { realClock } from '../fakes/clock.ts';
import { onStage } from '../fakes/stage.ts';

/**
 * `npm run picture`: draws the job summary of a real run into `docs/summary.png`, much as GitHub shows it.
 * Needs Chromium, as `chromium` on the PATH or in the environment's CHROMIUM.
 */

const { summary } = await onStage(realClock, ({ nodion, deploy }) => {
  const application = nodion.addApplication({
    name: 'shop',
    head: {
      git_sha: 'ffac537e6cbbf934b08745a378932722df287a53',
      commit_message: 'Show prices with VAT',
      committer_name: 'Ada Lovelace',
    },
    life: [
      { status: 'created', afterMs: 0 },
      { status: 'waiting', afterMs: 4_000 },
      { status: 'available', afterMs: 22_000 },
    ],
  });
  for (let old = 0; old < 12; old += 1) nodion.addDeployment(application, { status: 'available' });
  return deploy(application);
});

const html = marked
  .parse(summary, { gfm: true, async: false })
  .replace(
    /<pre><code class="language-mermaid">([\s\S]*?)<\/code><\/pre>/,
    '<div class="mermaid">$1</div>',
  );
const folder = mkdtempSync(join(tmpdir(), 'summary-'));
const page = join(folder, 'summary.html');
writeFileSync(
  page,
  `<!doctype html><meta charset="utf-8"><style>
    body { font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; color: #1f2328; margin: 24px; width: 852px; }
    table { border-collapse: collapse; } th, td { border: 1px solid #d1d9e0; padding: 6px 13px; text-align: left; }
    code { background: #818b981f; border-radius: 6px; padding: .2em .4em; font: 85% ui-monospace, "DejaVu Sans Mono", monospace; }
    a { color: #0969da; } h3 { font-size: 1.25em; } .mermaid { margin-top: 16px; }
  </style><body>${html}<script src="file://${resolve('node_modules/mermaid/dist/mermaid.min.js')}"></script>
  <script>mermaid.initialize({ startOnLoad: true, gantt: { useWidth: 820 } });</script>`,
);
execFileSync(
  process.env.CHROMIUM ?? 'chromium',
  [
    '--headless',
    '--no-sandbox',
    '--hide-scrollbars',
    '--allow-file-access-from-files',
    '--force-device-scale-factor=2',
    '--window-size=900,330',
    '--virtual-time-budget=10000',
    `--screenshot=${resolve('docs/summary.png')}`,
    `file://${page}`,
  ],
  { stdio: 'ignore' },
);
rmSync(folder, { recursive: true });
