import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TEMPORARY } from './temporary.ts';

/** A git repository with a branch `main`, in a folder of its own; and clones of it, in others. */
export class GitRepository {
  readonly #home = mkdtempSync(join(TEMPORARY, 'repository-'));
  readonly folder = this.newFolder();
  /** When commits are made, if not now. */
  committedAt: string | null = null;

  constructor() {
    this.git('init', '--quiet', '--initial-branch=main');
  }

  /** Writes the files, by their paths, and commits them on the branch that is checked out. */
  commit(files: Readonly<Record<string, string>>): void {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, path)), { recursive: true });
      writeFileSync(join(this.folder, path), content);
    }
    this.git('add', '.');
    this.git('commit', '--quiet', '--message=Change');
  }

  /** What a git command prints; throws when it fails. */
  git(...args: string[]): string {
    const user = ['user.name=Ada', 'user.email=ada@example.com'];
    // A template of hooks that nobody uses takes half the time of `init`.
    const settings = [
      ...user,
      'core.autocrlf=false',
      'maintenance.auto=false',
      'init.templateDir=',
    ];
    return execFileSync('git', [...settings.flatMap((setting) => ['-c', setting]), ...args], {
      cwd: this.folder,
      encoding: 'utf8',
      // Not the settings of whoever runs the tests, who may sign what they commit.
      env: {
        ...process.env,
        ...{ HOME: this.#home, XDG_CONFIG_HOME: this.#home },
        ...(this.committedAt && { GIT_COMMITTER_DATE: this.committedAt }),
      },
    }).trim();
  }

  /** A clone with all branches and tags that has checked out a branch or a tag; its folder. */
  clone(ref: string): string {
    const folder = this.newFolder();
    this.git(
      'clone',
      '--quiet',
      '--config=advice.detachedHead=false',
      `--branch=${ref}`,
      this.folder,
      folder,
    );
    return folder;
  }

  /** A new folder, empty. */
  newFolder(): string {
    return mkdtempSync(join(this.#home, 'folder-'));
  }

  /** Removes the repository, its clones and its folders. */
  remove(): void {
    rmSync(this.#home, { recursive: true, force: true });
  }
}
