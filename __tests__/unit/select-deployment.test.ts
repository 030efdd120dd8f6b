import { describe, expect, test } from '@jest/globals';
import { findCandidates, type LostTrigger } from '../../src/deploy/attempt/find-candidates.ts';
import { findReusableDeployment } from '../../src/deploy/attempt/find-reusable.ts';
import { tagOf } from '../../src/deploy/attempt/revision.ts';
import {
  isFinal,
  isKnown,
  liveDeployment,
  newest,
  replacementOf,
} from '../../src/nodion/deployments.ts';
import type { Deployment } from '../../src/nodion/responses.ts';
import { deployment, SHA } from './values.ts';

const OTHER_SHA = 'ffac537e6cbbf934b08745a378932722df287a53';
const SENT_AT = Date.parse('2026-01-01T12:00:00Z');

const image = (tag: string) => ({ image_reference: `docker.io/shop:${tag}` });
const numbers = (deployments: readonly Deployment[]) =>
  deployments.map(({ deploy_number }) => deploy_number);

test.each([
  ['created', false, true],
  ['waiting', false, true],
  ['available', true, true],
  ['failed', true, true],
  ['expired', true, true],
  ['deploying', false, false],
  ['', false, false],
])('The status "%s" is final: %s, and known: %s', (status, final, known) => {
  expect([isFinal(deployment(1, { status })), isKnown(deployment(1, { status }))]).toEqual([
    final,
    known,
  ]);
});

describe('What is live', () => {
  const list = [
    deployment(3, { status: 'waiting' }),
    deployment(1),
    deployment(2),
    deployment(4, { status: 'failed' }),
  ];

  test('is the newest available deployment, whatever the order', () => {
    expect(liveDeployment(list)?.deploy_number).toBe(2);
    expect(liveDeployment(list.slice(0, 1))).toBeNull();
    expect(newest(list)?.deploy_number).toBe(4);
    expect(newest([])).toBeNull();
  });

  test('replaces what is older, and nothing else', () => {
    expect(replacementOf(deployment(1), list)).toBe(2);
    expect(replacementOf(deployment(2), list)).toBeNull();
    expect(replacementOf(deployment(3), list)).toBeNull();
  });
});

test.each([
  ['docker.io/nginx:1.25', '1.25'],
  ['registry:5000/shop', 'latest'],
  ['registry:5000/team/shop:v2', 'v2'],
  [`shop:v2@sha256:${'0'.repeat(64)}`, 'v2'],
  [`shop@sha256:${'0'.repeat(64)}`, null],
  [null, null],
])('The tag of the image %s is %s', (image_reference, tag) => {
  expect(tagOf(deployment(1, { image_reference }))).toBe(tag);
});

test.each([
  ['Image: nginx:1.25', null, '1.25'],
  ['Image: nginx:1.25', SHA, null],
  ['Image: nginx:1.25 and more', null, null],
])('The tag of the message "%s" of commit %s is %s', (commit_message, git_sha, tag) => {
  expect(tagOf(deployment(1, { commit_message, git_sha }))).toBe(tag);
});

describe('The candidates for a lost trigger', () => {
  const lost: LostTrigger = {
    notedNumber: 10,
    sentAt: SENT_AT,
    match: { imageTag: null, commit: null },
    defaultTag: null,
  };
  const ofTag = { ...lost, match: { imageTag: 'v2', commit: null } };
  const ofCommit = { ...lost, match: { imageTag: null, commit: SHA.slice(0, 7) } };
  const find = (deployments: readonly Deployment[], how: LostTrigger) =>
    findCandidates(deployments, how).possible.map(
      ({ deployment: { deploy_number }, isAsked, isOlder }) =>
        isAsked && !isOlder ? deploy_number : `${deploy_number}?`,
    );

  test('are above the noted number, the newest first', () => {
    expect(
      find(
        [11, 9, 12, 10].map((number) => deployment(number)),
        lost,
      ),
    ).toEqual([12, 11]);
  });

  const created = (atMs: number) => ({ created_at: new Date(SENT_AT + atMs).toISOString() });

  test('are not older than the trigger, or else unlikely, where both times are known', () => {
    const list = [deployment(13, created(-1)), deployment(12, created(0)), deployment(11)];
    expect(find(list, lost)).toEqual([12, 11, '13?']);
    expect(find(list, { ...lost, sentAt: null })).toEqual([13, 12, 11]);
    expect(find([deployment(14, { created_at: 'soon' })], lost)).toEqual([14]);
  });

  test('of the tag that was asked for come first, older ones too', () => {
    const list = [
      deployment(11, { ...image('v2'), ...created(-59_999) }),
      deployment(12, { ...image('v9'), ...created(10) }),
    ];
    expect(find(list, { ...lost, defaultTag: 'v2' })).toEqual(['11?', '12?']);
  });

  test('are none that were created a minute before, which still speak against a repeat', () => {
    const old = created(-60_000);
    const tooOld = (how: LostTrigger, ...given: Partial<Deployment>[]) => {
      const list = given.map((one, index) => deployment(11 + index, { ...one, ...old }));
      expect(find(list, how)).toEqual([]);
      return numbers(findCandidates(list, how).tooOld);
    };
    expect(tooOld(lost, { git_sha: SHA })).toEqual([11]);
    expect(tooOld(ofTag, image('v1'), image('v2'), {})).toEqual([12, 13]);
    expect(tooOld(ofCommit, { git_sha: OTHER_SHA }, { git_sha: SHA })).toEqual([12]);
    expect(tooOld({ ...lost, defaultTag: 'v2' }, image('v9'), image('v2'))).toEqual([12]);
  });

  test('are of the tag that was asked for, or of none that is known', () => {
    const list = [
      deployment(11, image('v2')),
      deployment(12, image('v3')),
      deployment(13),
      deployment(14, { git_sha: SHA }),
    ];
    expect(find(list, ofTag)).toEqual([11, 13]);
  });

  test('of another than the default tag are unlikely', () => {
    const list = [deployment(11, image('v9')), deployment(12, image('latest'))];
    expect(find(list, { ...lost, defaultTag: 'latest' })).toEqual([12, '11?']);
  });

  test('of another than the expected commit are unlikely, of an unknown one in between', () => {
    const list = [
      deployment(13, { git_sha: OTHER_SHA }),
      deployment(12),
      deployment(11, { git_sha: SHA.toUpperCase() }),
    ];
    expect(find(list, ofCommit)).toEqual([11, 12, '13?']);
  });
});

describe('A deployment to follow in place of a trigger', () => {
  const ofTag = { imageTag: 'v2', commit: null };
  const find = (...list: Deployment[]) =>
    findReusableDeployment(list, ofTag)?.deploy_number ?? null;

  test('is the live one, or one in progress after it, the newest of them', () => {
    const live = deployment(5, image('v2'));
    expect(find(live)).toBe(5);
    expect(find(live, deployment(6, { status: 'waiting', ...image('v2') }))).toBe(6);
    expect(find(live, deployment(4, { status: 'waiting', ...image('v2') }))).toBe(5);
  });

  test('is none that is no longer live, failed, or of an unknown status', () => {
    expect(find(deployment(5, image('v2')), deployment(6, image('v3')))).toBeNull();
    for (const status of ['failed', 'expired', 'deploying']) {
      expect(find(deployment(7, { status, ...image('v2') }))).toBeNull();
    }
  });

  test('says that it is of the tag and the commit', () => {
    expect(find(deployment(5))).toBeNull();
    const commit = SHA.slice(0, 7);
    const list = [deployment(5, { git_sha: SHA }), deployment(4, { git_sha: OTHER_SHA })];
    expect(findReusableDeployment(list, { imageTag: null, commit })?.deploy_number).toBe(5);
    expect(findReusableDeployment(list, { imageTag: 'v2', commit })).toBeNull();
    expect(numbers(list)).toEqual([5, 4]);
  });
});
