import { describe, expect, test } from '@jest/globals';
import { findText } from '../../src/deploy/checks/find-text.ts';

const IMAGE = 'ghcr.io/acme/shop:v2';
const MIB = 2 ** 20;

/** The body in chunks of `size` bytes, and how many were taken. */
function inChunks(body: string | Buffer, size = 65_536) {
  const bytes = Buffer.from(body);
  const counted = { taken: 0 };
  async function* chunks() {
    for (let start = 0; start < bytes.length; start += size) {
      counted.taken += 1;
      yield bytes.subarray(start, start + size);
    }
  }
  return { chunks: chunks(), counted };
}

const search = (body: string | Buffer, text: string, contentType = '', size?: number) =>
  findText(inChunks(body, size).chunks, text, contentType);
const has = async (...given: Parameters<typeof search>) => (await search(...given)) === 'found';

const utf16 = (text: string, isBig = false) => {
  const bytes = Buffer.from(text, 'utf16le');
  return isBig ? bytes.swap16() : bytes;
};

describe('A text is found', () => {
  test.each<[string, string | Buffer, text: string, contentType?: string]>([
    ['in plain text', `version ${IMAGE}\n`, IMAGE],
    ['in a slash that PHP escapes', '{"image": "ghcr.io\\/acme\\/shop:v2"}', IMAGE],
    ['in a letter that Flask escapes', '{"name": "caf\\u00e9"}', 'café'],
    ['in an ampersand that Go escapes', '["a\\u0026b"]', 'a&b'],
    ['in an emoji in two escapes', '["\\ud83d\\ude80 v2"]', '🚀 v2'],
    ['in quotes and line breaks', '{"log": ["say \\"v2\\"\\nnow"]}', 'say "v2"\nnow'],
    ['in raw JSON, names too', '{"status":"ok"}', '"status":"ok"'],
    ['in a string of JSON that says so', '"a\\/b"', 'a/b', 'application/json'],
    ['in JSON by another type', '"a\\/b"', 'a/b', 'Application/Problem+JSON; charset=utf-8'],
    ['in lines of JSON that say so', '{"a":1}\n{"b":"a\\/b"}', 'a/b', 'application/json'],
    ['in JSON after a byte order mark', '\ufeff {"b":"a\\/b"}', 'a/b'],
    ['in latin-1', Buffer.from('café', 'latin1'), 'café', 'text/plain; charset=ISO-8859-1'],
    ['in latin-1, quoted', Buffer.from('café', 'latin1'), 'café', 'text/plain;Charset="latin1"'],
    ['in UTF-16 with a mark', utf16('\ufeffcafé v2'), 'café v2', 'text/plain'],
    ['in UTF-16 the other way', utf16('\ufeffcafé v2', true), 'é v2', 'text/plain; charset=utf-16'],
    ['in UTF-16 that says so', utf16('café v2', true), 'café v2', 'text/plain; charset=utf-16be'],
    ['in JSON in UTF-16', utf16('\ufeff["a\\/b"]'), 'a/b'],
    ['in a charset that nobody knows', 'café', 'café', 'text/plain; charset=x-none'],
    ['in one character', 'v', 'v'],
    ['at the end of 1 MiB', `${'x'.repeat(MIB - 2)}v2`, 'v2'],
    ['in JSON that is larger', `["a\\/b","${'x'.repeat(MIB)}"]`, 'a/b', 'application/json'],
  ])('%s', async (_, body, text, contentType = '') => {
    expect(await has(body, text, contentType)).toBe(true);
    if (body.length < 1_000) expect(await has(body, text, contentType, 3)).toBe(true);
  });

  test('as soon as it has come', async () => {
    const { chunks, counted } = inChunks(`v2${'x'.repeat(MIB)}`, 1_000);
    expect(await findText(chunks, 'v2', '')).toBe('found');
    expect(counted.taken).toBe(1);
  });
});

describe('A text is not found', () => {
  test.each<[string, string | Buffer, text: string, contentType?: string]>([
    ['in an empty body', '', 'v2'],
    ['in another version', '{"image": "ghcr.io\\/acme\\/shop:v1"}', IMAGE],
    ['in a name', '{"ghcr.io\\/acme\\/shop:v2" : "gone"}', IMAGE],
    ['across two strings', '["a\\/b","c"]', 'a/b","c'],
    ['in escapes of what is no JSON', '{x: "a\\/b"}', 'a/b'],
    ['in escapes of plain text', 'image: a\\/b', 'a/b', 'text/plain'],
    ['in an escaped backslash', '["a\\\\/b"]', 'a\\/b/'],
    ['in bytes that are read as another charset', Buffer.from('café', 'latin1'), 'café'],
    ['after 1 MiB', `${'x'.repeat(MIB - 1)}v2`, 'v2'],
    ['in a string that is cut off', '{"a":"\\"\\"b\\', 'c', 'application/json'],
  ])('%s', async (_, body, text, contentType = '') => {
    expect(await has(body, text, contentType)).toBe(false);
  });

  test('where the body goes on after 1 MiB, which is said', async () => {
    expect(await search('x'.repeat(MIB - 1), 'v2')).toBe('missing');
    expect(await search(`${'x'.repeat(MIB)}v2`, 'v2')).toBe('beyond');
  });

  test('and hostile JSON takes no long time', async () => {
    const startedAt = performance.now();
    for (const body of [`["${'\\"'.repeat(MIB)}`, '"\\n",'.repeat(200_000), '['.repeat(MIB)]) {
      expect(await has(body, 'v2', 'application/json')).toBe(false);
    }
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});
