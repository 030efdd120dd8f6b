import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

/** `npm run owner -- acme`: puts the account that hosts this repository in place of `OWNER` in its files. */

const [owner = ''] = process.argv.slice(2);
if (!/^[a-z\d](?:-?[a-z\d]){0,38}$/i.test(owner)) {
  console.error('Name the account that hosts this repository, such as: npm run owner -- acme');
  process.exit(1);
}
const files = execFileSync('git', ['grep', '-lIz', 'OWNER'], { encoding: 'utf8' }).split('\0');
for (const file of files.filter((name) => name !== '')) {
  const text = readFileSync(file, 'utf8');
  const named = text
    // What explains the word is needed no longer.
    .replace(/ \(`OWNER` stands for [^)]*\)/, '')
    .replaceAll(/\bOWNER(?=\/nodion-deploy)|(?<=^\* @)OWNER\b/gm, owner);
  if (named !== text) writeFileSync(file, named);
}
