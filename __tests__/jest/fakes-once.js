import { pathToFileURL } from 'node:url';

/**
 * Jest's transformer of `fakes/`: they export what their compiled selves do, which Node evaluates once for
 * all the files of tests that a process runs. Jest itself would evaluate them for each.
 */
export default {
  processAsync: async (_source, path) => {
    const compiled = path.replace(/fakes(.+)\.ts$/, 'build/fakes$1.js');
    const { href } = pathToFileURL(compiled);
    const names = Object.keys(await import(href)).join(', ');
    return {
      code: `const { ${names} } = await importOnce('${href}');\nexport { ${names} };`,
    };
  },
};
