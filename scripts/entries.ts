import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of the bundle, or of its sources, beside the entries. */
export const BUNDLE = 'actions';

/** Each action's folder, from the project's root, and the bundle's function that runs it. */
export const ENTRIES: Readonly<Record<string, string>> = {
  '.': 'deploy',
  'list-applications': 'listApplications',
  'create-application': 'createApplication',
};

/** The oldest that `engines` of package.json names. Other engines than GitHub's run the `node` on PATH. */
const OLDEST = { major: 20, minor: 19 };

/**
 * Writes below `folder` an `index.js` for each action, which runs it from the bundle there, and a
 * package.json that says whether all of it is CommonJS.
 */
export function writeEntries(folder: string, type: 'commonjs' | 'module'): void {
  writeFileSync(join(folder, 'package.json'), `{"type":"${type}"}\n`);
  for (const [action, name] of Object.entries(ENTRIES)) {
    const path = action === '.' ? `./${BUNDLE}` : `../${BUNDLE}`;
    mkdirSync(join(folder, action), { recursive: true });
    const load = type === 'module' ? 'await import' : 'require';
    writeFileSync(join(folder, action, 'index.js'), entry(name, `${load}('${path}/index.js')`));
  }
}

/** Loads the bundle only where Node.js can run it, and is read itself by Node.js 16. */
function entry(name: string, loaded: string): string {
  const { major, minor } = OLDEST;
  return `const found = process.versions.node;
const [major, minor] = found.split('.').map(Number);
if (major > ${major} || (major === ${major} && minor >= ${minor})) {
  const { ${name} } = ${loaded};
  ${name}();
} else {
  console.log(
    \`::error title=Node.js is too old::This action needs Node.js ${major}.${minor} or newer, and was started with Node.js \${found}: install a newer one on the runner, or in the job's container; act, Forgejo and Gitea take the first node on PATH.\`,
  );
  process.exitCode = 1;
}
`;
}
