import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readActionMetadata } from '../fakes/runner.ts';

const read = (file: string) => readFileSync(file, 'utf8');

test('The Node.js of developers is that of the action', () => {
  const developers = read('.node-version').trim();
  expect(readActionMetadata('.').runs.using).toBe(`node${developers}`);
  for (const page of ['README.md', 'CONTRIBUTING.md']) {
    expect(read(page)).toContain(`git and Node.js ${developers}`);
  }
});

test('The oldest that will do are the same everywhere, and CI tests with the first', () => {
  const { engines } = JSON.parse(read('package.json'));
  const [oldest, next] = [...engines.node.matchAll(/\d+\.\d+/g)].map(String);
  expect(engines.node).toBe(`^${oldest}.0 || >=${next}.0`);
  for (const page of ['README.md', 'CONTRIBUTING.md']) {
    expect(read(page)).toContain(`${oldest} and ${next} or newer will do`);
  }
  expect(read('dist/index.js')).toContain(`needs Node.js ${oldest} or newer`);
  const { matrix } = parse(read('.github/workflows/ci.yml')).jobs.test.strategy;
  expect(matrix.include).toEqual([{ os: 'ubuntu-latest', node: oldest }]);
});
