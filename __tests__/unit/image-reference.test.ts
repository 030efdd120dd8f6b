import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { isSameImage, parseReference } from '../../src/registry/image-reference.ts';
import { imageTagOf } from '../../src/registry/reference-grammar.ts';

/** What github.com/distribution/reference makes of each, or its error. */
const REFERENCES: {
  reference: string;
  host: string;
  path: string;
  tag: string | null;
  digest: string | null;
  error?: string;
}[] = readFileSync('__tests__/unit/references.jsonl', 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

describe('A reference is read as the reference implementation reads it', () => {
  test.each(REFERENCES.map((line) => [line.reference, line] as const))('%j', (reference, line) => {
    const { host, path, tag, digest, error } = line;
    const parsed = parseReference(reference);
    expect(parsed).toEqual(error ? null : { host, path, tag, digest });
    if (parsed) expect(imageTagOf(reference)).toBe(tag ?? (digest ? null : 'latest'));
  });

  test('with a SHA-512 digest, and never as an ID of 64 hex digits', () => {
    expect(REFERENCES).toHaveLength(80);
    const digest = `sha512:${'0a'.repeat(64)}`;
    expect(parseReference(`app@${digest}`)?.digest).toBe(digest);
    expect(parseReference('0a'.repeat(32))).toBeNull();
    expect(parseReference(`sha256:${'0a'.repeat(32)}`)).not.toBeNull();
  });

  test('in no time, however long and odd it is', () => {
    const startedAt = performance.now();
    for (const unit of ['a-', 'a.', 'a__', 'A', 'a/', '-', '1:']) {
      parseReference(`${unit.repeat(5_000 / unit.length)}!`);
      parseReference(`a.b/${unit.repeat(5_000 / unit.length)}!`);
    }
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});

test.each([
  ['nginx', 'latest'],
  ['nginx:1.25', '1.25'],
  ['registry:5000/nginx', 'latest'],
  [`nginx@sha256:${'0a'.repeat(32)}`, null],
  [`nginx:1@sha256:${'0a'.repeat(32)}`, '1'],
  ['nginx:', null],
  ['', null],
])('The tag of %j is %j', (reference, tag) => {
  expect(imageTagOf(reference)).toBe(tag);
});

test('The same image has many names', () => {
  expect(isSameImage('nginx', 'index.docker.io/library/nginx:1')).toBe(true);
  expect(isSameImage('nginx:1', 'ghcr.io/library/nginx:1')).toBe(false);
  expect(isSameImage('ghcr.io/Acme/shop', 'ghcr.io/Acme/shop')).toBe(false);
});
