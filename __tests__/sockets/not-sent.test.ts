import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { realClock } from '../../fakes/clock.ts';
import { FakeNodion } from '../../fakes/nodion/server.ts';
import { PROJECT_KEY } from '../../fakes/nodion/state.ts';
import { RawServer } from '../../fakes/raw-server.ts';
import { ensureApplication } from '../../src/applications/ensure-application.ts';
import type { AttemptEvent } from '../../src/deploy/attempt/attempt.ts';
import { runAttempt } from '../../src/deploy/attempt/run-attempt.ts';
import { conclude } from '../../src/deploy/conclusion/conclude.ts';
import { createTransport } from '../../src/http/transport.ts';
import { createNodionClient } from '../../src/nodion/client.ts';
import { sentence } from '../../src/runner/sentence.ts';
import { plan } from '../unit/values.ts';

const ID = '0ce705eb-fb11-485a-b380-82cdb8b97036';
const transport = createTransport();
const clientOf = (apiUrl: string) =>
  createNodionClient({ apiKey: PROJECT_KEY, projectId: null, apiUrl, transport });

/** A promise, and what resolves it. */
function once(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((resolvePromise) => {
    resolve = resolvePromise;
  });
  return { promise, resolve };
}

/** An attempt to trigger a deployment without waiting for it, and the kinds of its events. */
async function attemptAt(
  apiUrl: string,
  { id = ID, timeoutMs = 30_000, isListed = true, onNotSent = () => {} } = {},
) {
  const controller = new AbortController();
  const { signal } = controller;
  const timer = setTimeout(() => controller.abort('timed_out'), timeoutMs);
  const application = clientOf(apiUrl).application(id);
  const events: AttemptEvent['kind'][] = [];
  // Never too old, however busy the machine is.
  const answeredAtMs = performance.now() + 60_000;
  const deployments = isListed
    ? { ...(await application.deployments({ signal })), answeredAtMs }
    : null;
  const plans = plan({ wait: false });
  const attempt = await runAttempt(
    { deployments, defaultTag: null, verifiedTag: null, healthUrl: null, onlyWhileLive: null },
    plans,
    {
      ...{ application, transport, signal },
      halt: { signal: new AbortController().signal, because: () => sentence`` },
      onEvent: ({ kind }) => {
        events.push(kind);
        if (kind === 'trigger-not-sent') onNotSent();
      },
    },
  );
  clearTimeout(timer);
  return { attempt, events, conclusion: await conclude(attempt, plans) };
}

test('A trigger without a connection is repeated at once, without a search', async () => {
  const nodion = await FakeNodion.start({ clock: realClock });
  const application = nodion.addApplication();
  try {
    const { promise: notSent, resolve: onNotSent } = once();
    const attempting = attemptAt(nodion.url, { ...application, onNotSent });
    while (nodion.requests.length === 0) await delay(1);
    await nodion.refuseConnections(notSent);
    const { attempt, events } = await attempting;
    expect(attempt.deployment?.deploy_number).toBe(1);
    expect(application.deployments).toHaveLength(1);
    expect(events).toContain('trigger-not-sent');
    expect(events).not.toContain('trigger-unanswered');
    expect(attempt.before.kind).toBe('listed');
  } finally {
    await nodion.close();
  }
});

test('A trigger that never has a connection has triggered nothing', async () => {
  const nodion = await FakeNodion.start({ clock: realClock });
  const application = nodion.addApplication();
  try {
    const attempting = attemptAt(nodion.url, { ...application, timeoutMs: 2_000 });
    while (nodion.requests.length === 0) await delay(1);
    await nodion.refuseConnections(attempting);
    const { attempt, conclusion } = await attempting;
    expect(attempt.before.kind).toBe('not sent');
    expect(conclusion.kind).toBe('timed_out');
    expect(JSON.stringify(conclusion)).not.toContain('may have been made');
    expect(JSON.stringify(conclusion)).toContain('ECONNREFUSED');
  } finally {
    await nodion.close();
  }
});

test('A trigger whose connection has a certificate that is not trusted has triggered nothing', async () => {
  const server = await RawServer.start(() => {}, { isSecure: true });
  try {
    const { attempt, events, conclusion } = await attemptAt(server.url, { isListed: false });
    expect(events).toEqual(['trigger-sent', 'trigger-not-sent']);
    expect(attempt.error).toMatchObject({ wasSent: false, retryable: false });
    expect(JSON.stringify(conclusion)).toContain('Nothing was triggered');
    expect(JSON.stringify(conclusion)).toContain('its certificate is not accepted');
  } finally {
    server.close();
  }
});

test('A creation without a connection is repeated at once, without a search', async () => {
  const nodion = await FakeNodion.start({ clock: realClock });
  try {
    // So that the connection that was opened in advance is known to be closed when it is needed.
    nodion.fail({ on: 'GET /applications', fault: { kind: 'delay', ms: 300 } });
    let lists = 0;
    const { promise: retried, resolve: onFirstRetry } = once();
    const creating = ensureApplication({
      client: clientOf(nodion.url),
      wanted: {
        ...{ name: 'shop', region_id: 'r', deployment_strategy: 'dockerfile' },
        ...{ instance_type_id: 't', instance_amount: 1 },
        ...{ integration_id: 'i', repository_id: '1', branch_id: 'b' },
        ...{ region: null, instance_type: null, container_registry: null },
        ...{ repository: null, branch: null },
      },
      signal: new AbortController().signal,
      onRetry: () => {
        lists = nodion.requestsTo('GET /applications').length;
        onFirstRetry();
      },
      onProgress: (line) => {
        throw new Error(String(line));
      },
    });
    while (nodion.requests.length === 0) await delay(1);
    await nodion.refuseConnections(retried);
    expect(await creating).toMatchObject({ created: true, application: { name: 'shop' } });
    expect(nodion.applications).toHaveLength(1);
    expect(lists).toBe(1);
  } finally {
    await nodion.close();
  }
});
