import { drawPage } from '../fakes/github-page.ts';
import { playSituation } from '../fakes/summaries.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

/**
 * `npm run picture`: draws the job summaries of real runs into `docs/`, much as GitHub shows them, in light and
 * dark. Needs Chromium, on the PATH or as the environment's CHROMIUM.
 */

const PICTURES = {
  summary: 'live, rolled out, healthy and stable',
  rollback: 'rolled back',
};

for (const [file, situation] of Object.entries(PICTURES)) {
  const summary = await playSituation(situation, new VirtualClock());
  const markdown = summary.replaceAll(
    /http&#58;\/\/127\.0\.0\.1:\d+/g,
    'https&#58;//shop.example.com',
  );
  for (const theme of ['light', 'dark'] as const) {
    await drawPage({ name: situation, markdown }, theme, `docs/${file}-${theme}.png`);
  }
}
