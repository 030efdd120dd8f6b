import { describe, expect, test } from '@jest/globals';
import { success } from '../../src/deploy/conclusion/conclusion.ts';
import type { DeploymentRun } from '../../src/deploy/deploy-application.ts';
import { jobSummary } from '../../src/report/job-summary.ts';
import { describeEnd, describeRevision } from '../../src/report/wording.ts';
import { sentence } from '../../src/runner/sentence.ts';
import { attempt, deployment, run, SHA } from './values.ts';

const commit = {
  git_sha: SHA,
  commit_message: 'Show prices with VAT\n\nCloses #4.',
  committer_name: 'Ada Lovelace',
};
const image = { image_reference: 'docker.io/shop:v2' };
const failed: Partial<DeploymentRun> = {
  deployment: deployment(12, { status: 'failed', ...commit }),
  outcome: null,
  conclusion: {
    kind: 'failure',
    reason: 'deployment_failed',
    title: 'Deployment failed',
    lines: [sentence`Deployment #12 failed after 35 s.`, sentence`Look at ${'<it>'}.`],
  },
};

test.each([
  [commit, 'commit d77ead8 "Show prices with VAT" by Ada Lovelace'],
  [{ git_sha: SHA }, 'commit d77ead8'],
  [image, 'image docker.io/shop:v2'],
  [{ strategy: 'prebuilt_image' }, 'an image that it does not name'],
  [{}, 'the latest commit'],
])('A deployment of %j is of %s', (given, revision) => {
  expect(String(describeRevision(deployment(12, given)))).toBe(revision);
});

describe('The end of a step', () => {
  const end = (...runs: DeploymentRun[]) => {
    const { title, lines } = describeEnd(runs);
    return [title, ...lines.map(String)];
  };

  test('says what is live, and since when', () => {
    expect(end(run('shop', { deployment: deployment(12, image) }))).toEqual([
      'Live',
      'Application shop: Deployment #12 is live after 35 s.',
      'It is of image docker.io/shop:v2.',
    ]);
  });

  test('does not say “is live” where a newer one is', () => {
    expect(end(run('shop', { conclusion: success('live', { by: 13 }) }))).toEqual([
      'Went live',
      'Application shop: Deployment #12 went live; now #13, which is newer, is live.',
      'It is of the latest commit.',
    ]);
  });

  test('does not claim what was not waited for', () => {
    const waiting = { deployment: deployment(12, { status: 'waiting' }), outcome: null };
    const triggered = success('triggered');
    const inProgress = success('in_progress');
    expect(end(run('shop', { ...waiting, conclusion: triggered }))).toEqual([
      'Triggered',
      'Application shop: Deployment #12 was triggered, and is not waited for.',
      'It is of the latest commit.',
    ]);
    expect(end(run('shop', { ...waiting, conclusion: inProgress }))[0]).toBe('Already in progress');
  });

  test('names the application of a failure, and counts several', () => {
    expect(end(run('shop', failed))).toEqual([
      'Deployment failed',
      'Application shop: Deployment #12 failed after 35 s.',
      'Look at <it>.',
    ]);
    expect(end(run('shop', failed), run('web'))).toEqual([
      'Not all succeeded',
      '1 of 2 applications failed.',
      'Application shop: Deployment #12 failed after 35 s. Look at <it>.',
    ]);
  });
});

describe('The job summary', () => {
  const summaryOf = (...runs: DeploymentRun[]) =>
    jobSummary(runs, {
      logTails: new Map(),
      workflow: { repositoryUrl: 'https://github.com/octo-org/shop', sha: SHA },
      isCancelled: false,
    });

  test('of a success', () => {
    const previous = deployment(11, { image_reference: 'docker.io/shop:v1' });
    expect(
      summaryOf(run('shop', { deployment: deployment(12, image), previous })),
    ).toMatchInlineSnapshot(`
"<h3>✅ <code>shop</code> <code>#12</code>: live</h3>
<table>
<tr><th>Application</th><th>Deployment</th><th>Status</th><th>Commit or image</th><th>Duration</th></tr>
<tr><td><code>shop</code></td><td><code>#12</code></td><td>✅ <code>available</code></td><td><code>v1</code> → <code>v2</code> (<code>docker.io/shop:v2</code>)</td><td>35 s</td></tr>
</table>

\`\`\`mermaid
gantt
dateFormat x
axisFormat %H:%M:%S
todayMarker off
tickInterval 10second
section shop
11.7 s created :active, 1767268800300, 1767268812000
23 s waiting :active, 1767268812000, 1767268835000
35 s available :milestone, done, 1767268835000, 0ms
\`\`\`

"
`);
  });

  test('of a failure', () => {
    expect(summaryOf(run('shop', failed))).toMatchInlineSnapshot(`
"<h3>❌ <code>shop</code> <code>#12</code>: deployment failed</h3>
<table>
<tr><th>Application</th><th>Deployment</th><th>Status</th><th>Commit or image</th><th>Duration</th></tr>
<tr><td><code>shop</code></td><td><code>#12</code></td><td>❌ <code>failed</code></td><td><a href="https://github.com/octo-org/shop/commit/d77ead8cbbdc37d04aa8c3466c6e35b7c55a508e"><code>d77ead8</code></a> <code>Show prices with VAT</code> by <code>Ada Lovelace</code></td><td>35 s</td></tr>
</table>
<p>Deployment &#35;&#8203;12 failed after 35 s.<br>
Look at <code>&#60;it&#62;</code>.</p>

\`\`\`mermaid
gantt
dateFormat x
axisFormat %H:%M:%S
todayMarker off
tickInterval 10second
section shop
11.7 s created :active, 1767268800300, 1767268812000
23 s waiting :active, 1767268812000, 1767268835000
35 s available :milestone, crit, 1767268835000, 0ms
\`\`\`

"
`);
  });

  test('of several applications', () => {
    expect(
      summaryOf(run('shop', failed), run('web', { durationMs: 4_200 })),
    ).toMatchInlineSnapshot(`
"<h3>❌ 1 of 2 applications succeeded</h3>
<table>
<tr><th>Application</th><th>Deployment</th><th>Status</th><th>Commit or image</th><th>Duration</th></tr>
<tr><td><code>shop</code></td><td><code>#12</code></td><td>❌ <code>failed</code></td><td><a href="https://github.com/octo-org/shop/commit/d77ead8cbbdc37d04aa8c3466c6e35b7c55a508e"><code>d77ead8</code></a> <code>Show prices with VAT</code> by <code>Ada Lovelace</code></td><td>35 s</td></tr>
<tr><td><code>web</code></td><td><code>#12</code></td><td>✅ <code>available</code></td><td>–</td><td>4.2 s</td></tr>
</table>
<p><code>shop</code>: Deployment &#35;&#8203;12 failed after 35 s.<br>
Look at <code>&#60;it&#62;</code>.</p>

\`\`\`mermaid
gantt
dateFormat x
axisFormat %H:%M:%S
todayMarker off
tickInterval 10second
section shop
11.7 s created :active, 1767268800300, 1767268812000
23 s waiting :active, 1767268812000, 1767268835000
35 s available :milestone, crit, 1767268835000, 0ms
section web
11.7 s created :active, 1767268800300, 1767268812000
23 s waiting :active, 1767268812000, 1767268835000
-30.8 s available :done, 1767268835000, 1767268835001
\`\`\`

"
`);
  });

  test('of a rollback has the same durations when the clock is set meanwhile', () => {
    const bad = run('shop', { startMs: 1_000, durationMs: 95_000 });
    const HOUR_MS = 3_600_000;
    const back = attempt({ startMs: 61_000, startedAt: bad.startedAt + 60_000 - HOUR_MS });
    const { conclusion } = run('shop', failed);
    if (conclusion.kind === 'success') throw new Error('It failed');
    const to = deployment(11, image);
    const rollback = { to, attempt: back, conclusion, failure: conclusion };
    const summary = summaryOf({ ...bad, conclusion, rollback });
    expect(summary).toContain('<td>1 min</td></tr>');
    expect(summary).toContain('25 s available :crit, 1767268835000, 1767268860000\n');
    // Its own bars begin a minute later.
    expect(summary).toContain('11.7 s created :active, 1767268860300, 1767268872000\n');
    expect(summary).not.toMatch(/>-|\n-/);
  });
});
