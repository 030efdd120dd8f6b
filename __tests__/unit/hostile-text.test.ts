import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseWorkflowCommands } from '../../fakes/runner.ts';
import { newAttempt } from '../../src/deploy/attempt/attempt.ts';
import { shortSha } from '../../src/deploy/attempt/revision.ts';
import { conclude } from '../../src/deploy/conclusion/conclude.ts';
import type { DeployPlan } from '../../src/deploy/plan/deploy-plan.ts';
import { connectionInputs } from '../../src/nodion/connection-inputs.ts';
import type { Deployment } from '../../src/nodion/responses.ts';
import { redactSecrets, registerSecret } from '../../src/runner/redact-secrets.ts';
import { foreign, joined, ours, sentence, summarySentence } from '../../src/runner/sentence.ts';
import { singleLine } from '../../src/runner/untrusted-text.ts';

const KEY = 'n0d_9fK2+q/Zx7"Lw3&Rt8<Vb5%41Yh6Jm1\\c4Gs0Dk=';
registerSecret(KEY);

const base64 = (text: string) => Buffer.from(text).toString('base64');
const SHA = 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e';
const hex = (text: string) => Buffer.from(text).toString('hex');
const each = (text: string, form: (character: string) => string) => [...text].map(form).join('');
const spread = (text: string, between: string) => [...text].join(between);
const codeOf = (character: string, radix: number) => character.charCodeAt(0).toString(radix);
const xml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** What a server may make of a key before it sends it back. */
const FORMS: Readonly<Record<string, (key: string) => string>> = {
  'as it is': (key) => key,
  'without its first character': (key) => key.slice(1),
  'without its last character': (key) => key.slice(0, -1),
  'in upper case': (key) => key.toUpperCase(),
  'in lower case': (key) => key.toLowerCase(),
  'in JSON': (key) => JSON.stringify(key).slice(1, -1),
  'in JSON with escaped slashes': (key) => JSON.stringify(key).slice(1, -1).replaceAll('/', '\\/'),
  'in JSON with every character escaped': (key) =>
    each(key, (character) => `\\u${codeOf(character, 16).padStart(4, '0')}`),
  'in hex': hex,
  'in upper-case hex': (key) => hex(key).toUpperCase(),
  'in hex, without its first character': (key) => hex(key.slice(1)),
  '%-encoded': encodeURIComponent,
  '%-encoded in lower case': (key) =>
    encodeURIComponent(key).replace(/%../g, (code) => code.toLowerCase()),
  '%-encoded in part': (key) => key.replaceAll('+', '%2b'),
  'with every character %-encoded': (key) => each(key, (one) => `%${codeOf(one, 16)}`),
  'in XML': xml,
  'in decimal XML references': (key) => each(key, (one) => `&#${codeOf(one, 10)};`),
  'in hexadecimal XML references': (key) => each(key, (one) => `&#x00${codeOf(one, 16)};`),
  'with zero-width spaces inside': (key) => spread(key, '\u200b'),
  'with soft hyphens inside': (key) => spread(key, '\u00ad'),
  'with tag characters inside': (key) => spread(key, '\u{e0041}'),
  'with terminal escapes inside': (key) => spread(key, '\u001b[0m'),
  'with line breaks inside': (key) => spread(key, '\n'),
  'in hex with zero-width joiners inside': (key) => spread(hex(key), '\u200d'),
};

describe('A key is hidden', () => {
  test.each(Object.entries(FORMS))('%s', (_, form) => {
    expect(singleLine(`before ${form(KEY)} after`)).toBe('before *** after');
  });

  test.each(['', 'x', 'xy', 'xyz'])('in base64, after %j', (before) => {
    for (const part of [KEY, KEY.slice(1), KEY.slice(0, -1)]) {
      for (const encoding of ['base64', 'base64url'] as const) {
        const encoded = Buffer.from(`${before}${part}:`).toString(encoding);
        expect(singleLine(encoded)).toMatch(/^[\w+/-]{0,5}\*\*\*[\w+/-]{0,3}=*$/);
      }
    }
  });

  test('also where the text is cut', () => {
    const text = `${'a '.repeat(30)}${KEY} ${'b '.repeat(30)}`;
    for (let longest = 1; longest <= text.length; longest += 1) {
      expect(singleLine(text, longest)).not.toContain(KEY.slice(0, 2));
    }
    expect(singleLine(text, 63)).toBe(`${'a '.repeat(30)}**…`);
  });

  test('only as it is when it is short or not printable ASCII', () => {
    registerSecret('qZ3');
    registerSecret('grün und blau');
    expect(redactSecrets('qZ3 qz3 grün und blau Grün und blau')).toBe('*** qz3 *** Grün und blau');
  });
});

test('A key of six characters leaves ordinary text as it is', () => {
  registerSecret('nod10n');
  for (const ordinary of [
    'nodion nod on 10 nod10 od10n',
    'Fix #12: use std::vector, 50% faster — see https://example.com/a?b=c&d=e',
    'Größe geändert ✓ 日本語 👩‍💻 naïve café e\u0301',
  ]) {
    expect(singleLine(ordinary)).toBe(ordinary);
  }
});

const randomKey = (length: number) => randomBytes(length).toString('base64url').slice(0, length);

test.each([8, 9, 49, 50, 51, 52, 53, 99, 100, 101, 102, 199, 201])(
  'Of a key of %i characters nothing shows where its first and last one are missing',
  (length) => {
    const key = randomKey(length);
    registerSecret(key);
    expect(redactSecrets(key.slice(1, -1))).toMatch(/^(?:\*\*\*)+$/);
  },
);

test('Nothing shows of half of a key of 101 characters', () => {
  const key = randomKey(101);
  registerSecret(key);
  expect(redactSecrets(key.slice(1, 49))).toBe('***');
});

/** What a search might begin a match with, again and again. */
const HOSTILE: Readonly<Record<string, string>> = {
  'the beginning of a key': KEY.slice(0, -3),
  'its first character, then nothing that shows': `n${'\u200b'.repeat(10_000)}`,
  'its first characters, far apart': `n${'\u200b'.repeat(500)}0${'\u200b'.repeat(500)}`,
  'the beginning of its hex': hex(KEY).slice(0, -6),
  'the beginning of its base64': base64(KEY).slice(0, -9),
  backslashes: '\\',
  'percent signs': '%',
  references: '&#0',
  'zeros of a reference': '&#x000000000000000000000000000000000000000000000000000000',
};

test.each(Object.entries(HOSTILE))('%s, 300 kB of it, takes no time to speak of', (_, piece) => {
  const text = piece.repeat(Math.ceil(300_000 / piece.length));
  const startedAt = performance.now();
  expect(singleLine(text, text.length) === text).toBe(true);
  // Quadratic time would be a minute.
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});

test('A key of backslashes, percent signs or ampersands is searched for in linear time', () => {
  const startedAt = performance.now();
  for (const piece of ['\\', '%25', '&#38;', '&amp;', '/', '"']) {
    const start = piece.repeat(15);
    registerSecret(`${start}zzz`);
    const text = `${piece.repeat(Math.ceil(100_000 / piece.length))}x`;
    expect([piece, redactSecrets(text) === text]).toEqual([piece, true]);
  }
  // Exponential time would be longer than anybody waits.
  expect(performance.now() - startedAt).toBeLessThan(20_000);
});

test('An address of a million slashes is read in no time to speak of', () => {
  const startedAt = performance.now();
  const { parse } = connectionInputs.api_url;
  expect(parse(`https://gateway.example/v1${'/'.repeat(1_000_000)}`)).toBe(
    'https://gateway.example/v1',
  );
  const inside = `https://gateway.example/${'/'.repeat(1_000_000)}v1`;
  expect(parse(inside)).toBe(inside);
  // Quadratic time would be minutes.
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});

describe('A sentence', () => {
  const status = 'odd\nstatus\u001b[2J';

  test('holds what others wrote as one line of at most 100 characters', () => {
    expect(String(sentence`It was "${status}" for ${2} s.`)).toBe('It was "odd status" for 2 s.');
    expect(String(sentence`It was ${'x'.repeat(101)}.`)).toBe(`It was ${'x'.repeat(99)}….`);
    expect(String(sentence`It was ${foreign('x'.repeat(201), 200)}.`)).toBe(
      `It was ${'x'.repeat(199)}….`,
    );
  });

  test('may be made of others, of words that come as a string, and of nothing', () => {
    const late: boolean = false;
    const reason = sentence`it was ${ours('late')}${late && sentence`r`}${null}${undefined}`;
    expect(String(sentence`Red: ${reason}; ${joined(['a', sentence`b`, 3], ', ')}`)).toBe(
      'Red: it was late; a, b, 3',
    );
  });

  test('shows in the summary what others wrote as code, and our words as words', () => {
    const reason = sentence`#${12} was ${'GH-1'} <b>`;
    expect(summarySentence(sentence`${reason}; ${joined([':tada:', '$x$'], ', ')}`)).toBe(
      '&#35;&#8203;12 was <code>GH-1</code> &#60;b&#62;; <code>:tada:</code>, <code>&#36;x&#36;</code>',
    );
    // Of ours, a path in an endpoint's name would be an emoji.
    expect(summarySentence(sentence`GET /applications/:id: 404`)).toBe(
      'GET /applications/:&#8203;id: 404',
    );
    expect(summarySentence(sentence`${SHA}`)).toBe(`<code>${SHA}</code>`);
  });
});

test('The runner misses a command whose data begins with a combining mark, as the fake one does', () => {
  const names = (log: string) => parseWorkflowCommands(log).map(({ name, data }) => [name, data]);
  expect(names('::error title=a::x')).toEqual([['error', 'x']]);
  for (const mark of ['\u0301', '\u20e3', '\uff9e', '\uff9f']) {
    expect(names(`::error title=a::${mark}x`)).toEqual([]);
    expect(parseWorkflowCommands(`::error title=a::${mark}b,file=c::d`)).toEqual([
      { name: 'error', properties: { title: `a::${mark}b`, file: 'c' }, data: 'd' },
    ]);
  }
});

test('A conclusion is of words of ours, whatever the status is', async () => {
  const status = `x\nNothing was triggered. All checks passed ${'y'.repeat(100_000)}`;
  const deployment = { deploy_number: 3, status } as Deployment;
  const outcome = { kind: 'timed_out', deployment, newer: null, lastLook: null } as const;
  const conclusion = await conclude(
    { ...newAttempt(null), deployment, origin: 'triggered', outcome },
    { timeoutMs: 60_000, match: { commit: null, imageTag: null } } as DeployPlan,
  );
  const shown = `x Nothing was triggered. All checks passed ${'y'.repeat(56)}…`;
  expect(conclusion).toMatchObject({ kind: 'timed_out', title: 'Timed out' });
  expect(conclusion.kind === 'timed_out' && conclusion.lines.map(String)).toEqual([
    `Deployment #3 was still "${shown}" when the 1 min timeout expired.`,
    `"${shown}" is a status unknown to this action: look at the deployment in Nodion's dashboard.`,
  ]);
});

test.each(['ab3!', 'x7-Q_z', 'k9'])('A long key that is %j again and again is hidden', (unit) => {
  const key = unit.repeat(80).slice(0, 201);
  registerSecret(key);
  const forms = [key, `${unit.slice(1)}${key}`, `${key}${key.slice(0, 50)}`, hex(key)];
  for (const text of forms) expect(singleLine(`· ${text} ·`)).toMatch(/^· (?:\*\*\*)+ ·$/);
});

test('A key that stands where a commit should is hidden before it is cut', () => {
  const key = '4f0c9a7be21d4f0c9a7be21d8855aa3310fe77bc';
  registerSecret(key);
  expect(shortSha(key)).toBe('***');
  expect(shortSha(SHA)).toBe('d77ead8');
});

// The last tests, since the keys that they make up remain registered.
test('Whatever the key is, it is hidden', () => {
  const character = fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code));
  const anyKey = fc.string({ unit: character, minLength: 12, maxLength: 300 });
  fc.assert(
    fc.property(anyKey, fc.constantFrom(...Object.values(FORMS)), (key, form) => {
      registerSecret(key);
      expect(singleLine(`· ${form(key)} ·`, 1_000_000)).toMatch(/^· (?:\*\*\*)+ ·$/);
    }),
    { numRuns: 200, endOnFailure: true },
  );
});

test('A long key is hidden in pieces of which none is short', () => {
  const key = `${randomKey(9_900)}~`;
  registerSecret(key);
  expect(redactSecrets('~')).toBe('~');
  expect(redactSecrets(`a ${key} b`)).toMatch(/^a (?:\*\*\*)+ b$/);
});
