import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from '@jest/globals';
import { annotations } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';
import { addShop } from '../shop.ts';

/** The action without all that it loads late, as after a clean-up of the disk. */
const action = mkdtempSync(join(tmpdir(), 'action-'));
for (const file of ['action.yml', 'dist/index.js', 'dist/actions/index.js']) {
  cpSync(file, join(action, file));
}
afterAll(() => rmSync(action, { recursive: true }));

scenario('What is known is told though parts of the action are gone', async (stage) => {
  const { nodion, deploy } = stage;
  const good = nodion.addApplication({ name: 'docs' });
  const failing = nodion.addApplication({ name: 'web', ...life(['failed', 500]) });
  const run = await deploy(null, {
    action,
    inputs: { application_id: `${good.id},${failing.id}` },
  });
  expect(run.exitCode).toBe(1);
  expect(annotations(run, 'error')).toEqual([
    expect.stringMatching(
      /^Application web: A part of the action is gone from the runner's disk, so what went wrong can't be told in full: .* Deployment #1 was "failed" when it was last seen\. Look at the application in Nodion's dashboard\.$/,
    ),
  ]);
  expect(run.summary).toContain('A part of the action is gone');
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
    { deploy_number: 1, status: 'available' },
    { deploy_number: 1, status: 'failed', error: expect.stringContaining('gone from the runner') },
  ]);
});

scenario('A check that is gone from the disk is red, and no reason to roll back', async (stage) => {
  const shop = await addShop(stage, () => 200);
  const run = await stage.deploy(shop.application, { action, inputs: shop.inputs });
  expect(run.exitCode).toBe(1);
  expect(annotations(run, 'error')[0]).toContain('Deployment #2 was "available" when it was last');
  expect(stage.nodion.triggered).toHaveLength(1);
});

scenario('A dry run whose end is gone from the disk is red, and says why', async (stage) => {
  const run = await stage.deploy(stage.nodion.addApplication(), {
    ...{ action, inputs: { dry_run: 'true' } },
  });
  expect(run.exitCode).toBe(1);
  expect(annotations(run, 'error')).toEqual([
    "A part of the action is gone from the runner's disk.",
  ]);
});

scenario('An end before the trigger is told though its words are gone', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({ name: 'docs' });
  const run = await deploy(application, { action, inputs: { image_tag: 'v1' } });
  expect(run.exitCode).toBe(1);
  expect(application.deployments).toEqual([]);
  expect(run.outputs).toMatchObject({
    ...{ conclusion: 'failure', reason: 'internal_error', application_id: application.id },
  });
  const [error = ''] = annotations(run, 'error');
  expect(run.summary).toContain('❌');
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
    {
      ...{ application_id: application.id, conclusion: 'failure', reason: 'internal_error' },
      error: error.split('\n').join(' '),
    },
  ]);
});
