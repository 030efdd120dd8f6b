import { execFileSync } from 'node:child_process';

export interface ReleasePlan {
  /** The version's section of CHANGELOG.md, without its heading. */
  readonly notes: string;
  /** The tag that moves to this release, such as `v1`; null when that is at a newer version. */
  readonly majorTag: string | null;
  /** Whether no major's tag is at a newer version. */
  readonly isLatest: boolean;
}

/**
 * Decides how a tag is released: with which notes, and whether the tag of its major, such as `v1`,
 * moves to it. That never goes back.
 *
 * @param folder a clone with all tags and `origin/main`.
 * @param tag `v` and the version, such as `v1.2.3`.
 * @throws an error that names all that is wrong with the tag, and what to do.
 */
export function planRelease(folder: string, tag: string): ReleasePlan {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, encoding: 'utf8' });
  const read = (ref: string, file: string) => git('show', `refs/tags/${ref}:${file}`);
  const versionAt = (ref: string): string => JSON.parse(read(ref, 'package.json')).version;

  const version = tag.slice(1);
  const changelog = read(tag, 'CHANGELOG.md');
  const notes = sectionOf(changelog, version);
  const problems: string[] = [];
  if (!git('for-each-ref', '--contains', `refs/tags/${tag}`, 'refs/remotes/origin/main')) {
    problems.push('its commit is not on main');
  }
  if (versionAt(tag) !== version) {
    problems.push(`package.json's version is ${versionAt(tag)}, not ${version}`);
  }
  if (!notes) problems.push(`CHANGELOG.md has nothing under the heading "## ${version}"`);
  if (sectionOf(changelog, 'Unreleased')) {
    problems.push(
      `CHANGELOG.md says more under "## Unreleased": move it to "## ${version}", or it is in no notes`,
    );
  }
  if (problems.length > 0) {
    const remedy = `Delete the tag (git push --delete origin ${tag}), mend this on main, and tag the commit there.`;
    throw new Error([`${tag} can't be released:`, ...problems, remedy].join('\n'));
  }

  const [majorTag = tag] = tag.split('.');
  const atNewer = git('tag', '--list')
    .split('\n')
    .filter((name) => /^v\d+$/.test(name))
    .filter((name) => versionAt(name).localeCompare(version, 'en', { numeric: true }) > 0);
  return {
    notes,
    majorTag: atNewer.includes(majorTag) ? null : majorTag,
    isLatest: atNewer.length === 0,
  };
}

/** What stands under a heading, such as `## 1.2.3`; '' for nothing, also without that heading. */
function sectionOf(changelog: string, name: string): string {
  const heading = `## ${name}`;
  const section = changelog.split(/^(?=## )/m).find((text) => text.split('\n')[0] === heading);
  return section?.slice(heading.length).trim() ?? '';
}
