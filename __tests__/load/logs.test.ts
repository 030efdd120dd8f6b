import { expect } from '@jest/globals';
import { LARGEST_MB, largeScenario, MEASURED } from '../large.ts';
import { life } from '../scenario.ts';

const LINES = 2_500;

largeScenario(
  'The logs of 100 failed applications are printed, and small in memory',
  async (stage) => {
    const { nodion, deploy } = stage;
    const applications = Array.from({ length: 100 }, (_, index) =>
      nodion.addApplication({
        name: `app-${index}`,
        ...life(['failed', 0]),
        logs: Array.from({ length: LINES }, (_, line) => ({
          ts: '2100-01-01T12:00:00.000Z',
          msg: `${line} ${'x'.repeat(110)}`,
          instance_id: 'i',
        })),
      }),
    );
    const run = await deploy(null, {
      inputs: { application_id: applications.map(({ id }) => id).join(), log_lines: String(LINES) },
      env: MEASURED,
    });
    expect(run.exitCode).toBe(1);
    // On a busy machine the 5 s of the report end before the last ones.
    expect(run.log).toContain('::group::Last log lines');
    expect(Number(run.stderr)).toBeLessThan(LARGEST_MB);
  },
);
