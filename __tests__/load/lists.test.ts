import { expect } from '@jest/globals';
import { annotations } from '../../fakes/stage.ts';
import {
  ANSWER_ADVICE,
  cancelScenario,
  deployAndCancel,
  hostOf,
  LARGEST_MB,
  largeScenario,
  MEASURED,
  MIB,
  many,
  NESTED,
  OLD_DEPLOYMENT,
  stuffed,
} from '../large.ts';
import { life } from '../scenario.ts';
import { wire } from '../wire.ts';

cancelScenario(
  '8 × 7,340,032 lists in one another are refused, and small in memory',
  async (stage) => {
    const { run, cancelledMs } = await deployAndCancel(stage, 8, stuffed(NESTED));
    expect(cancelledMs).toBeLessThan(5_000);
    expect(run.exitCode).toBe(1);
    expect(annotations(run, 'error')).toEqual([
      `The step was cancelled before anything was triggered.\nThe last failure: The request to ${hostOf(stage.nodion)} (GET /applications/:id/deployments) failed: an item of the answer is larger than 128 KiB.${ANSWER_ADVICE}`,
    ]);
    expect(Number(run.stderr)).toBeLessThan(LARGEST_MB);
  },
);

const TEXTS = 'status git_sha commit_message committer_name strategy created_at'.split(' ');
const LARGE = {
  'old deployments, then messages of 15 MiB,': {
    items: [
      many(OLD_DEPLOYMENT),
      Buffer.from(
        `${JSON.stringify({ ...OLD_DEPLOYMENT, commit_message: 'x'.repeat(15 * MIB) })},`,
      ),
    ],
    inputs: { wait: 'true' },
  },
  'the longest texts': {
    items: [
      many({
        ...OLD_DEPLOYMENT,
        ...Object.fromEntries(TEXTS.map((name) => [name, `Ā${'x'.repeat(999)}`])),
      }),
    ],
    // Slow to read: once.
    inputs: { wait: 'false' },
  },
};

for (const [what, { items, inputs }] of Object.entries(LARGE)) {
  largeScenario(`Eight lists of ${what} are read in less than 300 MB`, async (stage) => {
    const { nodion, deploy } = stage;
    const applications = Array.from({ length: 8 }, () =>
      nodion.addApplication(life(['available', 0])),
    );
    const fault = wire(stuffed(...items));
    nodion.fail({ on: 'GET /applications/:id/deployments', times: 999, fault });
    const run = await deploy(null, {
      inputs: { ...inputs, application_id: applications.map(({ id }) => id).join(',') },
      env: MEASURED,
    });
    expect(run.exitCode).toBe(0);
    for (const { deployments } of applications) expect(deployments).toHaveLength(1);
    expect(Number(run.stderr)).toBeLessThan(LARGEST_MB);
  });
}
