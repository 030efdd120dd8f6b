import { expect, test } from '@jest/globals';
import { type Clock, fastClock } from '../../fakes/clock.ts';
import type { StepRun } from '../../fakes/runner.ts';
import { onStage, type Stage } from '../../fakes/stage.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { life, SPEED } from '../scenario.ts';
import { addShop } from '../shop.ts';

const TRIGGER = 'POST /applications/:id/deployments';
const LIST = 'GET /applications/:id/deployments';
const production = { environment: 'production' };
/** Each status lasts for some polls, so that no stage misses one. */
const steady = life(['created', 0], ['waiting', 3_000], ['available', 6_000]);

/** Steps of all kinds of ends, of which each stage must tell the same. */
const STEPS: Readonly<Record<string, (stage: Stage) => Promise<StepRun>>> = {
  'a deployment that goes live': ({ nodion, deploy }) =>
    deploy(nodion.addApplication(steady), { inputs: production }),
  'a deployment that fails, with its log': ({ nodion, deploy }) => {
    const logs = [{ ts: '2100-01-01T12:00:00.000Z', msg: 'no such file', instance_id: 'i' }];
    const application = nodion.addApplication({ logs, ...life(['created', 0], ['failed', 2_000]) });
    return deploy(application, { inputs: production });
  },
  'a trigger whose answer is lost': ({ nodion, deploy }) => {
    nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: true } });
    return deploy(nodion.addApplication(steady));
  },
  'polls that fail': ({ nodion, deploy }) => {
    const fault = { kind: 'answer', status: 503, carriedOut: false } as const;
    nodion.fail({ on: LIST, afterTrigger: true, times: 2, fault });
    return deploy(nodion.addApplication(steady));
  },
  'a bad version that is rolled back': async (stage) => {
    const { application, inputs } = await addShop(stage, (tag) => (tag === 'v2' ? 503 : 200));
    return await stage.deploy(application, {
      inputs: { ...inputs, ...production, rollback: 'true' },
    });
  },
  'a deployment still in progress at the timeout': ({ nodion, deploy }) =>
    deploy(nodion.addApplication(life(['waiting', 0])), {
      inputs: { timeout: '20s', poll_interval: '3s' },
    }),
  'a refused key, in another action': ({ run }) =>
    run({ action: 'list-applications', inputs: { api_key: 'a-wrong-key' } }),
  'inputs that are wrong': ({ deploy }) =>
    deploy(null, { inputs: { api_key: 'two words', timeout: 'soon' } }),
  'outputs that can’t be written': ({ nodion, deploy }) =>
    deploy(nodion.addApplication(steady), { env: { GITHUB_OUTPUT: '/nonexistent/output' } }),
};

/** What users see, to the letter but for IDs, addresses, how long what took, and the picture of that. */
function told({ exitCode, stderr, log, outputs, summary }: StepRun): unknown {
  const [before = '', , after = ''] = summary.split('```');
  const text = `${before.trimEnd()}\n${after.trimStart()}`;
  const shown = JSON.stringify({ exitCode, stderr, log, outputs, summary: text })
    .replaceAll(/[\da-f]{8}-[\da-f-]{27}/g, 'ID')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')
    .replaceAll(/\b(\d+) of \1 answers/g, 'N of N answers')
    .replaceAll(/(?<![\d.])\d+(?:\.\d+)?(?=(?: |&nbsp;)s\b)/g, 'N')
    .replaceAll(/step-\w+\/nodion-deploy-\w+/g, 'DIRECTORY')
    .replaceAll(/\d{13}/g, 'AT')
    .replaceAll(/(_seconds\\*":\s?\\*"?)[\d.]+/g, '$1N');
  return JSON.parse(shown);
}

const play = (name: string, clock: Clock, options = {}) =>
  onStage(clock, async (stage) => told((await STEPS[name]?.(stage)) as StepRun), options);

test.concurrent.each(Object.keys(STEPS))('Each stage tells the same of %s', async (name) => {
  const alone = await play(name, fastClock(SPEED), { ownProcess: true });
  expect(await play(name, fastClock(SPEED))).toEqual(alone);
  expect(await play(name, new VirtualClock())).toEqual(alone);
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
