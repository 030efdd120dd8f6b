import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { GitRepository } from '../fakes/git-repository.ts';
import { runShellSteps } from '../fakes/shell-steps.ts';
import { planRelease } from '../scripts/plan-release.ts';

const SCRIPTS = ['scripts/check-release.ts', 'scripts/plan-release.ts', 'package.json'];

let repository: GitRepository;
beforeEach(() => {
  repository = new GitRepository();
  repository.commit(Object.fromEntries(SCRIPTS.map((file) => [file, readFileSync(file, 'utf8')])));
});
afterEach(() => repository.remove());

/** Commits a version, with a section in the changelog for each of `noted`, and tags it. */
function tagVersion(version: string, noted = [version], tag = `v${version}`): void {
  const sections = noted.map((other) => `## ${other}\n\n- What is new in ${other}.\n\n`);
  repository.commit({
    'package.json': JSON.stringify({ type: 'module', version }),
    'CHANGELOG.md': `# Changelog\n\n## Unreleased\n\n${sections.join('')}`,
  });
  repository.git('tag', tag);
}

const moveTag = (tag: string, to: string) => repository.git('tag', '--force', tag, to);
const plan = (tag: string) => planRelease(repository.clone(tag), tag);

describe('A release', () => {
  test('of a tag on main has its notes, and v1 moves to it', () => {
    tagVersion('1.0.0');
    moveTag('v1', 'v1.0.0');
    tagVersion('1.0.1', ['1.0.1', '1.0.0']);
    expect(plan('v1.0.1')).toEqual({
      notes: '- What is new in 1.0.1.',
      majorTag: 'v1',
      isLatest: true,
    });
  });

  test('that is the first of its major makes its tag', () => {
    tagVersion('1.0.0');
    expect(plan('v1.0.0')).toMatchObject({ majorTag: 'v1', isLatest: true });
    moveTag('v1', 'v1.0.0');
    tagVersion('2.0.0');
    expect(plan('v2.0.0')).toMatchObject({ majorTag: 'v2', isLatest: true });
  });

  test('of an older patch leaves v1 where it is, and is not the latest', () => {
    tagVersion('1.9.1');
    tagVersion('1.10.0');
    moveTag('v1', 'v1.10.0');
    expect(plan('v1.9.1')).toMatchObject({ majorTag: null, isLatest: false });
  });

  test('of an older major moves the tag of that major, and is not the latest', () => {
    tagVersion('1.0.0');
    moveTag('v1', 'v1.0.0');
    tagVersion('2.0.0');
    moveTag('v2', 'v2.0.0');
    tagVersion('1.0.1');
    expect(plan('v1.0.1')).toMatchObject({ majorTag: 'v1', isLatest: false });
  });

  test('is not held back by a newer tag that was not released', () => {
    tagVersion('1.0.0');
    tagVersion('1.1.0');
    expect(plan('v1.0.0')).toMatchObject({ majorTag: 'v1', isLatest: true });
  });

  test('that is run again is planned as before', () => {
    tagVersion('1.0.0');
    const first = plan('v1.0.0');
    moveTag('v1', 'v1.0.0');
    expect(plan('v1.0.0')).toEqual(first);
  });

  test('has the notes of its version, not of one that begins alike', () => {
    const noted = ['1.0.10', '1.0.1', '1.0.1-beta'];
    tagVersion('1.0.1', noted);
    tagVersion('1.0.10', noted);
    expect(plan('v1.0.1').notes).toBe('- What is new in 1.0.1.');
    expect(plan('v1.0.10').notes).toBe('- What is new in 1.0.10.');
  });
});

describe('A release is refused', () => {
  const NO_NOTES = 'CHANGELOG.md has nothing under the heading "## 1.0.1"';
  const refusal = (...problems: string[]) => `v1.0.1 can't be released:
${problems.join('\n')}
Delete the tag (git push --delete origin v1.0.1), mend this on main, and tag the commit there.`;

  test('off main', () => {
    repository.git('switch', '--quiet', '--create', 'aside');
    tagVersion('1.0.1');
    expect(() => plan('v1.0.1')).toThrow(new Error(refusal('its commit is not on main')));
  });

  test.each(['1.0.0', '1.0.10', '1.0.1-beta', '11.0.1'])(
    'where package.json says %s',
    (version) => {
      tagVersion(version, ['1.0.1', version], 'v1.0.1');
      expect(() => plan('v1.0.1')).toThrow(
        new Error(refusal(`package.json's version is ${version}, not 1.0.1`)),
      );
    },
  );

  test('without notes, also where a version that begins alike has some', () => {
    tagVersion('1.0.1', ['1.0.10', '11.0.1', '1.0.1-beta']);
    expect(() => plan('v1.0.1')).toThrow(new Error(refusal(NO_NOTES)));
  });

  test('with what is new under a heading of no version', () => {
    tagVersion('1.0.1');
    repository.commit({
      'CHANGELOG.md': '# Changelog\n\n## Unreleased\n\n- More.\n\n## 1.0.1\n\n- New.\n',
    });
    moveTag('v1.0.1', 'HEAD');
    const problem =
      'CHANGELOG.md says more under "## Unreleased": move it to "## 1.0.1", or it is in no notes';
    expect(() => plan('v1.0.1')).toThrow(new Error(refusal(problem)));
  });

  test('with a section that is empty', () => {
    tagVersion('1.0.1', []);
    repository.commit({ 'CHANGELOG.md': '# Changelog\n\n## 1.0.1\n\n## 1.0.0\n\n- The first.\n' });
    moveTag('v1.0.1', 'HEAD');
    expect(() => plan('v1.0.1')).toThrow(new Error(refusal(NO_NOTES)));
  });

  test('for all reasons at once', () => {
    repository.git('switch', '--quiet', '--create', 'aside');
    tagVersion('1.0.0', [], 'v1.0.1');
    expect(() => plan('v1.0.1')).toThrow(
      new Error(
        refusal(
          'its commit is not on main',
          "package.json's version is 1.0.0, not 1.0.1",
          NO_NOTES,
        ),
      ),
    );
  });
});

// It runs as in the workflow: on Linux, with a Node.js that reads TypeScript.
const describeJob =
  process.platform === 'linux' && process.features.typescript ? describe : describe.skip;

describeJob('The job that publishes', () => {
  /** Runs it, where the release exists already or not. */
  function publish(tag: string, { isReleased = false } = {}) {
    const temp = repository.newFolder();
    mkdirSync(join(temp, 'assets'));
    for (const file of ['provenance.sigstore.json', 'sbom.cdx.json']) {
      writeFileSync(join(temp, 'assets', file), '{}');
    }
    const run = runShellSteps({
      workflow: '.github/workflows/release.yml',
      job: 'publish',
      folder: repository.clone(tag),
      temp,
      env: { GITHUB_REF_NAME: tag },
      commands: { gh: isReleased ? '' : 'test "$2" != view' },
    });
    return { ...run, calls: run.calls.map((call) => call.replaceAll(temp, 'TEMP')), temp };
  }
  const tagsAt = (tag: string) => repository.git('tag', '--points-at', tag).split('\n');

  beforeEach(() => {
    tagVersion('1.0.0');
    moveTag('v1', 'v1.0.0');
    tagVersion('1.0.1');
  });

  test('releases a tag with its notes, and moves v1', () => {
    const { exitCode, calls, temp } = publish('v1.0.1');
    expect(exitCode).toBe(0);
    expect(calls).toEqual([
      'gh release view v1.0.1',
      'gh release create v1.0.1 --verify-tag --latest=true --notes-file TEMP/notes.md TEMP/assets/provenance.sigstore.json TEMP/assets/sbom.cdx.json',
    ]);
    expect(readFileSync(join(temp, 'notes.md'), 'utf8')).toBe('- What is new in 1.0.1.\n');
    expect(tagsAt('v1.0.1')).toEqual(['v1', 'v1.0.1']);
  });

  test('leaves v1 where it is for an older patch, which is not the latest', () => {
    tagVersion('1.1.0');
    moveTag('v1', 'v1.1.0');
    const { exitCode, calls } = publish('v1.0.1');
    expect(exitCode).toBe(0);
    expect(calls.at(-1)).toContain('--latest=false');
    expect(tagsAt('v1.1.0')).toEqual(['v1', 'v1.1.0']);
  });

  test('only moves v1 when an earlier attempt has published', () => {
    const { exitCode, calls } = publish('v1.0.1', { isReleased: true });
    expect(exitCode).toBe(0);
    expect(calls).toEqual(['gh release view v1.0.1']);
    expect(tagsAt('v1.0.1')).toEqual(['v1', 'v1.0.1']);
  });

  test('says what is wrong with a tag in one annotation, and does nothing else', () => {
    tagVersion('1.0.2', ['1.0.20']);
    const { exitCode, calls, log } = publish('v1.0.2');
    expect(exitCode).toBe(1);
    expect(calls).toEqual([]);
    expect(log).toBe(
      `::error::v1.0.2 can't be released:%0ACHANGELOG.md has nothing under the heading "## 1.0.2"%0ADelete the tag (git push --delete origin v1.0.2), mend this on main, and tag the commit there.\n`,
    );
    expect(tagsAt('v1.0.0')).toEqual(['v1', 'v1.0.0']);
  });
});
