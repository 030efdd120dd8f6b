import { expect, test } from '@jest/globals';
import { findApplications } from '../../src/applications/find-applications.ts';
import { StepFailure } from '../../src/runner/step-failure.ts';
import { target } from './values.ts';

const ID = '0ce705eb-fb11-485a-b380-82cdb8b97036';
const COMPOSED = 'caf\u00e9';
const DECOMPOSED = 'cafe\u0301';

const applications = (names: readonly string[]) =>
  names.flatMap((name, index) => {
    const { application } = target(name);
    return application ? [{ ...application, id: `id-${index}` }] : [];
  });

/** The IDs of those found, which are their positions, or what is said of those that are not. */
function found(names: readonly string[], wanted: readonly string[]): string[] {
  try {
    return findApplications(applications(names), wanted).map(({ id }) => id);
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    return error.lines.map(String);
  }
}

test('A name is the same in another normal form, unless one has it by the letter', () => {
  expect(found([COMPOSED, 'web'], [DECOMPOSED])).toEqual(['id-0']);
  expect(found([COMPOSED, DECOMPOSED], [DECOMPOSED])).toEqual(['id-1']);
  const twice = ['`application_name` lists "cafe\u0301" twice.'];
  expect(found([COMPOSED], [`${DECOMPOSED},${DECOMPOSED}`])).toEqual(twice);
  expect(found([COMPOSED], [COMPOSED, DECOMPOSED])).toEqual(twice);
  expect(found([COMPOSED, DECOMPOSED], [COMPOSED, DECOMPOSED])).toEqual(['id-0', 'id-1']);
});

test.each([
  ['shopp', ['mailer', 'shop-staging', 'shop'], '"shop", "shop-staging", "mailer"'],
  ['staging', ['mailer', 'stalin', 'shop-staging'], '"shop-staging", "stalin", "mailer"'],
  ['web-shop', ['mailer', 'wet-shot', 'web'], '"web", "wet-shot", "mailer"'],
])('Nearest to %s are those that contain it, or a part of it', (name, names, nearest) => {
  expect(found(names, [name])).toEqual([
    `No application is called "${name}"; the nearest names are ${nearest}.`,
  ]);
});

test('An ID in the place of a name is told as that', () => {
  expect(found(['shop'], [ID])).toEqual([
    `No application is called "${ID}"; that is an ID: use \`application_id\`.`,
  ]);
});
