import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { realClock } from '../../fakes/clock.ts';
import { answer, FAULTS } from '../../fakes/faults.ts';
import type { Fault } from '../../fakes/nodion/faults.ts';
import { FakeNodion } from '../../fakes/nodion/server.ts';
import { type Endpoint, type FakeApplication, PROJECT_KEY } from '../../fakes/nodion/state.ts';
import { createTransport } from '../../src/http/transport.ts';
import { createNodionClient, type NodionClient } from '../../src/nodion/client.ts';
import { readCreated } from '../../src/nodion/created-application.ts';
import { NodionError } from '../../src/nodion/errors.ts';
import { toInstance } from '../../src/nodion/instances.ts';
import { toLogLine } from '../../src/nodion/log-lines.ts';

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
    client.application(id).instances(toInstance, { signal }),
  'GET /applications/:id/domains': (client, { id }) => client.application(id).domains({ signal }),
  'GET /applications/:id/logs': (client, { id }) =>
    client.application(id).logs('2026-01-01T00:00:00Z', toLogLine, signal),
  [CREATE]: (client) => client.createApplication(NEW, readCreated, signal),
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

/** Plays with a client of a Nodion that has one application. */
async function withClient<T>(
  play: (client: NodionClient, nodion: FakeNodion, application: FakeApplication) => Promise<T>,
): Promise<T> {
  const nodion = await FakeNodion.start({ clock: realClock });
  try {
    const client = createNodionClient({
      ...{ apiKey: PROJECT_KEY, projectId: null, apiUrl: nodion.url },
      transport: createTransport(),
    });
    return await play(client, nodion, nodion.addApplication());
  } finally {
    await nodion.close();
  }
}

describe('A gateway', () => {
  const HTML = '<html><h1>Unauthorized</h1></html>';
  const TEXT = '404 page not found\n';
  const LIST: Endpoint = 'GET /applications/:id/deployments';

  test.each([
    [400, HTML],
    [401, HTML],
    [403, 'client certificate required'],
    [404, TEXT],
    [431, 'x'.repeat(2 ** 21)],
  ])('that answers %i in its own words is not taken for Nodion', (status, body) =>
    withClient(async (client, nodion, { id }) => {
      nodion.fail({ on: LIST, fault: answer(status, body)(false) });
      const list = client.application(id).deployments({ signal });
      const error: NodionError = await list.then(
        () => Promise.reject(new Error('no error')),
        (thrown) => thrown,
      );
      expect(error).toMatchObject({ status, retryable: false, isGateways: true, wasSent: true });
      expect(String(error.summary)).toBe(
        `${new URL(nodion.url).host} answered ${status} to GET /applications/:id/deployments, but not in Nodion's format: a gateway or proxy may have.`,
      );
      expect(String(error.advice)).toMatch(/^Check `api_url`, and what stands there/);
    }),
  );

  test.each(['', '{"error":"Unauthorized"}'])('is not suspected of a 401 with %j', (body) =>
    withClient(async (client, nodion, { id }) => {
      nodion.fail({ on: LIST, fault: answer(401, body)(false) });
      await expect(client.application(id).deployments({ signal })).rejects.toMatchObject({
        isGateways: false,
        message: expect.stringContaining('Nodion refused the API key (401 Unauthorized).'),
      });
    }),
  );

  test('that answers 404 in its own words once the same was answered restarts', () =>
    withClient(async (client, nodion, application) => {
      const api = client.application(application.id);
      const other = client.application(nodion.addApplication().id);
      await api.deployments({ signal });
      nodion.fail({ on: LIST, times: 2, fault: answer(404, TEXT)(false) });
      await expect(api.deployments({ signal })).rejects.toMatchObject({ retryable: true });
      await expect(other.deployments({ signal })).rejects.toMatchObject({ retryable: false });
      nodion.fail({ on: LIST, fault: answer(404, { error: 'Not Found' })(false) });
      await expect(api.deployments({ signal })).rejects.toMatchObject({ retryable: false });
    }));
});

test('A rate limit holds all requests, also where one refused was for what the step can do without', () =>
  withClient(async (client, nodion) => {
    const controller = new AbortController();
    setMaxListeners(99, controller.signal);
    // Longer than any machine is busy.
    const held = answer(429, '', { 'retry-after': '60' })(false);
    const reading = { signal: controller.signal, lane: 'background' } as const;
    nodion.fail({ on: 'GET /applications/:id/domains', times: 99, fault: held });
    const all = Array.from({ length: 20 }, () =>
      client.application(nodion.addApplication().id).domains(reading),
    );
    const settled = Promise.allSettled(all);
    await delay(500);
    expect(nodion.requests.length).toBeLessThanOrEqual(2);
    controller.abort('timed_out');
    await settled;
  }));

describe('The connection of a trigger', () => {
  test('is opened before the list of its turn is answered, and closed where it is not needed', () =>
    withClient(async (client, nodion, { id }) => {
      const api = client.application(id);
      await api.inTurn(signal, async () => {
        while (nodion.connections < 1) await delay(5);
        await api.deployments({ signal, gate: 'passed' });
        expect(nodion.connections).toBe(2);
        await api.trigger(null, { known: new Set(), signal });
        expect(nodion.connections).toBe(2);
      });
      await api.inTurn(signal, async () => {
        while (nodion.connections < 3) await delay(5);
      });
      while (nodion.open > 1) await delay(5);
    }));

  test('is opened while what precedes the turn is read', () =>
    withClient(async (client, nodion, { id }) => {
      client.preparePost();
      while (nodion.connections < 1) await delay(5);
      const api = client.application(id);
      await api.inTurn(signal, () => api.trigger(null, { known: new Set(), signal }));
      expect(nodion.connections).toBe(1);
    }));
});
