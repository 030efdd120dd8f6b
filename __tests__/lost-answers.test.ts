import { describe, expect, test } from '@jest/globals';
import { answer, FAULTS } from '../fakes/faults.ts';
import {
  DEPLOY_ONLY_KEY,
  type Endpoint,
  type FakeApplication,
  type FakeDeployment,
} from '../fakes/nodion.ts';
import { annotations, deploy, withNodion } from '../fakes/scenario.ts';

const LIST: Endpoint = 'GET /applications/:id/deployments';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';

describe('A trigger whose answer is lost makes one deployment', () => {
  test.concurrent.each([
    ['carried out', true],
    ['not carried out', false],
  ])('no answer at all within 30 s, %s', (_, carriedOut) =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      nodion.fail({ on: TRIGGER, fault: { kind: 'hang', carriedOut } });
      const run = await deploy(nodion, application);
      expect(run.exitCode).toBe(0);
      expect(application.deployments).toHaveLength(1);
      expect(run.log).toContain('no answer within 30 s');
      expect(run.durationMs).toBeLessThan(48_000);
    }),
  );

  test.concurrent.each(Object.entries(FAULTS))('%s, carried out: it is found', (_, fault) =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      nodion.addDeployment(application, { status: 'available' });
      nodion.fail({ on: TRIGGER, fault: fault(true) });
      const run = await deploy(nodion, application);
      expect(run.exitCode).toBe(0);
      expect(application.deployments).toHaveLength(2);
      expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
      expect(run.outputs).toMatchObject({
        id: application.deployments[0]?.id,
        deploy_number: '2',
        triggered: 'true',
      });
      expect(run.log).toContain('The trigger had been carried out: adopting deployment #2');
      expect(run.log).toMatch(/^1 hiccup survived: 1 × POST/m);
      expect(annotations(run, 'error')).toEqual([]);
    }),
  );

  test.concurrent.each(Object.entries(FAULTS))('%s, not carried out: it is repeated', (_, fault) =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      nodion.fail({ on: TRIGGER, fault: fault(false) });
      const run = await deploy(nodion, application);
      expect(run.exitCode).toBe(0);
      expect(application.deployments).toHaveLength(1);
      const [first, second, ...more] = nodion.requestsTo(TRIGGER);
      expect(more).toEqual([]);
      const looks = nodion
        .requestsTo(LIST)
        .filter(({ at }) => at > (first?.at ?? 0) && at < (second?.at ?? 0));
      expect(looks.length).toBeGreaterThan(1);
      expect((looks.at(-1)?.at ?? 0) - (looks[0]?.at ?? 0)).toBeGreaterThan(2_000);
      expect(run.log).toContain('No deployment was made: triggering again (try 2 of 3)');
      expect(annotations(run, 'error')).toEqual([]);
    }),
  );

  test.concurrent('though the list can’t be read at first either', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      nodion.fail(
        { on: TRIGGER, fault: { kind: 'reset', carriedOut: true } },
        { on: LIST, skip: 1, times: 3, fault: { kind: 'reset', carriedOut: false } },
      );
      const run = await deploy(nodion, application);
      expect(run.exitCode).toBe(0);
      expect(application.deployments).toHaveLength(1);
      expect(run.log).toMatch(/^4 hiccups survived/m);
    }));

  test.concurrent('though Nodion records it only seconds later', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: false } });
      const run = await deploy(nodion, application, {
        onLog: (text) => {
          if (text.includes('looking whether')) {
            setTimeout(() => nodion.addDeployment(application), 5_000);
          }
        },
      });
      expect(run.exitCode).toBe(0);
      expect(application.deployments).toHaveLength(1);
    }));

  test.concurrent('though somebody else deploys another tag at that moment', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication({ deployment_strategy: 'prebuilt_image' });
      nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: true } });
      nodion.beforeRecording = () => {
        nodion.addDeployment(application, { image_tag: 'v1' });
        setTimeout(() => nodion.addDeployment(application, { image_tag: 'v3' }), 100);
      };
      const run = await deploy(nodion, application, { inputs: { image_tag: 'v2' } });
      expect(run.exitCode).toBe(0);
      expect(run.outputs).toMatchObject({
        deploy_number: '2',
        image_reference: 'docker.io/nginx:v2',
      });
      expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
    }));

  test.concurrent('though the image is named by its message only', () =>
    withNodion(async (nodion) => {
      nodion.olderAnswers = true;
      const application = nodion.addApplication({ deployment_strategy: 'prebuilt_image' });
      nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: true } });
      nodion.beforeRecording = () => nodion.addDeployment(application, { image_tag: 'v1' });
      const run = await deploy(nodion, application, { inputs: { image_tag: 'v2' } });
      expect(run.outputs.deploy_number).toBe('2');
      expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
    }));

  test.concurrent('and is given up after three, saying that one may be under way', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      nodion.addDeployment(application, { status: 'available' });
      nodion.fail({ on: TRIGGER, times: 9, fault: { kind: 'reset', carriedOut: false } });
      const run = await deploy(nodion, application);
      expect(run.exitCode).toBe(1);
      expect(nodion.requestsTo(TRIGGER)).toHaveLength(3);
      expect(annotations(run, 'error')[0]).toMatch(
        /^My App: The trigger was not answered as documented; a deployment may have been made and be under way: look for number 2 or above in Nodion's dashboard before you trigger again\. POST .*: no answer \((?:ECONNRESET|UND_ERR_SOCKET)\)$/,
      );
    }));

  test.concurrent('and is not repeated when nobody can look', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: true } });
      const run = await deploy(nodion, application, {
        inputs: { api_key: DEPLOY_ONLY_KEY, wait: 'false' },
      });
      expect(run.exitCode).toBe(1);
      expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
      expect(annotations(run, 'error')[0]).toContain(
        "a deployment may have been made and be under way: look in Nodion's dashboard before you trigger again",
      );
    }));

  test.concurrent.each<[string, Partial<FakeApplication>, Partial<FakeDeployment>]>([
    ['of another tag than the default one', { image_tag: 'latest' }, {}],
    [
      'that names a digest only',
      {},
      { image_reference: `docker.io/nginx@sha256:${'0'.repeat(64)}` },
    ],
    ['that names no image yet', {}, { image_reference: null, commit_message: '' }],
  ])('though it is one %s', (_, given, made) =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication({
        deployment_strategy: 'prebuilt_image',
        ...given,
      });
      nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: false } });
      const run = await deploy(nodion, application, {
        inputs: given.image_tag ? {} : { image_tag: 'v2' },
        onLog: (text) => {
          if (text.includes('looking whether')) {
            nodion.addDeployment(application, { image_tag: 'v7', ...made });
          }
        },
      });
      expect(run.exitCode).toBe(0);
      expect(application.deployments).toHaveLength(1);
    }),
  );

  test.concurrent.each([409, 422])(
    'but is not repeated after %d, which would come again',
    (status) =>
      withNodion(async (nodion) => {
        const application = nodion.addApplication();
        const body = { errors: ['Busy'] };
        nodion.fail({ on: TRIGGER, times: 9, fault: answer(status, body)(false) });
        const run = await deploy(nodion, application);
        expect(run.exitCode).toBe(1);
        expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
        expect(annotations(run, 'error')[0]).toMatch(
          new RegExp(`^My App: POST .*: Nodion answered ${status}, saying: Busy$`),
        );
      }),
  );
});
