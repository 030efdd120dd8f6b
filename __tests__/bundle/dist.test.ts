import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ACTIONS } from '../../scripts/readme.ts';

const BUNDLES = ACTIONS.map((action) => join('dist', action));

describe.each(BUNDLES)('What every run of %s loads', (folder) => {
  const code = readFileSync(join(folder, 'index.js'), 'utf8');

  test('is small, without undici, the GitHub client or the proxy', () => {
    expect(code.length).toBeLessThan(100_000);
    for (const absent of ['ProxyAgent', 'createDeploymentStatus', 'sourceMappingURL']) {
      expect(code).not.toContain(absent);
    }
  });

  test('leaves those to chunks that are there', () => {
    const chunks = readdirSync(folder).filter((file) => /^\d+\.index\.js$/.test(file));
    const contents = chunks.map((file) => readFileSync(join(folder, file), 'utf8')).join('');
    expect(contents).toContain('ProxyAgent');
    expect(contents.includes('createDeploymentStatus')).toBe(folder === join('dist', '.'));
  });
});

test('The licences of all that is bundled are in dist, chunks included', () => {
  const licences = readFileSync('dist/licenses.txt', 'utf8').split('\n');
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const name of Object.keys(dependencies)) expect(licences).toContain(name);
});
