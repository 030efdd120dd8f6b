import { expect } from '@jest/globals';
import type { RecordedCheck, Reply } from '../../fakes/application-server.ts';
import { answer } from '../../fakes/faults.ts';
import type { ScriptedFault } from '../../fakes/nodion/faults.ts';
import type { FakeNodion } from '../../fakes/nodion/server.ts';
import type { Endpoint, FakeApplication, FakeDeployment, Phase } from '../../fakes/nodion/state.ts';
import { annotations, type Stage } from '../../fakes/stage.ts';
import { renderSummary } from '../../fakes/summary.ts';
import { life, scenario } from '../scenario.ts';
import { addShop, EXPECTED, errorLines, type Shop } from '../shop.ts';

const TRIGGER: Endpoint = 'POST /applications/:id/deployments';
const LIST: Endpoint = 'GET /applications/:id/deployments';
const INSTANCES: Endpoint = 'GET /applications/:id/instances';
const HOUR_MS = 3_600_000;
const rollback = { rollback: 'true' };
const DATA = 'Data and migrations are not undone.';
const BACK = 'Find out what was wrong before you deploy it again.';
const FAILED =
  "Look at the application in Nodion's dashboard, and deploy a tag that is known to be good.";
const NOT_HEALTHY = 'Application shop: Deployment #2 is live but not healthy:';
const v2IsBad = (tag: string): Reply => (tag === 'v2' ? 503 : 200);

/** The tags that were triggered. */
function triggers(nodion: FakeNodion): unknown[] {
  return nodion.requestsTo(TRIGGER).map(({ body }) => JSON.parse(body).image_tag);
}

/** What the rollback's deployment, the second that is triggered, goes through. */
function letRollback(nodion: FakeNodion, { life: phases }: { life: readonly Phase[] }): void {
  nodion.beforeRecording = (application) => {
    if (nodion.triggered.length === 1) application.life = phases;
  };
}

const titleOf = (run: { commands: readonly { name: string; properties: object }[] }) =>
  run.commands.find(({ name }) => name === 'error')?.properties;

scenario('A bad version does not stay live: the tag before it is deployed again', async (stage) => {
  const { nodion, gitHub, deploy } = stage;
  // Only v2 says the text: of the version before it is not asked.
  const shop = await addShop(stage, (tag) => ({
    status: v2IsBad(tag) === 200 ? 200 : 503,
    body: `version ${tag}`,
  }));
  const run = await deploy(shop.application, {
    inputs: { ...shop.inputs, ...rollback, health_text: 'version v2', environment: 'production' },
  });
  expect(run.exitCode).toBe(1);
  expect(run.stderr).toBe('');
  expect(triggers(nodion)).toEqual(['v2', 'v1']);
  expect(annotations(run, 'warning')).toEqual([]);
  const back = `Rolled back to docker.io/shop:v1 (#1, now #3): deployment #2 was not healthy: N of N answers were bad, the last one 503 from ${shop.url}.`;
  expect(errorLines(run)).toEqual([`Application shop: ${back}`, DATA, BACK, '#3 (v1) is live.']);
  expect(titleOf(run)).toEqual({ title: 'Rolled back' });
  expect(run.outputs).toMatchObject({
    deploy_number: '2',
    status: 'available',
    image_reference: 'docker.io/shop:v2',
    triggered: 'true',
    timed_out: 'false',
    healthy: 'false',
    previous_deploy_number: '1',
    previous_image_reference: 'docker.io/shop:v1',
    previous_git_sha: '',
    rolled_back: 'true',
    rollback_deploy_number: '3',
  });
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
    {
      deploy_number: 2,
      healthy: false,
      previous_deploy_number: 1,
      rolled_back: true,
      rollback_deploy_number: 3,
      error: expect.stringContaining('Rolled back to docker.io/shop:v1 (#1, now #3)'),
    },
  ]);
  expect(gitHub.statuses.map(({ state }) => state)).toEqual(['in_progress', 'failure']);
  expect(gitHub.statuses[1]?.description).toContain(
    'shop: Rolled back to docker.io/shop:v1 (#1, now #3)',
  );
  // Once before the trigger, three times in the end.
  const { checks } = shop.server;
  const [before, ours, after] = [1, 2, 3].map(
    (number) => checks.filter(({ at }) => liveAt(shop, at) === number).length,
  );
  expect([before, after]).toEqual([1, 3]);
  expect(ours).toBeGreaterThan(1);
  const { text, diagrams } = renderSummary(run.summary);
  expect(text).toContain('#3');
  // The summary draws both deployments.
  expect(diagrams[0]?.match(/^section .*$/gm)).toEqual(['section shop', 'section rollback']);
});

/** The number of the deployment that was live by then. */
function liveAt({ application }: Shop, at: number): number | undefined {
  return application.deployments.find(
    ({ triggeredAt, life: phases }) => triggeredAt + (phases.at(-1)?.afterMs ?? 0) <= at,
  )?.deploy_number;
}

scenario('A good version is not undone because of one bad answer on the way', async (stage) => {
  const { nodion, deploy } = stage;
  let ofV2 = 0;
  const shop = await addShop(stage, (tag) => {
    if (tag === 'v2') ofV2 += 1;
    return ofV2 === 2 ? 503 : 200;
  });
  const run = await deploy(shop.application, {
    inputs: {
      ...{ ...shop.inputs, ...rollback, health_successes: '7' },
      ...{ health_timeout: '2.2s', poll_interval: '0.3s' },
    },
  });
  expect(run.exitCode).toBe(1);
  expect(triggers(nodion)).toEqual(['v2']);
  expect(run.outputs).toMatchObject({ reason: 'unhealthy', live_deploy_number: '2' });
});

scenario('After a good version two bad ones each end at the good one', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, (tag) => (tag === 'v1' ? 200 : 500));
  const inputs = { ...shop.inputs, ...rollback };
  const first = await deploy(shop.application, { inputs });
  const second = await deploy(shop.application, { inputs: { ...inputs, image_tag: 'v3' } });
  expect(triggers(nodion)).toEqual(['v2', 'v1', 'v3', 'v1']);
  for (const [run, old, ours, now] of [
    [first, 1, 2, 3],
    [second, 3, 4, 5],
  ] as const) {
    expect(run.exitCode).toBe(1);
    expect(errorLines(run)).toEqual([
      `Application shop: Rolled back to docker.io/shop:v1 (#${old}, now #${now}): deployment #${ours} was not healthy: N of N answers were bad, the last one 500 from ${shop.url}.`,
      DATA,
      BACK,
      `#${now} (v1) is live.`,
    ]);
    expect(run.outputs).toMatchObject({ rolled_back: 'true', rollback_deploy_number: `${now}` });
  }
});

scenario('A version that dies within `stable_for` is rolled back', async (stage) => {
  const { nodion, deploy } = stage;
  let ofV2 = 0;
  const shop = await addShop(stage, (tag) => {
    if (tag === 'v2') ofV2 += 1;
    return tag === 'v2' && ofV2 > 5 ? 503 : 200;
  });
  const run = await deploy(shop.application, {
    inputs: { ...shop.inputs, ...rollback, stable_for: '10s' },
  });
  expect(triggers(nodion)).toEqual(['v2', 'v1']);
  expect(errorLines(run)).toEqual([
    `Application shop: Rolled back to docker.io/shop:v1 (#1, now #3): deployment #2 was healthy at first, until 3 answers in a row were bad, the last one 503 from ${shop.url}.`,
    DATA,
    BACK,
    '#3 (v1) is live.',
  ]);
  expect(run.outputs).toMatchObject({ healthy: 'false', rolled_back: 'true' });
});

scenario('A rollout that never completes is rolled back at the timeout', async (stage) => {
  const { nodion, gitHub, deploy } = stage;
  const shop = await addShop(stage, () => 200, { instance_amount: 2, instanceChangeMs: HOUR_MS });
  nodion.beforeRecording = (application) => {
    if (nodion.triggered.length === 1) application.instanceChangeMs = 0;
  };
  const run = await deploy(shop.application, {
    inputs: {
      image_tag: 'v2',
      verify_rollout: 'true',
      timeout: '6s',
      environment: 'production',
      ...rollback,
    },
  });
  expect(run.exitCode).toBe(1);
  expect(triggers(nodion)).toEqual(['v2', 'v1']);
  expect(errorLines(run)).toEqual([
    'Application shop: Rolled back to docker.io/shop:v1 (#1, now #3): the rollout of deployment #2 was not complete when the 6 s timeout expired: instance web-2 runs #1.',
    DATA,
    BACK,
    '#3 (v1) is live.',
  ]);
  expect(run.outputs).toMatchObject({ healthy: '', rolled_back: 'true', timed_out: 'true' });
  expect(gitHub.statuses.at(-1)?.state).toBe('failure');
});

scenario('A health check before the trigger that hangs up to the timeout is red', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, () => 'hang');
  const run = await deploy(shop.application, {
    inputs: { ...shop.inputs, ...rollback, timeout: '3s' },
  });
  expect(run.exitCode).toBe(1);
  expect(triggers(nodion)).toEqual([]);
  expect(errorLines(run)).toEqual([
    'The 3 s timeout expired before anything was triggered.',
    "The last failure: The health check before the trigger had no answer before the timeout: look at the application's log, or check `health_url`.",
    'When it was last seen, #1 (v1) was live; it is not known what is live now.',
  ]);
  expect(run.outputs).toMatchObject({
    ...{ triggered: 'false', timed_out: 'true', conclusion: 'timed_out', reason: 'timed_out' },
    application_name: 'shop',
  });
});

scenario('A rollback has a time limit of its own', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, v2IsBad);
  letRollback(nodion, life(['created', 0], ['available', 14_000]));
  const run = await deploy(shop.application, {
    inputs: { ...shop.inputs, ...rollback, health_timeout: '6s', timeout: '20s' },
  });
  expect(run.exitCode).toBe(1);
  expect(run.durationMs).toBeGreaterThan(20_500);
  expect(triggers(nodion)).toEqual(['v2', 'v1']);
  expect(errorLines(run)[0]).toMatch(
    /^Application shop: Rolled back to docker\.io\/shop:v1 \(#1, now #3\): deployment #2 was not healthy: /,
  );
  expect(run.outputs).toMatchObject({ rolled_back: 'true', timed_out: 'false', healthy: 'false' });
});

scenario('A rollback that does not end is given up at its time limit', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, v2IsBad);
  letRollback(nodion, life(['waiting', 0]));
  const run = await deploy(shop.application, {
    inputs: {
      ...shop.inputs,
      ...rollback,
      health_timeout: '1s',
      poll_interval: '0.3s',
      timeout: '6s',
    },
  });
  expect(run.exitCode).toBe(1);
  expect(run.durationMs).toBeGreaterThan(7_000);
  expect(run.durationMs).toBeLessThan(12_000);
  expect(triggers(nodion)).toEqual(['v2', 'v1']);
  expect(errorLines(run)).toEqual([
    'Application shop: The rollback was not done in time: Deployment #3 was still "waiting" when the 6 s timeout expired.',
    'The deployment goes on at Nodion, where nothing can cancel it: follow it in the dashboard.',
    'If it often takes longer, raise `timeout`.',
    `It was meant to restore docker.io/shop:v1 (#1), because deployment #2 was not healthy: N of N answers were bad, the last one 503 from ${shop.url}.`,
    DATA,
    FAILED,
    '#2 (v2) is still live.',
  ]);
  expect(run.outputs).toMatchObject({
    rolled_back: 'false',
    rollback_deploy_number: '3',
    timed_out: 'true',
  });
});

scenario('A rollback that is not healthy either is the loudest message', async (stage) => {
  const { nodion, gitHub, deploy } = stage;
  const shop = await addShop(stage, (_, { count }) => (count === 1 ? 200 : 503));
  const run = await deploy(shop.application, {
    inputs: { ...shop.inputs, ...rollback, environment: 'production' },
  });
  expect(run.exitCode).toBe(1);
  expect(triggers(nodion)).toEqual(['v2', 'v1']);
  const bad = `N of N answers were bad, the last one 503 from ${shop.url}.`;
  expect(errorLines(run)).toEqual([
    `Application shop: The rollback failed too: Deployment #3 is live but not healthy: ${bad}`,
    EXPECTED,
    `It was meant to restore docker.io/shop:v1 (#1), because deployment #2 was not healthy: ${bad}`,
    DATA,
    FAILED,
    '#3 (v1) is live.',
  ]);
  expect(titleOf(run)).toEqual({ title: 'Rollback failed' });
  expect(run.outputs).toMatchObject({
    rolled_back: 'false',
    rollback_deploy_number: '3',
    deploy_number: '2',
    healthy: 'false',
  });
  expect(gitHub.statuses.at(-1)).toMatchObject({
    state: 'failure',
    description: expect.stringContaining('shop: The rollback failed too: '),
  });
});

scenario('A rollback that fails says so first, and what is live', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, v2IsBad);
  letRollback(nodion, life(['created', 0], ['failed', 1_000]));
  const run = await deploy(shop.application, { inputs: { ...shop.inputs, ...rollback } });
  expect(run.exitCode).toBe(1);
  expect(triggers(nodion)).toEqual(['v2', 'v1']);
  expect(errorLines(run)).toEqual([
    'Application shop: The rollback failed too: Deployment #3 failed after ….',
    "Its deployment log is in Nodion's dashboard.",
    'Usually the tag does not exist, or Nodion may not pull from the registry.',
    `It was meant to restore docker.io/shop:v1 (#1), because deployment #2 was not healthy: N of N answers were bad, the last one 503 from ${shop.url}.`,
    DATA,
    FAILED,
    '#2 (v2) is still live.',
  ]);
  expect(run.outputs).toMatchObject({ rolled_back: 'false', rollback_deploy_number: '3' });
});

scenario('A rollback that Nodion refuses is not tried again', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, v2IsBad);
  nodion.fail({
    on: TRIGGER,
    skip: 1,
    times: 9,
    fault: answer(400, { errors: ['Image is gone'] })(false),
  });
  const run = await deploy(shop.application, { inputs: { ...shop.inputs, ...rollback } });
  expect(run.exitCode).toBe(1);
  expect(triggers(nodion)).toEqual(['v2', 'v1']);
  const lines = errorLines(run);
  expect(lines[0]).toBe(
    'Application shop: The rollback failed too: Nodion refused the trigger (400): Image is gone.',
  );
  expect(lines.slice(-3)).toEqual([DATA, FAILED, '#2 (v2) is still live.']);
  expect(run.outputs).toMatchObject({ rolled_back: 'false', rollback_deploy_number: '' });
});

for (const [what, carriedOut, requests] of [
  ['carried out', true, ['v2', 'v1']],
  ['not carried out', false, ['v2', 'v1', 'v1']],
] as const) {
  scenario(`A rollback whose answer is lost is one deployment, ${what}`, async (stage) => {
    const { nodion, deploy } = stage;
    const shop = await addShop(stage, v2IsBad);
    nodion.fail({ on: TRIGGER, skip: 1, fault: { kind: 'reset', carriedOut } });
    const run = await deploy(shop.application, { inputs: { ...shop.inputs, ...rollback } });
    expect(run.exitCode).toBe(1);
    expect(triggers(nodion)).toEqual(requests);
    expect(nodion.triggered).toHaveLength(2);
    expect(run.outputs).toMatchObject({ rolled_back: 'true', rollback_deploy_number: '3' });
  });
}

scenario('Of several applications only the bad one is rolled back', async (stage) => {
  const { nodion, deploy } = stage;
  const web = await addShop(stage, () => 200, { name: 'web' });
  const shop = await addShop(stage, v2IsBad);
  const run = await deploy(null, {
    inputs: {
      ...web.inputs,
      ...rollback,
      application_id: `${web.application.id}\n${shop.application.id}`,
      health_url: `${web.url}\n${shop.url}`,
    },
  });
  expect(run.exitCode).toBe(1);
  expect(triggers(nodion).sort()).toEqual(['v1', 'v2', 'v2']);
  expect(web.application.deployments).toHaveLength(2);
  expect(errorLines(run)).toEqual([
    '1 of 2 applications failed.',
    `Application shop: Rolled back to docker.io/shop:v1 (#1, now #3): deployment #2 was not healthy: N of N answers were bad, the last one 503 from ${shop.url}. ${DATA} ${BACK} #3 (v1) is live.`,
  ]);
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
    { application_name: 'web', healthy: true, rolled_back: null, rollback_deploy_number: null },
    { application_name: 'shop', healthy: false, rolled_back: true, rollback_deploy_number: 3 },
  ]);
  expect(run.outputs).toMatchObject({ healthy: 'true', rolled_back: '' });
});

scenario('Of several rollbacks one that failed is told first', async (stage) => {
  const { gitHub, deploy } = stage;
  const web = await addShop(stage, v2IsBad, { name: 'web' });
  const api = await addShop(stage, (_, { count }) => (count === 1 ? 200 : 503), { name: 'api' });
  const run = await deploy(null, {
    inputs: {
      ...web.inputs,
      ...rollback,
      application_id: `${web.application.id}\n${api.application.id}`,
      health_url: `${web.url}\n${api.url}`,
      environment: 'production',
    },
  });
  expect(run.exitCode).toBe(1);
  expect(errorLines(run)).toEqual([
    '2 of 2 applications failed.',
    expect.stringMatching(/^Application api: The rollback failed too: Deployment #3 is live but /),
    expect.stringMatching(/^Application web: Rolled back to docker\.io\/shop:v1 \(#1, now #3\): /),
  ]);
  expect(gitHub.statuses.at(-1)?.description).toMatch(/^api: The rollback failed too: /);
});

scenario('A rollback to a tag that has moved names the image that is live now', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, v2IsBad);
  const [was, is] = ['0', '1'].map((digit) => `docker.io/shop:v1@sha256:${digit.repeat(64)}`);
  Object.assign(shop.application.deployments[0] ?? {}, { image_reference: was });
  nodion.afterAnswering = (endpoint) => {
    const [, back] = nodion.triggered;
    if (endpoint === TRIGGER && back) back.image_reference = is ?? null;
  };
  const run = await deploy(shop.application, { inputs: { ...shop.inputs, ...rollback } });
  expect(triggers(nodion)).toEqual(['v2', 'v1']);
  expect(errorLines(run)).toEqual([
    `Application shop: Rolled back to ${is} (#1, now #3): deployment #2 was not healthy: N of N answers were bad, the last one 503 from ${shop.url}.`,
    `#1 was of ${was}.`,
    DATA,
    BACK,
    '#3 (v1) is live.',
  ]);
});

scenario('The log of a bad version is read while its instances are still there', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, v2IsBad);
  const { application } = shop;
  const logOf = (tag: string) => [{ ts: '2100-01-01T00:00:00.000Z', msg: tag, instance_id: 'i' }];
  application.logs = logOf('out of memory');
  letRollback(nodion, life(['created', 0], ['available', 5_000]));
  nodion.afterAnswering = () => {
    const [, back] = nodion.triggered;
    if (back && nodion.liveDeployment(application) === back)
      application.logs = logOf('all is well');
  };
  const run = await deploy(application, { inputs: { ...shop.inputs, ...rollback } });
  expect(run.outputs.rolled_back).toBe('true');
  for (const text of [run.log, renderSummary(run.summary).text]) {
    expect(text).toContain('out of memory');
    expect(text).not.toContain('all is well');
  }
});

scenario('A good version is not rolled back', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, () => 200);
  const run = await deploy(shop.application, { inputs: { ...shop.inputs, ...rollback } });
  expect(run.exitCode).toBe(0);
  expect(triggers(nodion)).toEqual(['v2']);
  // Once before the trigger.
  expect(shop.server.checks).toHaveLength(4);
  expect(run.outputs).toMatchObject({ rolled_back: '', rollback_deploy_number: '' });
  expect(annotations(run, 'warning')).toEqual([]);
});

scenario('Without `rollback` a bad version stays live', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, v2IsBad);
  const run = await deploy(shop.application, { inputs: shop.inputs });
  expect(run.exitCode).toBe(1);
  expect(triggers(nodion)).toEqual(['v2']);
  // None before the trigger.
  expect(shop.server.checks[0]?.at).toBeGreaterThan(nodion.triggered[0]?.triggeredAt ?? 0);
  expect(errorLines(run).join()).not.toContain('ollback');
});

/** A case in which nothing but ours is triggered. */
interface Forbidden {
  readonly given?: Partial<FakeApplication>;
  readonly inputs?: Record<string, string>;
  readonly prepare?: (stage: Stage, shop: Shop) => void;
  readonly reply?: (tag: string, check: RecordedCheck) => Reply;
  /** The lines of the error; BAD is the count of bad answers and the last one. */
  readonly lines: readonly string[];
  readonly warning?: string;
  readonly triggered?: readonly string[];
}

const WAS_THERE =
  'The application was there before: it may have been deleted, or the key or a gateway may lack this endpoint.';
const UNHEALTHY = [`${NOT_HEALTHY} BAD`, EXPECTED];
const rollout = { image_tag: 'v2', verify_rollout: 'true', health_url: '', health_timeout: '' };

/** Nothing to go back to, because the deployment before is not as usual. */
function nothingToGoBackTo(old: Partial<FakeDeployment>, why: string): Forbidden {
  const nothing = `there is nothing to go back to: ${why}`;
  return {
    prepare: (_, { application }) => Object.assign(application.deployments[0] ?? {}, old),
    lines: [...UNHEALTHY, `No rollback: ${nothing}`, '#2 (v2) is live.'],
    warning: `${nothing} If a deployment of this step turns out bad, it stays live.`,
  };
}

const FORBIDDEN: Record<string, Forbidden> = {
  'it failed': {
    given: life(['created', 0], ['failed', 500]),
    lines: [
      'Application shop: Deployment #2 failed after ….',
      "Its deployment log is in Nodion's dashboard.",
      'Usually the tag does not exist, or Nodion may not pull from the registry.',
      'No rollback: the deployment was not seen to go live.',
      '#1 (v1) is still live.',
    ],
  },
  'it expired': {
    given: life(['created', 0], ['expired', 500]),
    lines: [
      'Application shop: Deployment #2 expired after …: it never went live.',
      "Deploy again, or look at it in Nodion's dashboard.",
      'No rollback: the deployment was not seen to go live.',
      '#1 (v1) is still live.',
    ],
  },
  'it is not live at the timeout': {
    given: life(['waiting', 0]),
    inputs: { timeout: '4s' },
    lines: [
      'Application shop: Deployment #2 was still "waiting" when the 4 s timeout expired.',
      'The deployment goes on at Nodion, where nothing can cancel it: follow it in the dashboard.',
      'If it often takes longer, raise `timeout`.',
      'No rollback: the deployment was not seen to go live.',
      '#1 (v1) is still live.',
    ],
  },
  'sight of it is lost before it is live': {
    given: life(['waiting', 0]),
    prepare: ({ nodion }) =>
      nodion.fail({ on: LIST, afterTrigger: true, times: 99, fault: answer(404)(false) }),
    lines: [
      'Application shop: Deployment #2 was "waiting" when it could no longer be read.',
      'Nodion answered 404 to GET /applications/:id/deployments.',
      WAS_THERE,
      'No rollback: the deployment was not seen to go live.',
      'When it was last seen, #1 (v1) was live; it is not known what is live now.',
    ],
  },
  'it is of another tag than asked for': {
    prepare: ({ nodion }, { application }) => {
      nodion.afterAnswering = (endpoint) => {
        const [newest] = application.deployments;
        if (endpoint === TRIGGER && newest) newest.image_reference = 'docker.io/shop:v9';
      };
    },
    reply: (tag) => (tag === 'v1' ? 200 : 503),
    lines: [
      'Application shop: Deployment #2 went live, but has tag "v9", not "v2" (`image_tag`).',
      'Nodion was asked for that tag and deployed another: check the application in its dashboard.',
      'No rollback: it is for bad health, not for another commit or tag.',
      '#2 (v9) is live.',
    ],
  },
  'it is unknown whether it was made': {
    prepare: ({ nodion }) => nodion.fail({ on: TRIGGER, times: 9, fault: answer(421)(false) }),
    lines: [
      'Application shop: The trigger was not answered as documented.',
      'ERROR',
      'A deployment may have been made and be in progress.',
      "Look for number 2 or above in Nodion's dashboard before you trigger again.",
      'No rollback: it is unknown whether a deployment was made.',
      '#1 (v1) is still live.',
    ],
  },
  'the application was bad before': {
    reply: () => 503,
    lines: [
      ...UNHEALTHY,
      'No rollback: the application was not healthy before either: 503 from URL.',
      '#2 (v2) is live.',
    ],
    warning:
      'it is not healthy now: 503 from URL. If a deployment of this step turns out bad, it stays live.',
  },
  'nothing was live before': nothingToGoBackTo(
    life(['failed', 0]),
    'no earlier deployment is known to have been live.',
  ),
  'the same tag was live before': nothingToGoBackTo(
    { image_reference: `docker.io/shop:v2@sha256:${'0'.repeat(64)}` },
    '#1, which was live before, is of the same tag, v2.',
  ),
  'the version before says a digest only': nothingToGoBackTo(
    { image_reference: `docker.io/shop@sha256:${'0'.repeat(64)}` },
    '#1, which was live before, says no tag that can be deployed.',
  ),
  'the version before says no tag that a trigger takes': nothingToGoBackTo(
    { image_reference: 'docker.io/shop:v 1' },
    '#1, which was live before, says no tag that can be deployed.',
  ),
  'the version before is of another image': {
    ...nothingToGoBackTo(
      { image_reference: 'docker.io/oldshop:v1' },
      '#1, which was live before, is of another image, docker.io/oldshop:v1.',
    ),
    // What is deployed is known only afterwards.
    warning: '',
  },
  'the instances are answered 403': {
    inputs: rollout,
    prepare: ({ nodion }) => nodion.fail({ on: INSTANCES, times: 99, fault: answer(403)(false) }),
    lines: [
      "Application shop: Deployment #2 went live, but its rollout can't be checked.",
      'Nodion answered 403 to GET /applications/:id/instances.',
      'Check the key behind `api_key`: its scopes must cover this request, and it must belong to the project (for a user API key, see `project_id`).',
      'No rollback: the rollout could not be checked.',
      '#2 (v2) is live.',
    ],
  },
  'the instances are answered 404': {
    inputs: rollout,
    prepare: ({ nodion }) => nodion.missing.add(INSTANCES),
    lines: [
      "Application shop: Deployment #2 went live, but its rollout can't be checked.",
      'Nodion answered 404 to GET /applications/:id/instances: Not found.',
      WAS_THERE,
      'No rollback: the rollout could not be checked.',
      '#2 (v2) is live.',
    ],
  },
  'the instances can’t be read up to the timeout': {
    inputs: { ...rollout, timeout: '20s' },
    prepare: ({ nodion }) => nodion.fail({ on: INSTANCES, times: 999, fault: answer(503)(false) }),
    lines: [
      'Application shop: Deployment #2 went live, but its rollout could not be checked when the 20 s timeout expired.',
      'The last read failed: HOST answered 503 to GET /applications/:id/instances.',
      "Look at the application in Nodion's dashboard.",
      'No rollback: the rollout could not be checked.',
      '#2 (v2) is live.',
    ],
  },
  'it was triggered by another step': {
    inputs: { reuse_existing: 'true' },
    prepare: ({ nodion }, { application }) => {
      const inProgress = life(['waiting', 0], ['available', 20_000]);
      nodion.addDeployment(application, { image_tag: 'v2', ...inProgress });
    },
    lines: [
      ...UNHEALTHY,
      'No rollback: this step did not trigger the deployment.',
      '#2 (v2) is live.',
    ],
    triggered: [],
  },
  'no answer of `stable_for` was bad up to the timeout': {
    inputs: { timeout: '6s', stable_for: '6s' },
    reply: () => 200,
    lines: [
      'Application shop: Deployment #2 is live, but the 6 s timeout expired before it was known to be stable for 6 s.',
      'Raise `timeout`, if it often takes longer.',
      'No rollback: it is not certain that the deployment is bad.',
      '#2 (v2) is live.',
    ],
  },
};

for (const [why, forbidden] of Object.entries(FORBIDDEN)) {
  scenario(`Nothing is rolled back when ${why}`, async (stage) => {
    const { nodion, deploy } = stage;
    const shop = await addShop(stage, forbidden.reply ?? v2IsBad, forbidden.given);
    forbidden.prepare?.(stage, shop);
    const run = await deploy(shop.application, {
      inputs: { ...shop.inputs, ...rollback, ...forbidden.inputs },
    });
    expect(run.exitCode).toBe(1);
    expect(triggers(nodion)).toEqual(forbidden.triggered ?? ['v2']);
    expect(run.outputs).toMatchObject({ rolled_back: '', rollback_deploy_number: '' });
    const bad = `N of N answers were bad, the last one 503 from ${shop.url}.`;
    expect(errorLines(run)).toEqual(
      forbidden.lines.map((line) =>
        line === 'ERROR'
          ? expect.stringContaining('421')
          : line
              .replace('BAD', bad)
              .replace('URL', shop.url)
              .replace('HOST', new URL(nodion.url).host),
      ),
    );
    const warning = forbidden.warning?.replace('URL', shop.url);
    expect(annotations(run, 'warning')).toEqual(warning ? [`Application shop: ${warning}`] : []);
  });
}

scenario('Nothing is rolled back for instances that do not say what they run', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, () => 200);
  const instances = [{ id: 'i', name: 'web-1', status: 'online', deployment: null }];
  nodion.fail({ on: INSTANCES, times: 99, fault: answer(200, { instances })(false) });
  const run = await deploy(shop.application, {
    inputs: { ...rollout, ...rollback, timeout: '20s' },
  });
  expect(run.exitCode).toBe(1);
  expect(triggers(nodion)).toEqual(['v2']);
  const lines = errorLines(run);
  expect(lines[1]).toBe('Missing: instance web-1 does not say which deployment it runs.');
  expect(lines.at(-2)).toBe('No rollback: the rollout could not be checked.');
});

for (const [end, live] of [
  ['waiting', '#2 (v2) is live.'],
  ['available', '#3 (v3) is live.'],
] as const) {
  scenario(`Nothing is rolled back when a newer deployment is ${end}`, async (stage) => {
    const { nodion, deploy } = stage;
    let asked = 0;
    const shop = await addShop(stage, (tag) => {
      if (tag === 'v1') return 200;
      asked += 1;
      if (asked === 3) {
        nodion.addDeployment(shop.application, { status: end, image_tag: 'v3' });
      }
      return 503;
    });
    const run = await deploy(shop.application, { inputs: { ...shop.inputs, ...rollback } });
    expect(run.exitCode).toBe(1);
    expect(triggers(nodion)).toEqual(['v2']);
    expect(errorLines(run).slice(2)).toEqual([
      'No rollback: #3, which is newer, has appeared.',
      live,
    ]);
    expect(run.outputs.rolled_back).toBe('');
  });
}

scenario('A Git-based application can’t be rolled back: nothing is triggered', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, () => 200);
  const site = nodion.addApplication({ name: 'site' });
  const run = await deploy(null, {
    inputs: {
      ...rollback,
      application_id: `${shop.application.id}\n${site.id}`,
      health_url: `${shop.url}\n${shop.url}`,
    },
  });
  expect(run.exitCode).toBe(1);
  expect(triggers(nodion)).toEqual([]);
  const lines = errorLines(run);
  expect(lines[0]).toMatch(/`rollback/);
  expect(lines[0]).toMatch(/\bsite\b.*Git-based/);
  expect(lines.at(-1)).toBe('Nothing was triggered.');
});

interface Cancelled {
  readonly given?: Partial<FakeApplication>;
  readonly inputs?: Record<string, string>;
  readonly reply?: (tag: string) => Reply;
  readonly faults?: readonly ScriptedFault[];
  readonly when: (nodion: FakeNodion, shop: Shop) => boolean;
  readonly triggered: readonly string[];
  readonly lines: readonly string[];
  readonly rolledBack?: string;
}

const GOES_ON =
  'The deployment goes on at Nodion, where nothing can cancel it: follow it in the dashboard.';
const CANCELLED_NO_ROLLBACK = 'No rollback: the step was cancelled.';
const WAS_TO_GO_BACK =
  'It was meant to restore docker.io/shop:v1 (#1), because deployment #2 was not healthy: BAD';

/** How often the deployments were read after so many triggers. */
function pollsAfter(triggered: number, nodion: FakeNodion): number {
  const [last] = nodion.requestsTo(TRIGGER).slice(triggered - 1);
  const from = last ? nodion.requests.indexOf(last) : Infinity;
  return nodion.requests.filter(({ endpoint }, index) => endpoint === LIST && index > from).length;
}

const CANCELLED: Record<string, Cancelled> = {
  'before the trigger': {
    faults: [{ on: LIST, fault: { kind: 'hang', carriedOut: false } }],
    when: (nodion) => nodion.requestsTo(LIST).length === 1,
    triggered: [],
    lines: ['The step was cancelled before anything was triggered.'],
  },
  'during the health check before the trigger': {
    reply: () => 'hang',
    when: (_, { server }) => server.checks.length === 1,
    triggered: [],
    lines: ['The step was cancelled before anything was triggered.', '#1 (v1) is live.'],
  },
  'during the trigger': {
    faults: [{ on: TRIGGER, fault: { kind: 'hang', carriedOut: true } }],
    when: (nodion) => nodion.triggered.length === 1,
    triggered: ['v2'],
    lines: [
      'Application shop: The step was cancelled after deployment #2 went live, before everything was checked.',
      'Check it yourself.',
      CANCELLED_NO_ROLLBACK,
      '#2 (v2) is live.',
    ],
  },
  'while it is in progress': {
    given: life(['waiting', 0]),
    when: (nodion) => pollsAfter(1, nodion) === 2,
    triggered: ['v2'],
    lines: [
      'Application shop: The step was cancelled while deployment #2 was "waiting".',
      GOES_ON,
      CANCELLED_NO_ROLLBACK,
      '#1 (v1) is still live.',
    ],
  },
  'during its health check': {
    when: (_, { server }) => server.checks.length >= 3,
    inputs: { health_timeout: '1m' },
    triggered: ['v2'],
    lines: [
      'Application shop: The step was cancelled after deployment #2 went live, before everything was checked.',
      'Check it yourself.',
      CANCELLED_NO_ROLLBACK,
      '#2 (v2) is live.',
    ],
  },
  'during `stable_for`': {
    reply: () => 200,
    inputs: { stable_for: '1m' },
    when: (_, { server }) => server.checks.length >= 6,
    triggered: ['v2'],
    lines: [
      'Application shop: The step was cancelled after deployment #2 went live, before everything was checked.',
      'Check it yourself.',
      CANCELLED_NO_ROLLBACK,
      '#2 (v2) is live.',
    ],
  },
  'during the trigger of the rollback': {
    faults: [{ on: TRIGGER, skip: 1, fault: { kind: 'hang', carriedOut: true } }],
    when: (nodion) => nodion.triggered.length === 2,
    triggered: ['v2', 'v1'],
    lines: [
      'Application shop: The step was cancelled after deployment #3 went live, before everything was checked.',
      'Check it yourself.',
      WAS_TO_GO_BACK,
      DATA,
      FAILED,
      '#3 (v1) is live.',
    ],
    rolledBack: 'false',
  },
  'while the rollback is in progress': {
    when: (nodion) => pollsAfter(2, nodion) === 2,
    triggered: ['v2', 'v1'],
    lines: [
      'Application shop: The step was cancelled while deployment #3 was "waiting".',
      GOES_ON,
      WAS_TO_GO_BACK,
      DATA,
      FAILED,
      '#2 (v2) is still live.',
    ],
    rolledBack: 'false',
  },
  'during the health check of the rollback': {
    inputs: { health_successes: '99', health_timeout: '30s' },
    when: (_, shop) => shop.server.checks.some(({ at }) => liveAt(shop, at) === 3),
    triggered: ['v2', 'v1'],
    lines: [
      'Application shop: The step was cancelled after deployment #3 went live, before everything was checked.',
      'Check it yourself.',
      WAS_TO_GO_BACK,
      DATA,
      FAILED,
      '#3 (v1) is live.',
    ],
    rolledBack: 'false',
  },
};

for (const [when, cancelled] of Object.entries(CANCELLED)) {
  const name = `A step cancelled ${when} triggers nothing more`;
  scenario(name, async (stage) => {
    const { nodion, cancelWhen, deploy } = stage;
    const shop = await addShop(stage, cancelled.reply ?? v2IsBad, cancelled.given);
    if (when === 'while the rollback is in progress') letRollback(nodion, life(['waiting', 0]));
    nodion.fail(...(cancelled.faults ?? []));
    const run = await deploy(shop.application, {
      inputs: {
        ...shop.inputs,
        health_timeout: '1s',
        poll_interval: '0.3s',
        log_lines: '0',
        ...rollback,
        ...cancelled.inputs,
      },
      ...cancelWhen(() => cancelled.when(nodion, shop)),
    });
    expect(run.exitCode).toBe(1);
    expect(triggers(nodion)).toEqual(cancelled.triggered);
    expect(run.outputs.rolled_back ?? '').toBe(cancelled.rolledBack ?? '');
    const what = cancelled.rolledBack ? 'Rollback' : 'Step';
    expect(titleOf(run)).toEqual({ title: `${what} cancelled` });
    const bad = `N of N answers were bad, the last one 503 from ${shop.url}.`;
    expect(errorLines(run)).toEqual(cancelled.lines.map((line) => line.replace('BAD', bad)));
  });
}

scenario('Bad answers before a good last one are no proof, and it says so', async (stage) => {
  const { nodion, deploy } = stage;
  let ofV2 = 0;
  const shop = await addShop(stage, (tag) => {
    if (tag === 'v2') ofV2 += 1;
    return tag === 'v2' && ofV2 < 4 ? 503 : 200;
  });
  const run = await deploy(shop.application, {
    inputs: { ...shop.inputs, ...rollback, health_timeout: '4.5s' },
  });
  expect(triggers(nodion)).toEqual(['v2']);
  expect(run.outputs).toMatchObject({ reason: 'unhealthy', rolled_back: '' });
  expect(errorLines(run)).toContain(
    'No rollback: the last answer was good, so it may just have become healthy too late.',
  );
});

scenario('The wait for a rollback counts, though it made no deployment', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, (tag) => (tag === 'v2' ? 503 : 200));
  nodion.fail({ on: TRIGGER, skip: 1, times: 9, fault: answer(502)(false) });
  const run = await deploy(shop.application, { inputs: { ...shop.inputs, ...rollback } });
  expect(run.outputs).toMatchObject({ rolled_back: 'false', reason: 'rollback_failed' });
  const seconds = Number(run.outputs.duration_seconds);
  expect(seconds).toBeGreaterThan(18);
  expect(seconds).toBeLessThan(run.durationMs / 1_000 + 0.1);
  expect(run.summary).not.toContain('Took –');
});
