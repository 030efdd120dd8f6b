import { describe, expect, test } from '@jest/globals';
import { answer, FAULTS } from '../fakes/faults.ts';
import type { Endpoint } from '../fakes/nodion.ts';
import { annotations, deploy, withNodion } from '../fakes/scenario.ts';

const LIST: Endpoint = 'GET /applications/:id/deployments';
const APPLICATION: Endpoint = 'GET /applications/:id';

describe('A read that fails is a hiccup', () => {
  test.concurrent('that takes 30 s at most', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      nodion.fail({ on: LIST, skip: 1, fault: { kind: 'stall', carriedOut: true } });
      const run = await deploy(nodion, application);
      expect(run.exitCode).toBe(0);
      expect(run.durationMs).toBeLessThan(36_000);
    }));

  test.concurrent.each(Object.entries(FAULTS))('before the trigger: %s', (_, fault) =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      nodion.fail({ on: APPLICATION, fault: fault(false) }, { on: LIST, fault: fault(false) });
      const run = await deploy(nodion, application);
      expect(run.exitCode).toBe(0);
      expect(application.deployments).toHaveLength(1);
      expect(run.log).toMatch(/^2 hiccups survived: /m);
      expect(annotations(run, 'error')).toEqual([]);
    }),
  );

  test.concurrent.each(Object.entries(FAULTS))('in the wait, three in a row: %s', (_, fault) =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      nodion.fail({ on: LIST, skip: 1, times: 3, fault: fault(false) });
      const run = await deploy(nodion, application);
      expect(run.exitCode).toBe(0);
      expect(application.deployments).toHaveLength(1);
      expect(run.log).toMatch(/^3 hiccups survived: 3 × GET/m);
      expect(annotations(run, 'error')).toEqual([]);
      expect(annotations(run, 'warning')).toEqual([]);
    }),
  );

  test.concurrent('also when our deployment is missing from one list', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      nodion.fail({ on: LIST, skip: 1, fault: answer(200, { deployments: [] })(false) });
      const run = await deploy(nodion, application);
      expect(run.exitCode).toBe(0);
      expect(run.log).toContain('Deployment #1 is missing from the list; trying again in');
    }));

  test.concurrent.each([
    ['seconds', (waitMs: number) => String(waitMs / 1_000)],
    ['a date', (waitMs: number) => new Date(Date.now() + waitMs).toUTCString()],
  ])('after which Retry-After is obeyed, in %s', (_, retryAfter) =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      const waitMs = 6_000;
      const asked = Date.now();
      const fault = answer(429, '', { 'retry-after': retryAfter(waitMs) })(false);
      nodion.fail({ on: LIST, skip: 1, fault });
      const run = await deploy(nodion, application);
      expect(run.exitCode).toBe(0);
      const [, , next] = nodion.requestsTo(LIST);
      // A date has no milliseconds.
      expect((next?.at ?? 0) - asked).toBeGreaterThan(waitMs - 1_000);
    }),
  );

  test.concurrent.each([401, 403, 404])('unless it is refused: %d is final at once', (status) =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      nodion.fail({ on: LIST, skip: 1, times: 99, fault: answer(status)(false) });
      const run = await deploy(nodion, application);
      expect(run.exitCode).toBe(1);
      expect(nodion.requestsTo(LIST)).toHaveLength(2);
      expect(run.outputs.deploy_number).toBe('1');
      expect(annotations(run, 'error')[0]).toMatch(
        new RegExp(`Nodion answered ${status}\\. Check .* \\(deployment #1: it goes on at Nodion`),
      );
    }),
  );
});

describe('Redirects are refused, naming the origin they lead to', () => {
  test.concurrent.each([301, 302, 307, 308])('%d', (status) =>
    withNodion(async (nodion) => {
      const elsewhere = await withNodion(async (other) => {
        const location = `${other.url}/applications`;
        const application = nodion.addApplication();
        nodion.fail({ on: APPLICATION, fault: answer(status, '', { location })(false) });
        const run = await deploy(nodion, application);
        expect(run.exitCode).toBe(1);
        expect(annotations(run, 'error')[0]).toContain(
          `a redirect to ${new URL(other.url).origin}. Redirects are not followed`,
        );
        return other.requests;
      });
      expect(elsewhere).toEqual([]);
    }),
  );
});
