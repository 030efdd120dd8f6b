import { expect, test } from '@jest/globals';
import type { Attempt } from '../../src/deploy/attempt/attempt.ts';
import type { Outcome } from '../../src/deploy/attempt/wait-for-deployment.ts';
import { conclude } from '../../src/deploy/conclusion/conclude.ts';
import type { DeployPlan } from '../../src/deploy/plan/deploy-plan.ts';
import { NodionError } from '../../src/nodion/errors.ts';
import { UnknownOutcome } from '../../src/nodion/post-once.ts';
import { sentence } from '../../src/runner/sentence.ts';
import { Interrupted } from '../../src/time/deadline.ts';
import { attempt, deployment, plan, SHA } from './values.ts';

/** Concludes an attempt; a failure's sentences as plain text. */
async function concluded(given: Partial<Attempt>, planned: Partial<DeployPlan> = {}) {
  const conclusion = await conclude(attempt(given), plan(planned));
  if (conclusion.kind === 'success') return 'success';
  return [`${conclusion.kind}: ${conclusion.title}`, ...conclusion.lines.map(String)];
}

/** An attempt that ended with the status `kind`, or at the timeout with `status`. */
function ending(kind: Outcome['kind'], given: Partial<Outcome> = {}, status: string = kind) {
  const last = deployment(12, { status });
  const outcome: Outcome = { kind, deployment: last, newer: null, lastLook: null, ...given };
  return { deployment: last, outcome };
}

const GOES_ON =
  'The deployment goes on at Nodion, where nothing can cancel it: follow it in the dashboard.';
const waiting = { deployment: deployment(12, { status: 'waiting' }), outcome: null };
const down = new NodionError(
  sentence`Nodion answered 503.`,
  { status: 503, retryable: true },
  sentence`Run the job again later.`,
);
const refused = new NodionError(sentence`Nodion answered 403.`, { status: 403, retryable: false });

test('A deployment that went live as asked for is a success', async () => {
  expect(await concluded({})).toBe('success');
});

test('A deployment that is not waited for is a success', async () => {
  expect(await concluded(waiting, { wait: false })).toBe('success');
});

test('A failed deployment is a failure', async () => {
  expect(await concluded(ending('failed'))).toEqual([
    'failure: Deployment failed',
    'Deployment #12 failed after 35 s.',
    "Its deployment log is in Nodion's dashboard.",
  ]);
});

test('An expired deployment is a failure, with the newer one that got ahead', async () => {
  expect(await concluded(ending('expired'))).toEqual([
    'failure: Deployment expired',
    'Deployment #12 expired after 35 s: it never went live.',
    "Deploy again, or look at it in Nodion's dashboard.",
  ]);
  expect(
    await concluded(ending('expired', { newer: deployment(13, { status: 'waiting' }) })),
  ).toContain('A newer deployment, #13, is "waiting".');
  expect(await concluded(ending('expired', { newer: deployment(13) }))).toEqual([
    'failure: Deployment superseded',
    'Deployment #12 was superseded by #13, which went live.',
    'Use `concurrency` in the workflow to deploy one after another.',
  ]);
});

test('A deployment that is not final at the timeout is a failure, but goes on', async () => {
  expect(await concluded(ending('timed_out', {}, 'waiting'))).toEqual([
    'timed_out: Timed out',
    'Deployment #12 was still "waiting" when the 15 min timeout expired.',
    GOES_ON,
    'If it often takes longer, raise `timeout`.',
  ]);
});

test('A status that is not known is told, and nothing claimed of it', async () => {
  expect(await concluded(ending('timed_out', {}, 'deploying'))).toEqual([
    'timed_out: Timed out',
    'Deployment #12 was still "deploying" when the 15 min timeout expired.',
    '"deploying" is a status unknown to this action: look at the deployment in Nodion\'s dashboard.',
  ]);
});

test('A deployment that was not seen at the timeout is told with the age of its last sight', async () => {
  const lastLook = { error: down, lastSeenMs: 61_000 };
  expect(await concluded(ending('timed_out', { lastLook }, 'waiting'))).toEqual([
    'timed_out: Timed out',
    'Deployment #12 was "waiting" when it was last seen, 1 min 1 s before the end of the 15 min timeout.',
    'Every poll since then failed: Nodion answered 503.',
    "It may have ended since: look at it in Nodion's dashboard.",
  ]);
});

test('A live deployment of another commit or tag is a failure', async () => {
  const ofCommit = { match: { imageTag: null, commit: 'abcdef1' } };
  expect(await concluded({ deployment: deployment(12, { git_sha: SHA }) }, ofCommit)).toContain(
    'Deployment #12 went live, but is of commit d77ead8, not of `expected_sha` abcdef1.',
  );
  expect(await concluded({}, ofCommit)).not.toBe('success');
  expect(
    await concluded(
      { deployment: deployment(12, { git_sha: `ABCDEF1${'0'.repeat(33)}` }) },
      ofCommit,
    ),
  ).toBe('success');
  const ofTag = { match: { imageTag: 'v2', commit: null } };
  const image = (tag: string) => deployment(12, { image_reference: `shop:${tag}` });
  expect(await concluded({ deployment: image('v3') }, ofTag)).not.toBe('success');
  expect(await concluded({ deployment: image('v2') }, ofTag)).toBe('success');
});

test('A cancellation says what goes on', async () => {
  expect(await concluded({ ...waiting, error: new Interrupted('cancelled') })).toEqual([
    'cancelled: Step cancelled',
    'The step was cancelled while deployment #12 was "waiting".',
    GOES_ON,
  ]);
  expect(await concluded({ error: new Interrupted('cancelled') })).toEqual([
    'cancelled: Step cancelled',
    'The step was cancelled after deployment #12 went live.',
  ]);
});

test('A deployment that may no longer be read is a failure', async () => {
  expect(await concluded({ ...waiting, error: refused })).toEqual([
    'failure: Lost sight of the deployment',
    'Deployment #12 was "waiting" when it could no longer be read.',
    'Nodion answered 403.',
    GOES_ON,
  ]);
});

test('A refused trigger is a failure, and nothing was triggered', async () => {
  expect(await concluded({ deployment: null, outcome: null, error: refused })).toEqual([
    'failure: Trigger refused',
    'Nodion refused the trigger (403).',
    'Nothing was triggered for it.',
  ]);
});

test('A trigger that may have been carried out is a failure, with where to look', async () => {
  const error = new UnknownOutcome(down);
  const before = { kind: 'listed', deployments: [deployment(11)] } as const;
  expect(await concluded({ before, deployment: null, outcome: null, error })).toEqual([
    'failure: Unknown whether triggered',
    'The trigger was not answered as documented.',
    'Nodion answered 503.',
    'A deployment may have been made and be in progress.',
    "Look for number 12 or above in Nodion's dashboard before you trigger again.",
  ]);
});

test('What ends before the trigger triggers nothing', async () => {
  const error = new Interrupted('timed_out', down);
  const ended = await concluded({
    before: { kind: 'not sent' },
    deployment: null,
    outcome: null,
    error,
  });
  expect(ended[0]).toBe('timed_out: Timed out');
  expect(ended[1]).toBe('The 15 min timeout expired before anything was triggered for it.');
});
