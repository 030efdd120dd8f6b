import { expect } from '@jest/globals';
import type { Endpoint, FakeApplication } from '../fakes/nodion/state.ts';
import { annotations, type Stage } from '../fakes/stage.ts';

const LIST: Endpoint = 'GET /applications/:id/deployments';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';

/** When requests for an application came, by the fake's clock. */
interface Times {
  readonly triggers: readonly number[];
  readonly lists: readonly number[];
}

/**
 * Deploys, in one green step, an application for each of `kinds`, which has its name and meets it as
 * `meet` says: a table of faults at the cost of one.
 */
export async function deployEach<T>(
  { nodion, deploy }: Stage,
  kinds: Readonly<Record<string, T>>,
  meet: (application: FakeApplication, kind: T) => void,
) {
  const applications = Object.entries(kinds).map(([name, kind]) => {
    const application = nodion.addApplication({ name });
    meet(application, kind);
    return application;
  });
  const run = await deploy(null, {
    inputs: { application_id: applications.map(({ id }) => id).join() },
    env: { RUNNER_DEBUG: '1' },
  });
  expect(annotations(run, 'error')).toEqual([]);
  expect(run.exitCode).toBe(0);
  expect(run.stderr).toBe('');
  const timesOf = (endpoint: Endpoint, { id }: FakeApplication) =>
    nodion.requestsTo(endpoint).flatMap(({ url, at }) => (url.includes(id) ? [at] : []));
  /** Expects the same of each application; a failure names those of which something else is true. */
  const expectOfEach = <V>(of: (application: FakeApplication, times: Times) => V, value: V) => {
    const seen = applications.map((application) => {
      const times = { triggers: timesOf(TRIGGER, application), lists: timesOf(LIST, application) };
      return [application.name, of(application, times)];
    });
    expect(seen).toEqual(applications.map(({ name }) => [name, value]));
  };
  return { run, expectOfEach };
}
