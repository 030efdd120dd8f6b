import { expect } from '@jest/globals';
import { annotations } from '../../fakes/stage.ts';
import { scenario } from '../scenario.ts';

/** Run by Node at its start: on the disk of the outputs there is room for so many bytes. */
const withRoom = (bytes: number) => `
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const { appendFileSync, statSync } = fs;
fs.appendFileSync = (file, text) => {
  if (file !== process.env.GITHUB_OUTPUT) return appendFileSync(file, text);
  const room = ${bytes} - statSync(file).size;
  appendFileSync(file, text.slice(0, room));
  if (text.length > room) throw new Error('ENOSPC: no space left on device, write');
};
syncBuiltinESMExports();`;

scenario('A full disk takes no output that fits', { clock: 'real' }, async (stage) => {
  const application = stage.nodion.addApplication({ name: 'shop' });
  const script = `data:text/javascript,${encodeURIComponent(withRoom(1_500))}`;
  const run = await stage.deploy(application, { env: { NODE_OPTIONS: `--import ${script}` } });
  expect(run.exitCode).toBe(1);
  const [error = '', ...more] = annotations(run, 'error');
  expect(more).toEqual([]);
  // How many fit depends on how often the outputs were written on the way.
  const [, names = ''] =
    /^The outputs (.*) could not be written to .*output: ENOSPC: no space left on device, write$/.exec(
      error,
    ) ?? [];
  const missed: readonly string[] = names.match(/\w+/g) ?? [];
  expect(missed).toContain('deployments');
  const full = { deploy_number: '1', status: 'available', triggered: 'true', reason: 'live' };
  for (const [name, value] of Object.entries(full)) {
    if (!missed.includes(name)) expect(run.outputs[name]).toBe(value);
  }
  // The last one that fitted.
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([{ status: null }]);
});
