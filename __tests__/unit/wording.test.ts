import { describe, expect, test } from '@jest/globals';
import { failure, success } from '../../src/deploy/conclusion/conclusion.ts';
import type { DeploymentRun } from '../../src/deploy/deploy-application.ts';
import { stepFailure } from '../../src/report/failures.ts';
import { jobSummary } from '../../src/report/summary/job-summary.ts';
import { verdictOfAll } from '../../src/report/summary/verdict.ts';
import { describeRevision, describeSuccesses } from '../../src/report/wording.ts';
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
    const isGreen = runs.every(({ conclusion }) => conclusion.kind === 'success');
    const { title, lines } = isGreen
      ? describeSuccesses(runs)
      : stepFailure(runs, { isCancelled: false });
    return [title, ...lines.map(String)];
  };

  test('says what is live, and since when', () => {
    expect(end(run('shop', { deployment: deployment(12, image) }))).toEqual([
      'Live',
      'Application shop: Deployment #12 is live after 35 s.',
      'It is of image docker.io/shop:v2.',
    ]);
  });

  test('counts those that did not succeed by how they ended', () => {
    const ended = (kind: 'failure' | 'timed_out' | 'cancelled') =>
      run('shop', { conclusion: { ...failure('timed_out', '', []), kind } });
    const [bad, late, cancelled] = [ended('failure'), ended('timed_out'), ended('cancelled')];
    const told = [
      [bad, bad, run('web')],
      [late, late],
      [cancelled, run('web'), run('api')],
      [bad, late, cancelled, run('web')],
    ].map((runs) => [end(...runs)[1], verdictOfAll(runs)]);
    expect(told).toEqual([
      ['2 of 3 applications failed.', '❌ 2 of 3 applications failed'],
      ['2 of 2 applications timed out.', '⌛ 2 of 2 applications timed out'],
      [
        'Step cancelled with 1 of 3 applications not done.',
        '🚫 Step cancelled with 1 of 3 applications not done',
      ],
      [
        '3 of 4 applications: 1 failed, 1 timed out, 1 not done.',
        '❌ 3 of 4 applications: 1 failed, 1 timed out, 1 not done',
      ],
    ]);
  });

  test('does not say “is live” where a newer one is', () => {
    expect(end(run('shop', { conclusion: success('live', { by: 13 }) }))).toEqual([
      'Went live',
      'Application shop: Deployment #12 went live; now #13, which is newer, is live.',
      '#12 is of the latest commit.',
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
"<h3>✅ <code>shop</code> is live</h3>
<table>
<tr><th align="left" nowrap>Version</th><td><code>v1</code> → <b><code>v2</code></b> &ensp;<code>docker.io/shop:v2</code></td></tr>
<tr><th align="left" nowrap>Deployment</th><td><code>#12</code>, replaces <code>#11</code></td></tr>
<tr><th align="left" nowrap>Took</th><td>35&nbsp;s</td></tr>
</table>

\`\`\`mermaid
---
config:
  gantt:
    leftPadding: 92
    rightPadding: 24
    barHeight: 20
    fontSize: 12
  themeVariables:
    taskBkgColor: "#0969da"
    taskBorderColor: "#0969da"
    taskTextColor: "#ffffff"
    critBkgColor: "#cf222e"
    critBorderColor: "#cf222e"
    sectionBkgColor: "#8b949e"
    sectionBkgColor2: "#8b949e"
    altSectionBkgColor: "#8b949e"
---
gantt
dateFormat x
todayMarker off
axisFormat %H:%M:%S
tickInterval 10second
section shop
created 12 s :1767268800000, 1767268812000
waiting 23 s :1767268812000, 1767268835000
went live :milestone, 1767268835000, 0ms
\`\`\`

"
`);
  });

  test('of a failure', () => {
    expect(summaryOf(run('shop', failed))).toMatchInlineSnapshot(`
"<h3>❌ <code>shop</code>: deployment <code>#12</code> failed</h3>
<p>Deployment &#35;&#8203;12 failed after 35 s.<br>
Look at <code>&#60;it&#62;</code>.</p>
<table>
<tr><th align="left" nowrap>Version</th><td><b><a href="https://github.com/octo-org/shop/commit/d77ead8cbbdc37d04aa8c3466c6e35b7c55a508e"><code>d77ead8</code></a></b></td></tr>
<tr><th align="left" nowrap>Commit</th><td><code>Show prices with VAT</code> by <code>Ada Lovelace</code></td></tr>
<tr><th align="left" nowrap>Deployment</th><td><code>#12</code>, <code>failed</code></td></tr>
<tr><th align="left" nowrap>Ended after</th><td>35&nbsp;s</td></tr>
</table>

\`\`\`mermaid
---
config:
  gantt:
    leftPadding: 92
    rightPadding: 24
    barHeight: 20
    fontSize: 12
  themeVariables:
    taskBkgColor: "#0969da"
    taskBorderColor: "#0969da"
    taskTextColor: "#ffffff"
    critBkgColor: "#cf222e"
    critBorderColor: "#cf222e"
    sectionBkgColor: "#8b949e"
    sectionBkgColor2: "#8b949e"
    altSectionBkgColor: "#8b949e"
---
gantt
dateFormat x
todayMarker off
axisFormat %H:%M:%S
tickInterval 10second
section shop
created 12 s :1767268800000, 1767268812000
waiting 23 s :crit, 1767268812000, 1767268835000
has failed :milestone, crit, 1767268835000, 0ms
\`\`\`

"
`);
  });

  test('of several applications', () => {
    expect(
      summaryOf(run('shop', failed), run('web', { durationMs: 4_200 })),
    ).toMatchInlineSnapshot(`
"<h3>❌ 1 of 2 applications failed</h3>
<table>
<tr><th align="left">Application</th><th align="left">Deployment</th><th align="left">Version</th><th align="left">Result</th><th align="left">Live</th><th align="left">Took</th></tr>
<tr><td><code>shop</code></td><td><code>#12</code></td><td><b><a href="https://github.com/octo-org/shop/commit/d77ead8cbbdc37d04aa8c3466c6e35b7c55a508e"><code>d77ead8</code></a></b></td><td>❌&nbsp;deployment failed</td><td>not&nbsp;known</td><td>35&nbsp;s</td></tr>
</table>
<p><code>shop</code>: Deployment &#35;&#8203;12 failed after 35 s. Look at <code>&#60;it&#62;</code>.</p>
<details><summary>✅ 1 succeeded</summary>
<table>
<tr><th align="left">Application</th><th align="left">Deployment</th><th align="left">Version</th><th align="left">Result</th><th align="left">Live</th><th align="left">Took</th></tr>
<tr><td><code>web</code></td><td><code>#12</code></td><td>–</td><td>✅&nbsp;live</td><td><code>#12</code></td><td>4.2&nbsp;s</td></tr>
</table>
</details>

\`\`\`mermaid
---
config:
  gantt:
    leftPadding: 92
    rightPadding: 24
    barHeight: 20
    fontSize: 12
  themeVariables:
    taskBkgColor: "#0969da"
    taskBorderColor: "#0969da"
    taskTextColor: "#ffffff"
    critBkgColor: "#cf222e"
    critBorderColor: "#cf222e"
    sectionBkgColor: "#8b949e"
    sectionBkgColor2: "#8b949e"
    altSectionBkgColor: "#8b949e"
---
gantt
dateFormat x
todayMarker off
axisFormat %H:%M:%S
tickInterval 10second
section shop
created 12 s :1767268800000, 1767268812000
waiting 23 s :crit, 1767268812000, 1767268835000
section web
created 12 s :1767268800000, 1767268812000
waiting 23 s :1767268812000, 1767268835000
went live :milestone, 1767268835000, 0ms
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
    expect(summary).toContain('<td>1&nbsp;min</td></tr>');
    expect(summary).toContain('rollout 25 s :crit, 1767268835000, 1767268860000\n');
    // Its own bars begin a minute later.
    expect(summary).toContain('created 12 s :1767268860000, 1767268872000\n');
    expect(summary).not.toMatch(/>-|(?:^| )-\d/m);
  });
});

test('The job summary of 200 failures with all that others may write is below 1 MiB', () => {
  const long = '<'.repeat(5_000);
  const runs = Array.from({ length: 200 }, (_, index) =>
    run(`${index}${long}`, {
      deployment: deployment(12, { status: long, git_sha: long, commit_message: long }),
      previous: deployment(11, { git_sha: `${index}${long}` }),
      conclusion: failure('deployment_failed', 'Deployment failed', [
        sentence`Deployment #12 is "${long}": ${long}.`,
        sentence`Look at ${long}.`,
      ]),
    }),
  );
  const lines = Array.from({ length: 15 }, () => ({ ts: long, msg: long }));
  const summary = jobSummary(runs, {
    logTails: new Map(runs.map((one) => [one, { lines, count: 50 }])),
    workflow: { repositoryUrl: null, sha: null },
    isCancelled: false,
  });
  expect(Buffer.byteLength(summary)).toBeLessThan(1_048_576);
  expect(summary.match(/<tr>/g)).toHaveLength(201);
  expect(summary.match(/Deployment &#35;&#8203;12 is /g)).toHaveLength(200);
});
