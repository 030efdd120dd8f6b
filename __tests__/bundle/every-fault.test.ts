import { expect } from '@jest/globals';
import { FAULTS } from '../../fakes/faults.ts';
import type { Endpoint } from '../../fakes/nodion.ts';
import { annotations } from '../../fakes/stage.ts';
import { scenario } from './scenario.ts';

const APPLICATION: Endpoint = 'GET /applications/:id';
const LIST: Endpoint = 'GET /applications/:id/deployments';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';
const CREATE: Endpoint = 'POST /applications';

for (const [what, fault] of Object.entries(FAULTS)) {
  scenario(`Reads before the trigger are retried after: ${what}`, async ({ nodion, deploy }) => {
    const application = nodion.addApplication();
    nodion.fail({ on: APPLICATION, fault: fault(false) }, { on: LIST, fault: fault(false) });
    const run = await deploy(application);
    expect(run.exitCode).toBe(0);
    expect(application.deployments).toHaveLength(1);
    expect(run.log).toMatch(/^Recovered from 2 transient errors: /m);
    expect(annotations(run, 'error')).toEqual([]);
  });

  scenario(`The wait goes on after three in a row of: ${what}`, async ({ nodion, deploy }) => {
    const application = nodion.addApplication();
    nodion.fail({ on: LIST, afterTrigger: true, times: 3, fault: fault(false) });
    const run = await deploy(application);
    expect(run.exitCode).toBe(0);
    expect(application.deployments).toHaveLength(1);
    expect(run.log).toMatch(/^Recovered from 3 transient errors: 3 × /m);
    expect(annotations(run, 'error')).toEqual([]);
    expect(annotations(run, 'warning')).toEqual([]);
  });

  scenario(`A trigger carried out is found, though answered with: ${what}`, async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication();
    nodion.addDeployment(application, { status: 'available' });
    nodion.fail({ on: TRIGGER, fault: fault(true) });
    const run = await deploy(application);
    expect(run.exitCode).toBe(0);
    expect(application.deployments).toHaveLength(2);
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
    expect(run.outputs).toMatchObject({
      id: application.deployments[0]?.id,
      deploy_number: '2',
      triggered: 'true',
    });
    expect(run.log).toContain('The trigger seems to have succeeded: continuing with #2: ');
    expect(run.log).toMatch(
      /^Recovered from 1 transient error: 1 × .*POST \/applications\/:id\/deployments/m,
    );
    expect(annotations(run, 'error')).toEqual([]);
  });

  scenario(`A trigger not carried out is repeated after a search: ${what}`, async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication();
    nodion.fail({ on: TRIGGER, fault: fault(false) });
    const run = await deploy(application);
    expect(run.exitCode).toBe(0);
    expect(application.deployments).toHaveLength(1);
    const [first, second, ...more] = nodion.requestsTo(TRIGGER);
    expect(more).toEqual([]);
    const searches = nodion
      .requestsTo(LIST)
      .filter(({ at }) => at > (first?.at ?? 0) && at < (second?.at ?? 0));
    expect(searches.length).toBeGreaterThan(1);
    expect((searches.at(-1)?.at ?? 0) - (searches[0]?.at ?? 0)).toBeGreaterThan(2_000);
    expect(run.log).toContain('No deployment of this step has appeared: trying again (attempt 2)');
    expect(annotations(run, 'error')).toEqual([]);
  });

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
