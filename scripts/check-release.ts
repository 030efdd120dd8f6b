import { appendFileSync, writeFileSync } from 'node:fs';
import { planRelease } from './plan-release.ts';

/**
 * `node scripts/check-release.ts TAG NOTES`, in the release workflow: fails for a tag that must not be
 * released; writes the notes to the file NOTES, and the outputs `major_tag` and `latest`. Node.js 24 runs
 * it as it is, and it uses no package, so the job that publishes needs no `npm ci`.
 */

const [tag = '', notesFile = ''] = process.argv.slice(2);
try {
  const { notes, majorTag, isLatest } = planRelease('.', tag);
  writeFileSync(notesFile, `${notes}\n`);
  const outputs = `major_tag=${majorTag ?? ''}\nlatest=${isLatest}\n`;
  if (process.env.GITHUB_OUTPUT) appendFileSync(process.env.GITHUB_OUTPUT, outputs);
  console.log(`${tag} can be released.`);
  console.log(
    majorTag ? `${majorTag} moves to it.` : 'The tag of its major stays, at a newer version.',
  );
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  console.log(`::error::${message.replaceAll('%', '%25').replaceAll('\n', '%0A')}`);
  process.exitCode = 1;
}
