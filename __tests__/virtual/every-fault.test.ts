import { expect } from '@jest/globals';
import { answer, FAULTS, type Unsettled } from '../../fakes/faults.ts';
import type { Endpoint } from '../../fakes/nodion/state.ts';
import { annotations } from '../../fakes/stage.ts';
import { deployEach } from '../deploy-each.ts';
import { scenario } from '../scenario.ts';

const APPLICATION: Endpoint = 'GET /applications/:id';
const LIST: Endpoint = 'GET /applications/:id/deployments';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';
const CREATE: Endpoint = 'POST /applications';

const COUNT = Object.keys(FAULTS).length;
/** Of the faults, those with a status of success. */
const isSuccess = (what: string) => /^20|^body cut off/.test(what);
const SUCCESSES: Record<string, Unsettled> = {
  ...Object.fromEntries(Object.entries(FAULTS).filter(([what]) => isSuccess(what))),
  '202': answer(202, {}),
  '200 that stalls': (carriedOut) => ({ kind: 'stall', carriedOut }),
  '200, packed badly': answer(200, 'none', { 'content-encoding': 'gzip' }),
  '200, too large': answer(200, ' '.repeat(2 ** 20 + 1)),
};
const OTHERS = Object.fromEntries(Object.entries(FAULTS).filter(([what]) => !isSuccess(what)));

scenario('Reads before the trigger are retried after any fault', async (stage) => {
  const { nodion } = stage;
  // So that each is read by itself.
  nodion.fail({ on: 'GET /applications', fault: answer(403)(false) });
  const { run, expectOfEach } = await deployEach(stage, FAULTS, (of, fault) =>
    nodion.fail(
      { on: APPLICATION, of, fault: fault(false) },
      { on: LIST, of, fault: fault(false) },
    ),
  );
  expectOfEach(({ deployments }) => deployments.length, 1);
  expect(run.log).toContain(`\nRecovered from ${2 * COUNT} transient errors: `);
});

scenario('The wait goes on after three faults of any kind in a row', async (stage) => {
  const { nodion } = stage;
  const { run, expectOfEach } = await deployEach(stage, FAULTS, (of, fault) =>
    nodion.fail({ on: LIST, of, afterTrigger: true, times: 3, fault: fault(false) }),
  );
  expectOfEach(({ deployments }) => deployments.length, 1);
  expect(run.log).toContain(`\nRecovered from ${3 * COUNT} transient errors: `);
  expect(annotations(run, 'warning')).toEqual([]);
});

scenario('A trigger carried out is found, whatever it is answered with', async (stage) => {
  const { nodion } = stage;
  const { run, expectOfEach } = await deployEach(stage, FAULTS, (of, fault) => {
    nodion.addDeployment(of, { status: 'available' });
    nodion.fail({ on: TRIGGER, of, fault: fault(true) });
  });
  expectOfEach(({ deployments }) => deployments.length, 2);
  expectOfEach((_, { triggers }) => triggers.length, 1);
  const followed: { id: string; deploy_number: number; triggered: boolean }[] = JSON.parse(
    run.outputs.deployments ?? '',
  );
  expectOfEach(
    ({ deployments: [ours] }) => {
      const { deploy_number, triggered } = followed.find(({ id }) => id === ours?.id) ?? {};
      return { deploy_number, triggered };
    },
    { deploy_number: 2, triggered: true },
  );
  expectOfEach(
    ({ name }) =>
      run.log.includes(`\n[${name}] The trigger seems to have succeeded: continuing with #2: `),
    true,
  );
  expect(run.log).toMatch(
    new RegExp(
      `^Recovered from ${COUNT} transient errors: .*POST /applications/:id/deployments`,
      'm',
    ),
  );
});

scenario('A trigger not carried out is searched for, and then repeated', async (stage) => {
  const { nodion } = stage;
  const { run, expectOfEach } = await deployEach(stage, OTHERS, (of, fault) =>
    nodion.fail({ on: TRIGGER, of, fault: fault(false) }),
  );
  expectOfEach(({ deployments }) => deployments.length, 1);
  expectOfEach((_, { triggers }) => triggers.length, 2);
  expectOfEach((_, { triggers: [first = 0, second = 0], lists }) => {
    const searches = lists.filter((at) => at > first && at < second);
    return searches.length > 1 && (searches.at(-1) ?? 0) - (searches[0] ?? 0) > 2_000;
  }, true);
  expectOfEach(
    ({ name }) =>
      run.log.includes(
        `\n[${name}] No deployment of this step has appeared: trying again (attempt 2)`,
      ),
    true,
  );
});

scenario(
  'A trigger answered with success is not repeated, however late its effect',
  async (stage) => {
    const { nodion, clock } = stage;
    nodion.afterAnswering = (endpoint, application) => {
      if (endpoint !== TRIGGER) return;
      void clock.sleep(44_000).then(() => nodion.addDeployment(application));
    };
    const { expectOfEach } = await deployEach(stage, SUCCESSES, (of, fault) =>
      nodion.fail({ on: TRIGGER, of, fault: fault(false) }),
    );
    expectOfEach(({ deployments }) => deployments.length, 1);
    expectOfEach((_, { triggers }) => triggers.length, 1);
  },
);

/** One of each kind; what the client makes of the others is tested in process. */
const KINDS = [
  'connection reset',
  '429, Retry-After in seconds',
  '500, JSON',
  '200, empty',
  '200, another object',
  '304 that nobody asked for',
];

for (const what of KINDS) {
  const fault = FAULTS[what] as Unsettled;
  for (const carriedOut of [true, false]) {
    const act = carriedOut ? 'carried out' : 'not carried out';
    scenario(`A creation ${act} makes one application at most: ${what}`, async (stage) => {
      const { nodion, run: runAction } = stage;
      nodion.fail({ on: CREATE, fault: fault(carriedOut) });
      const run = await runAction({
        action: 'create-application',
        inputs: {
          name: 'shop',
          region_id: '428d037e-9ba6-4dab-92bd-8d816c523126',
          instance_type_id: 'ccdcd297-702b-4f51-ad21-7ca481c08920',
          integration_id: 'i-1',
          repository_id: '4711',
          branch_id: 'b-1',
        },
      });
      if (run.exitCode === 0) {
        expect(nodion.applications).toHaveLength(1);
        const [application] = nodion.applications;
        expect(run.outputs).toMatchObject({ id: application?.id, created: 'true' });
      } else {
        // A success that nothing came of: it can't be told from one that is listed late.
        expect(carriedOut).toBe(false);
        expect(nodion.applications).toEqual([]);
        expect(annotations(run, 'error')[0]).toContain(
          'An application called "shop" may have been created.\nNodion answered with success, but does not list it.',
        );
      }
    });
  }
}
