import { expect, test } from '@jest/globals';
import { fastClock } from '../../fakes/clock.ts';
import type { StepRun } from '../../fakes/runner.ts';
import { onStage, type Stage } from '../../fakes/stage.ts';
import { life, SPEED } from './scenario.ts';

/** Steps of several ends, each with an environment of its own. */
async function playAll({ nodion, deploy, run }: Stage): Promise<StepRun[]> {
  const git = nodion.addApplication(life(['available', 0]));
  const failing = nodion.addApplication(life(['failed', 0]));
  return [
    await deploy(failing, { inputs: { environment: 'production' } }),
    await deploy(null, { inputs: { api_key: 'two words', timeout: 'soon' } }),
    await run({ action: 'list-applications', inputs: { api_key: 'a wrong key' } }),
    await deploy(git),
    await run({ action: 'list-applications', inputs: { name: 'nothing' } }),
    await deploy(git, { inputs: { dry_run: 'true' }, env: { GITHUB_OUTPUT: '/nonexistent' } }),
    await deploy(git),
  ];
}

/** What is the same in every run. */
function comparable({ exitCode, stderr, commands, outputs, summary }: StepRun): unknown {
  const { deployments, applications, ...single } = outputs;
  const told = { exitCode, stderr, commands, single, summary: summary.split('```')[0]?.trimEnd() };
  return JSON.parse(
    JSON.stringify(told)
      .replaceAll(/[\da-f]{8}-[\da-f-]{27}/g, 'ID')
      .replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')
      .replaceAll(/(?<=after |_seconds":"|<td>)[\d.]+(?= s|")/g, 'SOME'),
  );
}

test('Steps in one process after the other end as in processes of their own', async () => {
  const play = async (stage: Stage) => (await playAll(stage)).map(comparable);
  const alone = await onStage(fastClock(SPEED), play, { ownProcess: true });
  const inTurn = await onStage(fastClock(SPEED), play);
  expect(inTurn).toEqual(alone);
});

test('A step whose process is killed leaves a working stage behind', async () => {
  await onStage(fastClock(SPEED), async ({ nodion, deploy }) => {
    const killed = await deploy(nodion.addApplication(life(['waiting', 0])), {
      onLog: (text, child) => {
        if (text.includes('Triggered')) child.kill('SIGKILL');
      },
    });
    expect(killed.exitCode).toBeNull();
    expect((await deploy(nodion.addApplication())).exitCode).toBe(0);
  });
});
