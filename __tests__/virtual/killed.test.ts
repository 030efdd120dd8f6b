import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { Endpoint } from '../../fakes/nodion/state.ts';
import { parseFileCommands } from '../../fakes/runner.ts';
import { life, scenario } from '../scenario.ts';
import { addShop } from '../shop.ts';

// A step that is killed leaves what it has written by then: act, Forgejo and Gitea kill at once.

const TRIGGER: Endpoint = 'POST /applications/:id/deployments';

/** Plays with a file of outputs that can be read while the step runs. */
async function withOutputs(
  play: (env: { GITHUB_OUTPUT: string }, read: () => Record<string, string>) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'outputs-'));
  const file = join(folder, 'output');
  const read = () => parseFileCommands(readFileSync(file, 'utf8'));
  try {
    await play({ GITHUB_OUTPUT: file }, read);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const deploymentsOf = ({ deployments = '[]' }: Record<string, string>) => JSON.parse(deployments);

scenario(
  'What is known of each application is written while others are waited for',
  async (stage) => {
    const { nodion, deploy } = stage;
    const slow = life(['created', 0], ['waiting', 4_000], ['available', 20_000]);
    const web = nodion.addApplication({ name: 'web', ...slow });
    const api = nodion.addApplication({ name: 'api', ...slow });
    await withOutputs(async (env, read) => {
      let seen: Record<string, string> = {};
      await deploy(null, {
        env,
        inputs: { application_id: `${web.id},${api.id}` },
        onLog: (text) => {
          if (text.includes('is "waiting"')) seen = read();
        },
      });
      const known = { deploy_number: 1, triggered: true, conclusion: null };
      expect(deploymentsOf(seen)).toMatchObject([
        { application_name: 'web', ...known },
        { application_name: 'api', ...known },
      ]);
      expect(seen).toMatchObject({ deploy_number: '1', triggered: 'true' });
    });
  },
);

scenario('A trigger on its way counts as triggered', async (stage) => {
  const { nodion, deploy, cancelWhen } = stage;
  const application = nodion.addApplication();
  nodion.fail({ on: TRIGGER, fault: { kind: 'hang', carriedOut: true } });
  await withOutputs(async (env, read) => {
    const seen: boolean[] = [];
    await deploy(application, {
      env,
      ...cancelWhen(() => {
        if (nodion.requestsTo(TRIGGER).length === 0) return false;
        const [one] = deploymentsOf(read());
        seen.push(one.triggered);
        return seen.length > 50;
      }),
    });
    expect(seen.at(-1)).toBe(true);
  });
});

scenario('The rollback’s number is written while it is in progress', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, (tag) => (tag === 'v2' ? 503 : 200));
  await withOutputs(async (env, read) => {
    let seen: Record<string, string> = {};
    nodion.afterAnswering = (endpoint) => {
      const newest = shop.application.deployments.find((one) => one.deploy_number === 3);
      if (endpoint === TRIGGER && newest) {
        newest.life = life(['created', 0], ['waiting', 3_000], ['available', 9_000]).life;
      }
    };
    await deploy(shop.application, {
      env,
      inputs: { ...shop.inputs, rollback: 'true' },
      onLog: (text) => {
        if (text.includes('#3 is "waiting"')) seen = read();
      },
    });
    const known = { rollback_deploy_number: 3, rolled_back: null };
    expect(deploymentsOf(seen)).toMatchObject([{ deploy_number: 2, ...known }]);
    expect(seen).toMatchObject({ deploy_number: '2', rollback_deploy_number: '3' });
  });
});

scenario(
  '`deployments` is written at most once a second, however many there are',
  async (stage) => {
    const { nodion, deploy } = stage;
    const ids = Array.from({ length: 60 }, () => nodion.addApplication().id);
    await withOutputs(async (env) => {
      const run = await deploy(null, { env, inputs: { application_id: ids.join() } });
      expect(run.exitCode).toBe(0);
      const text = readFileSync(env.GITHUB_OUTPUT, 'utf8');
      const writes = text.split('\n').filter((line) => line.startsWith('deployments='));
      // Before, while they go on, and at the end.
      expect(writes.length).toBeGreaterThan(3);
      expect(writes.length).toBeLessThan(4 + run.durationMs / 1_000);
    });
  },
);
