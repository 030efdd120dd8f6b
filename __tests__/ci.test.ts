import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { GitRepository } from '../fakes/git-repository.ts';

interface Step {
  readonly id?: string;
  readonly run?: string;
}

const read = (file: string) => readFileSync(file, 'utf8');

/** The commands of a script, without its comments. */
const commandsIn = (script: string) =>
  script
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#'));

/** What a job of a workflow runs, all of it as the runner would by itself. */
function commandsOf(workflow: string, job: string): string[] {
  const steps: Step[] = parse(read(`.github/workflows/${workflow}.yml`)).jobs[job].steps;
  const attested = steps.findIndex(({ id }) => id === 'attest');
  // What is attested is handed on, after all that is compared here.
  const others = steps
    .slice(0, attested < 0 ? undefined : attested)
    .flatMap(Object.keys)
    .filter((key) => !/^(?:name|uses|with|run)$/.test(key));
  expect(others).toEqual([]);
  return steps.flatMap(({ run = '' }) => commandsIn(run));
}

const tests = commandsOf('ci', 'test');
const suites = ['npm test', 'npm run test:load'];
const [install, ...dist] = commandsOf('ci', 'dist');

test('.ci/run passes only where CI does: it runs its commands, and none in between', () => {
  expect(tests).toEqual([install, ...suites]);
  const commands = commandsIn(read('.ci/run'));
  expect(commands[0]).toBe('set -euo pipefail');
  expect(commands.slice(commands.indexOf('}') + 1)).toEqual([
    ...tests,
    `use_node ${read('.node-version').trim()}`,
    ...commandsOf('ci', 'commits'),
    ...suites,
    ...dist,
    'use_node 24.19.0',
    'npm run jest -- sockets smoke wire',
  ]);
});

test('No install runs a script, of ours or of a dependency', () => {
  expect(install).toBe('npm ci --ignore-scripts');
  const { scripts } = JSON.parse(read('package.json'));
  expect(Object.keys(scripts).filter((name) => /^(?:pre|post)|install|prepare/.test(name))).toEqual(
    [],
  );
});

test('A release is tested and built as CI does it', () => {
  expect(commandsOf('release', 'test').slice(1)).toEqual(tests);
  const proof = ['npm run bundle', 'npm run jest -- smoke'];
  const built = dist.filter((command) => !proof.includes(command));
  const commands = [install, ...built];
  expect(commandsOf('release', 'build').slice(0, commands.length)).toEqual(commands);
});

// It runs on Linux.
const describeRun = process.platform === 'linux' ? describe : describe.skip;

describeRun('.ci/run', () => {
  /** Its exit code, where `script` stands for npm and node. */
  function run(script: string): number | null {
    const repository = new GitRepository();
    try {
      repository.commit({ 'dist/index.js': '// built\n', '.ci/run': read('.ci/run') });
      const bin = repository.newFolder();
      for (const name of ['npm', 'node']) {
        writeFileSync(join(bin, name), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
      }
      const PATH = [bin, process.env.PATH].join(delimiter);
      const options = { cwd: repository.folder, env: { ...process.env, PATH } };
      return spawnSync('bash', ['.ci/run'], options).status;
    } finally {
      repository.remove();
    }
  }
  const when = (call: string, script: string) => `[ "$*" != '${call}' ] || ${script}`;

  test('passes where every command does', () => {
    expect(run('')).toBe(0);
  });

  test.each([
    'ci --ignore-scripts',
    'test',
    'run test:load',
    'scripts/check-commits.ts',
    'run bundle',
    'run jest -- smoke',
    'run build',
    'run jest -- sockets smoke wire',
  ])('fails where %s does', (call) => {
    expect(run(when(call, 'exit 1'))).toBe(1);
  });

  test.each(['index', '1.index'])('fails where the build changes dist/%s.js', (name) => {
    expect(run(when('run build', `echo >> dist/${name}.js`))).toBe(1);
  });
});
