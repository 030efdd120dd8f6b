import { expect, test } from '@jest/globals';
import { type Clock, realClock } from '../../fakes/clock.ts';
import type { StepOptions, StepRun } from '../../fakes/runner.ts';
import { onStage, type Stage } from '../../fakes/stage.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { life } from '../scenario.ts';
import { goesLive } from '../script.ts';
import { addShop } from '../shop.ts';

const TRIGGER = 'POST /applications/:id/deployments';
const LIST = 'GET /applications/:id/deployments';
const production = { environment: 'production' };

/** Deploys an application that goes on when a status has been seen, so that no stage misses one. */
function deploySteady({ nodion, deploy }: Stage, options: StepOptions = {}): Promise<StepRun> {
  const application = nodion.addApplication(life(['created', 0]));
  return deploy(application, { ...options, onLog: goesLive(application) });
}

/** Steps of all kinds of ends, of which each stage must tell the same. */
const STEPS: Readonly<Record<string, (stage: Stage) => Promise<StepRun>>> = {
  'a deployment that goes live': (stage) => deploySteady(stage, { inputs: production }),
  'a deployment that fails, with its log': ({ nodion, deploy }) => {
    const logs = [{ ts: '2100-01-01T12:00:00.000Z', msg: 'no such file', instance_id: 'i' }];
    const application = nodion.addApplication({ logs, ...life(['created', 0], ['failed', 2_000]) });
    return deploy(application, { inputs: production });
  },
  'a trigger whose answer is lost': (stage) => {
    stage.nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: true } });
    return deploySteady(stage);
  },
  'polls that fail': (stage) => {
    const fault = { kind: 'answer', status: 503, carriedOut: false } as const;
    stage.nodion.fail({ on: LIST, afterTrigger: true, times: 2, fault });
    return deploySteady(stage);
  },
  'a bad version that is rolled back': async (stage) => {
    const { application, inputs } = await addShop(stage, (tag) => (tag === 'v2' ? 503 : 200));
    return await stage.deploy(application, {
      inputs: { ...inputs, ...production, rollback: 'true' },
    });
  },
  'a deployment still in progress at the timeout': ({ nodion, deploy }) =>
    deploy(nodion.addApplication(life(['waiting', 0])), {
      inputs: { timeout: '7s', poll_interval: '3s' },
    }),
  'a refused key, in another action': ({ run }) =>
    run({ action: 'list-applications', inputs: { api_key: 'a-wrong-key' } }),
  'inputs that are wrong': ({ deploy }) =>
    deploy(null, { inputs: { api_key: 'two words', timeout: 'soon' } }),
  'outputs that can’t be written': (stage) =>
    deploySteady(stage, { env: { GITHUB_OUTPUT: '/nonexistent/output' } }),
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

const play = (name: string, clock: Clock) =>
  onStage(clock, async (stage) => told((await STEPS[name]?.(stage)) as StepRun));

test.concurrent.each(Object.keys(STEPS))('Each stage tells the same of %s', async (name) => {
  const [real, virtual] = await Promise.all([
    play(name, realClock),
    play(name, new VirtualClock()),
  ]);
  expect(virtual).toEqual(real);
});
