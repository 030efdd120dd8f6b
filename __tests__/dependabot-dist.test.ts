import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { GitRepository } from '../fakes/git-repository.ts';
import { runShellSteps } from '../fakes/shell-steps.ts';
import { findBadMessages } from '../scripts/commits.ts';

const WORKFLOW = '.github/workflows/dependabot-dist.yml';
const BRANCH = 'dependabot/npm_and_yarn/undici-7';

let repository: GitRepository;
beforeEach(() => {
  repository = new GitRepository();
  repository.commit({ 'package.json': '{}', 'dist/index.js': '// old\n', 'dist/1.index.js': '\n' });
  repository.git('branch', BRANCH);
});
afterEach(() => repository.remove());

// The jobs run on Linux.
const describeJob = process.platform === 'linux' ? describe : describe.skip;

describeJob('The job that builds', () => {
  const build = (author: string) =>
    runShellSteps({
      workflow: WORKFLOW,
      job: 'build',
      folder: repository.clone(BRANCH),
      temp: repository.newFolder(),
      env: { GITHUB_REPOSITORY: 'ada/nodion-deploy' },
      values: { 'inputs.branch': BRANCH },
      commands: { gh: `echo '${author}'`, npm: '' },
    });
  const LOOK_UP = `gh api --method GET repos/ada/nodion-deploy/pulls -f state=open -f head=ada:${BRANCH} --jq .[].user.login`;

  test("builds the branch of Dependabot's pull request, without install scripts", () => {
    const { exitCode, calls } = build('dependabot[bot]');
    expect(exitCode).toBe(0);
    expect(calls).toEqual([LOOK_UP, 'npm ci --ignore-scripts', 'npm run build']);
  });

  test.each(['', 'mallory', 'mallory\ndependabot[bot]'])('builds no branch of "%s"', (author) => {
    const { exitCode, calls } = build(author);
    expect(exitCode).toBe(1);
    expect(calls).toEqual([LOOK_UP]);
  });
});

describeJob('The job that commits', () => {
  /** Runs it on an artifact; `meanwhile` is what happens to the branch since the build. */
  function commit(fill: (artifact: string) => void, meanwhile = () => {}) {
    const temp = repository.newFolder();
    const artifact = join(temp, 'dist');
    mkdirSync(artifact);
    fill(artifact);
    const folder = repository.clone(BRANCH);
    meanwhile();
    return runShellSteps({
      workflow: WORKFLOW,
      job: 'commit',
      folder,
      temp,
      values: { 'inputs.branch': BRANCH },
      commands: { gh: '' },
    });
  }
  const changes = () => repository.git('diff', '--name-status', 'main', BRANCH).split('\n');

  test('puts what was built in place of dist/, and pushes it', () => {
    const { exitCode } = commit((artifact) => {
      writeFileSync(join(artifact, 'index.js'), '// new\n');
      writeFileSync(join(artifact, 'package.json'), '{}\n');
    });
    expect(exitCode).toBe(0);
    expect(changes()).toEqual(['D\tdist/1.index.js', 'M\tdist/index.js', 'A\tdist/package.json']);
    expect(repository.git('show', `${BRANCH}:dist/index.js`)).toBe('// new');
    expect(repository.git('show', '--no-patch', '--format=%s', BRANCH)).toBe('Rebuild dist');
    expect(findBadMessages(repository.clone(BRANCH)).join()).not.toContain('Rebuild dist');
  });

  test("accepts all of this repository's dist/", () => {
    const { exitCode } = commit((artifact) => cpSync('dist', artifact, { recursive: true }));
    expect(exitCode).toBe(0);
    expect(repository.git('ls-tree', '-r', '--name-only', `${BRANCH}:dist`).split('\n')).toEqual(
      readdirSync('dist', { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice('dist/'.length))
        .sort(),
    );
  });

  test('pushes nothing where nothing has changed', () => {
    const { exitCode, log } = commit((artifact) => {
      writeFileSync(join(artifact, 'index.js'), '// old\n');
      writeFileSync(join(artifact, '1.index.js'), '\n');
    });
    expect([exitCode, log]).toEqual([0, '']);
  });

  const put = (path: string) => (artifact: string) => {
    mkdirSync(dirname(join(artifact, path)), { recursive: true });
    writeFileSync(join(artifact, path), '');
  };
  test.each<[string, (artifact: string) => void]>([
    ['a symbolic link', (artifact) => symlinkSync('/etc/passwd', join(artifact, 'index.js'))],
    ['a linked folder', (artifact) => symlinkSync('/etc', join(artifact, 'more'))],
    ['a repository', put('.git/index.js')],
    ['a hidden file', put('.index.js')],
    ['another kind of file', put('index.sh')],
    ['a name of two lines', put('a\nb.js')],
    ['a folder in a folder', put('a/b/index.js')],
  ])('refuses %s', (_, fill) => {
    const { exitCode, log } = commit(fill);
    expect(exitCode).toBe(1);
    expect(log).toBe('::error::The artifact holds something else than a build of dist/.\n');
    expect(changes()).toEqual(['']);
  });

  test('does not push over a branch that has moved since the build', () => {
    const { exitCode, log } = commit(
      (artifact) => writeFileSync(join(artifact, 'index.js'), '// new\n'),
      () => {
        repository.git('switch', '--quiet', BRANCH);
        repository.commit({ 'package.json': '{"name":"moved"}' });
        repository.git('switch', '--quiet', 'main');
      },
    );
    expect(exitCode).toBe(1);
    expect(log).toContain(`HEAD -> ${BRANCH} (fetch first)`);
    expect(repository.git('show', `${BRANCH}:dist/index.js`)).toBe('// old');
  });
});
