import { describe, expect, test } from '@jest/globals';
import { realClock } from '../../fakes/clock.ts';
import { answer, FAULTS } from '../../fakes/faults.ts';
import {
  type Endpoint,
  type FakeApplication,
  FakeNodion,
  type Fault,
  PROJECT_KEY,
} from '../../fakes/nodion.ts';
import { createTransport } from '../../src/http/transport.ts';
import { createNodionClient, type NodionClient } from '../../src/nodion/client.ts';
import { NodionError } from '../../src/nodion/errors.ts';

const { signal } = new AbortController();
const NEW = {
  ...{ name: 'shop', region_id: 'r', deployment_strategy: 'dockerfile', instance_type_id: 't' },
  ...{ instance_amount: 1, integration_id: 'i', repository_id: '4711', branch_id: 'b' },
};
const CREATE: Endpoint = 'POST /applications';

type Ask = (client: NodionClient, application: FakeApplication) => Promise<unknown>;

/** The client's method of each endpoint. */
const ENDPOINTS: Partial<Record<Endpoint, Ask>> = {
  'GET /applications': (client) => client.applications({ signal }),
  'GET /applications/:id': (client, { id }) => client.application(id).get({ signal }),
  'GET /applications/:id/deployments': (client, { id }) =>
    client.application(id).deployments({ signal }),
  'POST /applications/:id/deployments': (client, { id }) =>
    client.application(id).trigger(null, { known: new Set(), signal }),
  'GET /applications/:id/instances': (client, { id }) =>
    client.application(id).instances({ signal }),
  'GET /applications/:id/domains': (client, { id }) => client.application(id).domains({ signal }),
  'GET /applications/:id/logs': (client, { id }) =>
    client.application(id).logs('2026-01-01T00:00:00Z', signal),
  [CREATE]: (client) => client.createApplication(NEW, signal),
};

/** What the client makes of the answer with that fault: a value, or what it throws. */
async function ask(endpoint: Endpoint, how: Ask, fault: Fault | null): Promise<unknown> {
  const nodion = await FakeNodion.start({ clock: realClock });
  try {
    const application = nodion.addApplication();
    nodion.addDeployment(application, { status: 'available' });
    if (fault) nodion.fail({ on: endpoint, fault });
    const client = createNodionClient({
      ...{ apiKey: PROJECT_KEY, projectId: null, apiUrl: nodion.url },
      transport: createTransport(),
    });
    return await how(client, application).catch((error: unknown) => error);
  } finally {
    await nodion.close();
  }
}

describe.each(Object.entries(ENDPOINTS) as [Endpoint, Ask][])('%s', (endpoint, how) => {
  test('is read where it is answered as documented', async () => {
    expect(await ask(endpoint, how, null)).not.toBeInstanceOf(Error);
  });

  test.each(Object.entries(FAULTS))(
    'answered with “%s” is an error that may be over soon',
    async (what, fault) => {
      const result = await ask(endpoint, how, fault(false));
      // What a success to a creation looks like is not documented.
      if (endpoint === CREATE && /^20\d/.test(what))
        return expect(result).toMatchObject({ application: null });
      expect(result).toBeInstanceOf(NodionError);
      const error = result as NodionError;
      expect(error.retryable).toBe(true);
      expect(String(error.summary)).toContain(endpoint);
      expect(error.message).not.toContain(PROJECT_KEY);
      expect(error.retryAfterMs).toBe(
        { '429, Retry-After in seconds': 2_000, '503, Retry-After in seconds': 1_000 }[what] ?? 0,
      );
    },
  );

  test.each([400, 401, 403, 404, 409, 421, 422])(
    'refused with %i is an error for good',
    async (status) => {
      const result = await ask(endpoint, how, answer(status, { errors: ['Busy'] })(false));
      expect(result).toMatchObject({ status, retryable: false, retryAfterMs: 0 });
      expect(String((result as NodionError).apiMessage)).toBe('Busy');
    },
  );
});
