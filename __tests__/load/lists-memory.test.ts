import { expect } from '@jest/globals';
import { LARGEST_MB, largeScenario, MEASURED } from '../large.ts';
import { life } from '../scenario.ts';

largeScenario(
  '80 applications with 2,000 old deployments and ETags each are small in memory',
  async (stage) => {
    const { nodion, deploy } = stage;
    nodion.etags = true;
    const [first, ...others] = Array.from({ length: 80 }, (_, index) =>
      nodion.addApplication({
        name: `app-${index}`,
        ...life(['waiting', 0], ['available', 4_000]),
      }),
    );
    if (!first) throw new Error('no application');
    for (let index = 0; index < 2_000; index += 1)
      nodion.addDeployment(first, { status: 'failed' });
    for (const other of others) other.deployments = [...first.deployments];
    const run = await deploy(null, {
      inputs: { application_id: [first, ...others].map(({ id }) => id).join(), timeout: '5m' },
      env: MEASURED,
    });
    expect(run.exitCode).toBe(0);
    expect(Number(run.stderr)).toBeLessThan(LARGEST_MB);
  },
);
