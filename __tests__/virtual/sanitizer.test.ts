import { expect, test } from '@jest/globals';
import { removedBySanitizer } from '../../fakes/github-page.ts';
import { playSituation, SITUATIONS } from '../../fakes/summaries.ts';

test.concurrent.each(Object.keys(SITUATIONS))(
  'GitHub’s sanitizer removes nothing of the summary of: %s',
  async (name) => {
    const summary = await playSituation(name);
    expect(summary).toMatch(/^<h3>/);
    expect(removedBySanitizer(summary)).toEqual([]);
  },
);
