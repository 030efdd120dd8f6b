import { execFileSync } from 'node:child_process';

/** Older commits stay as they are. A date, since a rebase gives commits other names. */
const SINCE = '2026-11-28T22:00:00Z';
const LONGEST_SUBJECT = 72;

/**
 * What is wrong with the messages of the commits up to HEAD, a line each: a subject that is too long, or
 * nothing below it but trailers such as `Co-authored-by`. Merges may say what they like.
 */
export function findBadMessages(folder: string): string[] {
  const format = ['--no-merges', `--since-as-filter=${SINCE}`, '-z', '--format=%h%n%s%n%b'];
  const options = { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 26 } as const;
  const commits = execFileSync('git', ['log', ...format], options)
    .split('\0')
    .filter(Boolean);
  return commits.flatMap((commit) => {
    const [hash, subject = '', ...body] = commit.split('\n');
    const { length } = [...subject];
    const problems: string[] = [];
    if (length > LONGEST_SUBJECT) {
      problems.push(`its subject has ${length} characters, ${LONGEST_SUBJECT} will do`);
    }
    if (!body.some((line) => line.trim() && !/^[\w-]+-by: /i.test(line))) {
      problems.push('no body says why');
    }
    return problems.map((problem) => `${hash} "${subject}": ${problem}`);
  });
}
