import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { realClock } from '../fakes/clock.ts';
import { GitRepository } from '../fakes/git-repository.ts';
import { setRecipeScene } from '../fakes/recipe-scene.ts';
import { onStage } from '../fakes/stage.ts';
import { shownWorkflows } from './readme.ts';

/**
 * `npm run engines`, outside CI: runs each recipe of the pages on act, another engine for workflows, in host mode
 * and against the fakes, and says what became of it. Needs act on the PATH, or as the environment's ACT. Other
 * actions than this repository's are replaced by empty ones; the checkout is act's own.
 */

const { ACT = 'act' } = process.env;
const version = spawnSync(ACT, ['--version'], { encoding: 'utf8' }).stdout?.trim();
if (!version) {
  console.error('act is not installed: see https://nektosact.com, or name it in ACT.');
  process.exit(1);
}

interface Workflow {
  readonly on: string | Readonly<Record<string, unknown>>;
  readonly jobs: Readonly<
    Record<string, { readonly steps: { uses?: string; with?: Record<string, unknown> }[] }>
  >;
}

const EVENTS = ['push', 'release', 'workflow_dispatch', 'workflow_run', 'schedule', 'pull_request'];
const temp = mkdtempSync(join(tmpdir(), 'engines-'));
const ours = join(temp, 'nodion-deploy');
for (const path of ['action.yml', 'dist', 'list-applications', 'create-application']) {
  cpSync(path, join(ours, path), { recursive: true });
}

/** The action that stands for `uses`, with the outputs that a recipe reads. */
function standIn(uses: string): string {
  const folder = mkdtempSync(join(temp, 'action-'));
  const isMeta = uses.startsWith('docker/metadata-action');
  const outputs = isMeta && {
    outputs: { version: { value: '2.0.0' }, tags: { value: 'ghcr.io/acme/shop:2.0.0' } },
  };
  const runs = { using: 'composite', steps: [{ run: 'true', shell: 'bash' }] };
  writeFileSync(
    join(folder, 'action.yml'),
    stringify({ name: uses, description: uses, ...outputs, runs }),
  );
  return folder;
}

/** Runs one recipe; what became of it, in a word or two. */
async function play(recipe: string): Promise<string> {
  const { on } = parse(recipe) as Workflow;
  const names = typeof on === 'string' ? [on] : Object.keys(on);
  const event = EVENTS.find((name) => names.includes(name));
  if (!event) return `not run: it is for ${names.join(', ')}`;
  return await onStage(realClock, async (stage) => {
    const repository = new GitRepository();
    try {
      repository.commit({ 'README.md': 'before\n' });
      const before = repository.git('rev-parse', 'HEAD');
      repository.commit({ 'README.md': 'now\n' });
      repository.git('remote', 'add', 'origin', 'https://github.com/octo-org/octo-repo.git');
      const now = repository.git('rev-parse', 'HEAD');
      const scene = await setRecipeScene(stage, recipe, { now, before });
      const workflow = parse(scene.yaml) as Workflow;
      const replaced = new Map<string, string>();
      for (const { uses = '', with: inputs } of Object.values(workflow.jobs).flatMap(
        ({ steps }) => steps,
      )) {
        const [, owner] = /^(.*\/nodion-deploy)(?:\/.*)?@v1$/.exec(uses) ?? [];
        if (owner && inputs) inputs.api_url = stage.nodion.url;
        if (owner) replaced.set(`${owner}@v1`, ours);
        else if (uses && !uses.startsWith('actions/checkout')) replaced.set(uses, standIn(uses));
      }
      const files = mkdtempSync(join(temp, 'run-'));
      const eventFile = join(files, 'event.json');
      const { inputs } = scene;
      writeFileSync(eventFile, JSON.stringify({ ...scene.event, inputs, ref: 'refs/heads/main' }));
      writeFileSync(join(files, 'workflow.yml'), stringify(workflow));
      const pairs = (option: string, values: Readonly<Record<string, string>>) =>
        Object.entries(values).flatMap(([name, value]) => [option, `${name}=${value}`]);
      const child = spawn(
        ACT,
        [
          ...[event, '--workflows', join(files, 'workflow.yml'), '--eventpath', eventFile],
          ...['--platform', 'ubuntu-latest=-self-hosted', '--directory', repository.folder],
          ...pairs('--secret', { ...scene.secrets, GITHUB_TOKEN: 'ghs_token_of_the_job' }),
          ...pairs('--var', scene.vars),
          ...pairs('--input', event === 'workflow_dispatch' ? inputs : {}),
          ...pairs('--local-repository', Object.fromEntries(replaced)),
        ],
        { cwd: repository.folder, stdio: ['ignore', 'pipe', 'pipe'] },
      );
      let log = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (data) => {
          log += data;
        });
      }
      const exitCode = await new Promise((resolve) => child.on('close', resolve));
      if (exitCode === 0) return 'green';
      const errors = log.split('\n').filter((line) => /error|❌|failed/i.test(line));
      return `red (${exitCode}): ${errors.at(0)?.trim() ?? log.trim().split('\n').at(-1)}`;
    } finally {
      repository.remove();
    }
  });
}

console.log(`${version}, host mode, Node ${process.version}\n`);
for (const recipe of shownWorkflows()) {
  const [, name = ''] = /^name: (.*)$/m.exec(recipe) ?? [];
  const end = await play(recipe);
  console.log(`${name}: ${end}`);
  if (end.startsWith('red')) process.exitCode = 1;
}
rmSync(temp, { recursive: true });
