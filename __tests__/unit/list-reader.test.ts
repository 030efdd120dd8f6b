import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseJson } from '../../src/http/parse-json.ts';
import { toBranch, toRepository } from '../../src/nodion/catalogue-items.ts';
import { toInstance } from '../../src/nodion/instances.ts';
import { createListReader } from '../../src/nodion/list-reader.ts';
import type { ListName } from '../../src/nodion/list-shapes.ts';
import { toLogLine } from '../../src/nodion/log-lines.ts';
import { field, list } from '../../src/nodion/read-fields.ts';
import { pruneDeployments, toDeployments, toDomain } from '../../src/nodion/responses.ts';
import { registerSecret } from '../../src/runner/redact-secrets.ts';
import { codePoint } from './code-point.ts';

const MIB = 2 ** 20;

/** What the reader gives for a body that comes in pieces of these sizes, again and again. */
function read(
  body: string | Buffer,
  sizes: readonly number[] = [65_536],
  name: ListName = 'deployments',
  wanted: string | null = null,
): string {
  const reader = createListReader(name, wanted);
  const bytes = Buffer.from(body);
  for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
    const end = start + (sizes[turn % sizes.length] ?? 1);
    reader.add(bytes.subarray(start, end));
    start = end;
  }
  return reader.end();
}

function outcome(work: () => unknown): unknown {
  try {
    return { result: work() };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

const GUARDS: Record<ListName, (value: unknown, only: string | null) => unknown> = {
  deployments: (value, only) => toDeployments(pruneDeployments(value, only), only),
  instances: (value) => list(value, toInstance),
  domains: (value) => list(value, toDomain),
  logs: (value) => list(value, toLogLine),
  repositories: (value) => list(value, toRepository),
  branches: (value) => list(value, toBranch),
};
const NAMES = Object.keys(GUARDS) as ListName[];

/** What the step knows of a list, or why it does not. */
const known = (name: ListName, text: string, only: string | null) =>
  outcome(() => GUARDS[name](field(parseJson(text), name), only));

const text = fc.oneof(
  { weight: 9, arbitrary: fc.string({ unit: codePoint, maxLength: 20 }) },
  fc
    .tuple(fc.string({ unit: codePoint, maxLength: 3 }), fc.integer({ min: 0, max: 2_000 }))
    .map(([unit, count]) => unit.repeat(count).slice(0, 2_500)),
);
const value = fc.oneof(
  text,
  fc.integer(),
  fc.constantFrom(null, true, 1.5, {}, [], 'x'),
  fc.jsonValue(),
);
const id = fc.constantFrom('a', 'b', '', 7);
const FIELDS =
  'status git_sha commit_message image_reference created_at name domain_name domain_type ts msg deployment full_name';
const item = fc.oneof(
  value,
  fc.record(
    {
      id,
      deploy_number: fc.oneof(fc.integer({ min: 1, max: 9 }), value),
      ...Object.fromEntries(FIELDS.split(' ').map((name) => [name, value])),
      deployment: fc.oneof(fc.record({ id, deploy_number: value }), value),
      other: value,
    },
    { requiredKeys: [] },
  ),
);
const member = fc.tuple(
  fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...NAMES) }, text),
  fc.oneof({ weight: 3, arbitrary: fc.array(item, { maxLength: 9 }) }, value),
);
/** Names may come twice, and be written with escapes. */
const body = fc
  .tuple(fc.array(member, { maxLength: 4 }), fc.constantFrom('', ' ', '\n\t'), fc.boolean())
  .map(([members, space, isEscaped]) => {
    const written = members.map(([name, content]) => {
      const key = JSON.stringify(name);
      const shown = isEscaped
        ? key.replace(/^"([a-z])/, (_, a) => `"\\u00${a.charCodeAt(0).toString(16)}`)
        : key;
      return `${shown}${space}:${space}${JSON.stringify(content, null, space)}`;
    });
    return `${space}{${written.join(`${space},`)}}${space}`;
  });
const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 });
const bytes = fc.oneof(
  body.map((shown) => Buffer.from(shown)),
  body.map((shown) => Buffer.from(`\uFEFF${shown}`)),
  fc.json().map((shown) => Buffer.from(shown)),
  // A byte that is another one, one too many, or the end too early.
  fc
    .tuple(
      body,
      fc.nat(),
      fc.oneof(fc.constantFrom(...Buffer.from('"\\{}[],:0 u')), fc.nat(255)),
      fc.nat(2),
    )
    .map(([shown, at, byte, kind]) => {
      const whole = Buffer.from(shown);
      const place = at % whole.length;
      const added = kind === 2 ? [] : [byte];
      const rest = kind === 2 ? [] : whole.subarray(place + kind);
      return Buffer.from([...whole.subarray(0, place), ...added, ...rest]);
    }),
);

test('A list that is read as it arrives says what it says as a whole', () => {
  fc.assert(
    fc.property(bytes, sizes, fc.constantFrom(...NAMES), fc.constantFrom(null, 'a'), (...given) => {
      const [shown, pieces, name, only] = given;
      const whole = new TextDecoder().decode(shown);
      expect(known(name, read(shown, pieces, name), only)).toEqual(known(name, whole, only));
    }),
    { numRuns: 300, interruptAfterTimeLimit: 20_000 },
  );
});

const mostly = <T>(usual: fc.Arbitrary<T>, ...others: unknown[]) =>
  fc.oneof<fc.MaybeWeightedArbitrary<unknown>[]>(
    { weight: 150, arbitrary: usual },
    fc.constantFrom(...others),
  );
/** A deployment of some 400 bytes, mostly one that is plainly old beside 25 newer ones. */
const deployment = fc.record({
  id: mostly(fc.constant('x'), 'wanted'),
  deploy_number: mostly(fc.integer({ min: 1, max: 500 }), '501', 501.5, 1e21, -1, null, undefined),
  status: mostly(
    fc.constantFrom('failed', 'expired'),
    ...['available', 'waiting', 'paused', 7, undefined],
  ),
  commit_message: mostly(
    fc.constant('x'.repeat(300)),
    ...['deploy_number', '"deploy_number":1,', { deploy_number: 1 }],
  ),
});
const deployments = fc.array(mostly(deployment, null, 7, []), {
  minLength: 100,
  maxLength: 400,
  size: 'max',
});

test('What is passed over in a large list of deployments is what would not be kept', () => {
  fc.assert(
    fc.property(
      ...([
        deployments,
        fc.constantFrom(0, 1),
        fc.boolean(),
        fc.constantFrom(null, 'wanted'),
      ] as const),
      (listed, space, isSorted, wanted) => {
        const number = (one: unknown) => Number(Object(one).deploy_number);
        if (isSorted) listed.sort((a, b) => number(b) - number(a));
        const body = JSON.stringify({ deployments: listed }, null, space);
        const held = JSON.parse(read(body, [65_536], 'deployments', wanted)).deployments;
        expect(pruneDeployments(held, wanted)).toEqual(pruneDeployments(listed, wanted));
      },
    ),
    { numRuns: 60, interruptAfterTimeLimit: 20_000 },
  );
});

/** So many of `item` as 256 KiB have room for. */
const many = (item: string) =>
  Array(Math.floor(MIB / 4 / (item.length + 1)))
    .fill(item)
    .join();
const inList = (items: string) => `{"deployments":[${items}]}`;
const inItem = (members: string) => inList(`{"id":"x","deploy_number":1,${members}}`);
const NESTED = MIB / 4;
/** Names that no two objects share. */
const names = (count: number, first = 0) =>
  Array.from({ length: count }, (_, index) => `"n${first + index}":0`).join();

describe('Of a large list', () => {
  test.each([
    ['deployments', '{"id":"x","status":"failed","deploy_number":0}'],
    ['nulls', 'null'],
    ['numbers', '1'],
    ['empty objects', '{}'],
    ['empty lists', '[]'],
    ['objects with room for 35 more', '{"35":0.5}'],
    ['objects of their own names', `{${names(20)}}`],
    ['unknown fields', `{"x":${JSON.stringify(Array(30).fill({ y: [1] }))}}`],
  ])('%s 25 are held', (_, item) => {
    expect(JSON.parse(read(inList(many(item)))).deployments).toHaveLength(25);
  });

  test.each([
    ['lists in one another', inList(`${'['.repeat(NESTED)}${']'.repeat(NESTED)}`)],
    ['objects in one another', inList(`${'{"x":'.repeat(NESTED / 5)}0${'}'.repeat(NESTED / 5)}`)],
    ['an item of nulls', inItem(`"x":[${many('null')}]`)],
    ['an item of empty objects', inItem(`"x":[${many('{}')}]`)],
    ['an item of 48,000 names', inItem(names(48_000))],
    ['a number of 1 MB', inItem(`"x":${'1'.repeat(1e6)}`)],
  ])('%s are refused', (_, body) => {
    expect(() => read(body)).toThrow('an item of the answer is larger than 128 KiB');
  });

  test('items of more than 1,000 names together are refused', () => {
    const items = (count: number) =>
      Array.from({ length: 2 ** 13 }, (_, index) => `{${names(20, 20 * (index % count))}}`);
    expect(() => read(inList(items(60).join()))).toThrow('the answer has too many names');
    expect(() => read(inList(items(45).join()))).not.toThrow();
  });

  test.each([
    ['an object in its place', `{"deployments":{${names(20_000)}}}`],
    ['another list', `{"x":[${many('{}')}],"deployments":[]}`],
    ['a list of lists', `[${many('[]')}]`],
    ['the same name again and again', `{${Array(9_000).fill('"deployments":[]').join()}}`],
  ])('%s is refused', (_, body) => {
    expect(() => read(body)).toThrow('the answer is larger than 128 KiB beside its list');
  });

  test('more than 1,000 instances or 10,000 branches are refused, log lines are the last 2,500', () => {
    const item = '{"status":"online","msg":""}';
    expect(() => read(`{"instances":[${many(item)}]}`, [65_536], 'instances')).toThrow(
      'the answer has more than 1,000 items',
    );
    const branches = (count: number) =>
      JSON.stringify({ branches: Array(count).fill({ id: 'x', name: null }) });
    expect(read(branches(10_000), [65_536], 'branches')).toBe(branches(10_000));
    expect(() => read(branches(10_001), [65_536], 'branches')).toThrow(
      'the answer has more than 10,000 items',
    );
    const logs = Array.from({ length: 9_000 }, (_, index) => ({ ts: String(index), msg: null }));
    const held = JSON.parse(read(JSON.stringify({ logs }), [65_536], 'logs')).logs;
    expect(held).toEqual(logs.slice(6_500));
  });
});

test('Of many deployments of the wanted ID the newest is held beside 25 newer ones', () => {
  const newer = many('{"id":"x","status":"failed","deploy_number":9}');
  const same = many('{"id":"wanted","status":"failed","deploy_number":1}');
  for (const items of [`${newer},${same}`, `${same},${newer}`]) {
    const held = JSON.parse(read(inList(items), [65_536], 'deployments', 'wanted')).deployments;
    expect(held).toHaveLength(26);
    expect(held[25]).toMatchObject({ id: 'wanted' });
  }
});

test('Of 3,000 deployments the newest 25 are held, odd ones, the one that is live, and the one that is wanted', () => {
  const numbers = Array.from({ length: 3_000 }, (_, index) => (index * 1_013) % 3_000);
  const deployments = [
    ...numbers.map((deploy_number) => ({
      id: `x${deploy_number}`,
      status: deploy_number < 1_500 ? 'available' : 'failed',
      deploy_number,
    })),
    { id: 'odd' },
  ];
  const body = JSON.stringify({ deployments });
  const held = JSON.parse(read(body, [65_536], 'deployments', 'x7')).deployments;
  expect(held.map(({ deploy_number }: { deploy_number: number | null }) => deploy_number)).toEqual([
    null,
    ...Array.from({ length: 24 }, (_, index) => 2_999 - index),
    1_499,
    7,
  ]);
});

describe('Beside 25 newer deployments, from #100 on', () => {
  const newer = Array.from({ length: 25 }, (_, index) => ({
    ...{ id: 'newer', status: 'failed', deploy_number: 124 - index },
    commit_message: 'x'.repeat(400),
  }));
  const old = { id: 'old', status: 'failed', deploy_number: 99 };
  const read26 = (...others: object[]) => {
    const filler = Array(20).fill({ ...old, commit_message: 'x'.repeat(400) });
    const deployments = [...newer, ...filler, ...others, ...filler];
    return JSON.parse(read(JSON.stringify({ deployments }))).deployments;
  };

  test('#99 is not held, #101 is', () => {
    expect(read26(old)).toEqual(newer.map((one) => expect.objectContaining(one)));
    const odd = { ...old, deploy_number: 101 };
    expect(read26(odd)).toContainEqual(expect.objectContaining(odd));
  });

  test('one without a number is, also where another has one in it', () => {
    const { deploy_number: _, ...odd } = { ...old, id: 'odd' };
    expect(read26(odd)).toContainEqual(expect.objectContaining(odd));
    const held = read26({ ...old, other: { deploy_number: 1 } }, odd);
    expect(held).toContainEqual(expect.objectContaining(odd));
  });
});

test.each([
  'x'.repeat(MIB / 4),
  '🚀'.repeat(MIB / 16),
  '\n'.repeat(MIB / 8),
  '\u0001\u00fc'.repeat(MIB / 16),
])('Of a text of some 256 KiB 500 characters are held', (message) => {
  const whole = inItem(`"commit_message":${JSON.stringify(message)}`);
  expect(JSON.parse(read(whole)).deployments).toMatchObject([
    { id: 'x', deploy_number: 1, commit_message: message.slice(0, 500) },
  ]);
  const broken = whole.replace('"}]}', '\\x"}]}');
  expect(() => parseJson(read(broken))).toThrow('not JSON');
});

test.each([20, 64, 300])(
  'Of secrets of %i characters no part is held where a text is cut',
  (length) => {
    const hashes = Array.from({ length: 5 }, (_, index) =>
      createHash('sha512').update(`${length} ${index}`).digest('base64'),
    );
    const key = hashes.join('').slice(0, length);
    registerSecret(key);
    const body = inItem(`"commit_message":${JSON.stringify(key.repeat(500))}`);
    const { commit_message: held } = JSON.parse(read(body)).deployments[0];
    expect(held).toMatch(/^\**$/);
  },
);

test('HTML of many MiB is given with its beginning, and is no JSON', () => {
  const text = read(`<!DOCTYPE html>${'<p class="x">[{'.repeat(100_000)}`);
  expect(text).toMatch(/^<!DOCTYPE html>.*…$/s);
  expect(text.length).toBeLessThan(200_000);
});
