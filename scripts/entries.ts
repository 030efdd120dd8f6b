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

/** Writes below `folder` an `index.js` for each action, which runs it from the bundle there. */
export function writeEntries(folder: string): void {
  for (const [action, name] of Object.entries(ENTRIES)) {
    const path = action === '.' ? `./${BUNDLE}` : `../${BUNDLE}`;
    mkdirSync(join(folder, action), { recursive: true });
    writeFileSync(
      join(folder, action, 'index.js'),
      `import { ${name} } from '${path}/index.js';\n\nawait ${name}();\n`,
    );
  }
}
