import fc from 'fast-check';
import type { Reply } from './application-server.ts';
import type { Clock } from './clock.ts';
import { answer, FAULTS } from './faults.ts';
import type { Fault } from './nodion/faults.ts';
import type { Endpoint, FakeApplication, FakeDeployment } from './nodion/state.ts';
import { annotations, onStage, type Stage } from './stage.ts';

const LIST: Endpoint = 'GET /applications/:id/deployments';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';
const ENDPOINTS: readonly Endpoint[] = [
  'GET /applications/:id',
  LIST,
  TRIGGER,
  'GET /applications/:id/logs',
  'GET /applications/:id/domains',
];
const SHA = 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e';
const OTHER_SHA = 'ffac537e6cbbf934b08745a378932722df287a53';
const TAG = 'v2';
const OLD_TAG = 'v1';
const HOUR_MS = 3_600_000;

const ALL_FAULTS = {
  ...FAULTS,
  hang: (carriedOut: boolean) => ({ kind: 'hang', carriedOut }) as const,
  stall: (carriedOut: boolean) => ({ kind: 'stall', carriedOut }) as const,
  'close without a byte': (carriedOut: boolean): Fault => ({
    kind: 'wire',
    write: (socket) => socket.end(),
    carriedOut,
  }),
  '202, not JSON': answer(202, 'Accepted'),
  '421': answer(421),
  'refusal 400': () => answer(400, { errors: ['no'] })(false),
  'refusal 401': () => answer(401)(false),
  'refusal 403': () => answer(403)(false),
  'refusal 404': () => answer(404)(false),
  'refusal 409': () => answer(409)(false),
};

const fault = fc.record({
  on: fc.constantFrom(...ENDPOINTS),
  name: fc.constantFrom(...(Object.keys(ALL_FAULTS) as (keyof typeof ALL_FAULTS)[])),
  carriedOut: fc.boolean(),
  skip: fc.integer({ min: 0, max: 3 }),
  times: fc.integer({ min: 1, max: 3 }),
});

/** One answer of a gateway with a wrong clock. */
const wrongDate = fc.record({
  on: fc.constantFrom(...ENDPOINTS),
  status: fc.constantFrom(429, 502),
  aheadMs: fc.constantFrom(-60_000, 3_000, 60_000),
  skip: fc.integer({ min: 0, max: 3 }),
});

/** Somebody else deploys, some time after a request: what we deploy, or another commit or tag. */
const actor = fc.record({
  on: fc.constantFrom(LIST, TRIGGER),
  skip: fc.integer({ min: 0, max: 3 }),
  delayMs: fc.integer({ min: 0, max: 6_000 }),
  isSame: fc.boolean(),
  end: fc.constantFrom('available', 'failed', 'waiting'),
});

const SLOW_MS = 2_000;
const GOOD_IN_A_ROW = '2';

/** How each version answers health checks, and what follows from it. */
const health = fc.record({
  ours: fc.constantFrom('healthy', 'slow', 'dead', 'dead'),
  old: fc.constantFrom('healthy', 'healthy', 'slow', 'dead'),
  others: fc.constantFrom('healthy', 'dead'),
  deadReply: fc.constantFrom<Reply[]>(503, 302, 'reset', 'hang'),
  healthSeconds: fc.integer({ min: 3, max: 12 }),
  stableSeconds: fc.constantFrom(0, 0, 3),
});

/** A deployment to some end, within some time, with some faults and other actors on the way. */
const scenario = {
  isImage: fc.boolean(),
  isMatched: fc.boolean(),
  wait: fc.constantFrom(true, true, true, false),
  end: fc.constantFrom('available', 'available', 'failed', 'expired', 'waiting', 'gone'),
  endAfterMs: fc.integer({ min: 1, max: 10_000 }),
  timeoutSeconds: fc.integer({ min: 5, max: 40 }),
  faults: fc.array(fault, { maxLength: 5 }),
  actors: fc.array(actor, { maxLength: 2 }),
  /** One list that hides what is new; more would hide it for longer than is searched. */
  oldList: fc.option(fc.record({ isEmpty: fc.boolean(), skip: fc.integer({ min: 0, max: 4 }) })),
  etags: fc.constantFrom(false, true, 'constant' as const),
  hasDate: fc.boolean(),
  gatewaySkewMs: fc.integer({ min: -5_000, max: 5_000 }),
  wrongDates: fc.array(wrongDate, { maxLength: 2 }),
  /** How long after an answer a gateway closes the connection, whatever is under way on it. */
  closeAfterMs: fc.option(fc.integer({ min: 0, max: 2_000 }), { freq: 1 }),
  rateLimit: fc.option(
    fc.record({
      requests: fc.integer({ min: 2, max: 20 }),
      perMs: fc.integer({ min: 500, max: 10_000 }),
      hasRetryAfter: fc.boolean(),
    }),
    { freq: 3 },
  ),
  hasRollback: fc.constant(false),
  health: fc.option(health, { freq: 2 }),
};

/** A rollback needs an image, a wait, and a deployment that goes live with time to spare. */
const withRollback = {
  ...scenario,
  isImage: fc.constant(true),
  wait: fc.constant(true),
  end: fc.constantFrom('available', 'available', 'available', 'available', 'failed'),
  timeoutSeconds: fc.integer({ min: 15, max: 40 }),
  faults: fc.array(fault, { maxLength: 2 }),
  actors: fc.array(actor, { maxLength: 1 }),
  hasRollback: fc.constant(true),
  health,
};

export const randomScenario = fc.oneof(
  { arbitrary: fc.record(scenario), weight: 2 },
  { arbitrary: fc.record(withRollback), weight: 1 },
);

export type RandomScenario = typeof randomScenario extends fc.Arbitrary<infer T> ? T : never;

/** Start-up and exit of a process on a busy machine. */
const SLACK_MS = 6_000;
/** As old as a list may be that shows no newer deployment, on a busy machine. */
const LIST_AGE_MS = 10_000;

/** Plays a scenario with the bundle. @throws Error that says which promise was broken. */
export async function playRandomScenario(scenario: RandomScenario, stage: Stage): Promise<void> {
  const { isImage, isMatched, wait, timeoutSeconds } = scenario;
  const { nodion, deploy } = stage;
  const { application, old } = setUp(scenario, stage);
  const checks = wait && scenario.health ? await answerChecks(scenario, stage, application) : null;
  const run = await deploy(application, {
    inputs: {
      timeout: `${timeoutSeconds}s`,
      wait: String(wait),
      ...(isMatched && (isImage ? { image_tag: TAG } : { expected_sha: SHA })),
      ...checks?.inputs,
    },
  });
  const isGreen = run.exitCode === 0;
  const followed = application.deployments.find(({ id }) => id === run.outputs.id);
  const isRight =
    !isMatched ||
    (isImage ? followed?.image_reference?.endsWith(`:${TAG}`) : followed?.git_sha === SHA);
  const isLive = followed !== undefined && nodion.statusOf(followed) === 'available';
  const errors = annotations(run, 'error').length;
  const steps = checks?.inputs.rollback ? 2 : 1;
  const longestMs = (steps * (timeoutSeconds + 1) + 5) * 1_000 + SLACK_MS;
  const { id, triggered, deployments, healthy, rolled_back } = run.outputs;
  // When ours is lost, another's of the same tag passes for it.
  const isMistaken = rolled_back && followed && !nodion.triggered.includes(followed);
  const [ours, back, ...more] = isMistaken ? [followed, ...nodion.triggered] : nodion.triggered;
  const isBackLive = back !== undefined && nodion.statusOf(back) === 'available';
  const broken = [
    more.length > 0 && `${nodion.triggered.length} deployments were made`,
    back && !checks?.inputs.rollback && 'two deployments were made',
    back &&
      ours &&
      checks &&
      whyNoRollback({ application, ours, back, isGood: checks.isGood, stage }),
    rolled_back === 'true' && (isGreen || !isBackLive) && 'said to be rolled back',
    back && !rolled_back && 'rolled back, but not said',
    isGreen && checks && !checks.isGood() && 'green, but not healthy',
    isGreen && healthy !== (checks ? 'true' : '') && `green, but healthy is "${healthy}"`,
    isGreen && wait && !isLive && 'green, but not live',
    isGreen && !isRight && 'green, but of another commit or tag',
    isGreen && !followed && 'green, but nothing was followed',
    id && (!followed || followed === old || followed === back) && 'the id of another deployment',
    triggered === 'false' && nodion.triggered.length > 0 && 'triggered, but not said',
    triggered === 'true' && nodion.requestsTo(TRIGGER).length === 0 && 'said, but not triggered',
    JSON.parse(deployments || '[]').length !== 1 && 'not one deployment in the output',
    errors !== (isGreen ? 0 : 1) && `${errors} errors, exit code ${run.exitCode}`,
    run.durationMs > longestMs && 'past the deadline',
    nodion.mostRequestsAtOnce > 8 && 'more than 8 requests at once',
    run.stderr !== '' && 'something on standard error',
  ].filter(Boolean);
  if (broken.length > 0) throw new Error(`${broken.join('; ')}\n${run.log}`);
}

/** Plays so many scenarios at once, each as `change` makes it. */
export async function playSeveral(
  count: number,
  clock: () => Clock,
  change: (scenario: RandomScenario) => RandomScenario = (scenario) => scenario,
): Promise<void> {
  const several = fc.array(randomScenario, { minLength: count, maxLength: count });
  const plays = fc.asyncProperty(several, async (scenarios) => {
    const play = (one: RandomScenario) =>
      onStage(clock(), (stage) => playRandomScenario(change(one), stage));
    await Promise.all(scenarios.map(play));
  });
  await fc.assert(plays, { numRuns: 1, endOnFailure: true });
}

/** Starts a server that answers by the version that is live, and says how to have it asked. */
async function answerChecks(
  { health: how, hasRollback }: RandomScenario,
  { nodion, serve }: Stage,
  application: FakeApplication,
) {
  if (!how) throw new Error('No health check');
  const replies: { at: number; reply: Reply }[] = [];
  const server = await serve(({ at }) => {
    const live = nodion.liveDeployment(application);
    const kind = live ? how[whose(live)] : 'dead';
    const isSlow = kind === 'slow' && live && at - liveSince(live) < SLOW_MS;
    const reply = kind === 'dead' ? how.deadReply : isSlow ? 503 : 200;
    replies.push({ at, reply });
    return reply;
  });
  return {
    inputs: {
      health_url: `${server.url}/up`,
      health_timeout: `${how.healthSeconds}s`,
      health_successes: GOOD_IN_A_ROW,
      stable_for: `${how.stableSeconds}s`,
      ...(hasRollback && { rollback: 'true' }),
    },
    /** Whether the last reply, or the last before a time, was good. */
    isGood: (before = Infinity) => replies.findLast(({ at }) => at <= before)?.reply === 200,
  };
}

function whose({ image_reference, git_sha }: FakeDeployment): 'ours' | 'old' | 'others' {
  if (image_reference?.endsWith(`:${OLD_TAG}`)) return 'old';
  return image_reference?.endsWith(':v9') || git_sha === OTHER_SHA ? 'others' : 'ours';
}

function liveSince({ triggeredAt, life }: FakeDeployment): number {
  return triggeredAt + (life.find(({ status }) => status === 'available')?.afterMs ?? 0);
}

/** Why `ours` must not have been rolled back by `back`; false when it may. */
function whyNoRollback(options: {
  application: FakeApplication;
  ours: FakeDeployment;
  back: FakeDeployment;
  isGood: (before: number) => boolean;
  stage: Stage;
}): string | false {
  const { application, ours, back, isGood, stage } = options;
  const isNewer = ({ deploy_number, triggeredAt }: FakeDeployment) =>
    deploy_number > ours.deploy_number && triggeredAt < back.triggeredAt - LIST_AGE_MS;
  const wasLive = (one: FakeDeployment) =>
    one.deploy_number < ours.deploy_number &&
    one.image_reference === back.image_reference &&
    stage.nodion.statusOf(one, ours.triggeredAt) === 'available';
  if (stage.nodion.statusOf(ours, back.triggeredAt) !== 'available') return 'rolled back, not live';
  if (!isGood(ours.triggeredAt)) return 'rolled back, though not healthy before';
  if (back.image_reference === ours.image_reference) return 'rolled back to itself';
  if (!application.deployments.some(wasLive)) return 'rolled back to what was not live';
  return application.deployments.some(isNewer) && 'rolled back though a newer one was there';
}

/** An application with an old deployment, and all that is going to happen to it. */
function setUp(scenario: RandomScenario, { nodion, clock }: Stage) {
  const { isImage, end, endAfterMs, oldList, etags, hasDate, rateLimit } = scenario;
  const { gatewaySkewMs, closeAfterMs } = scenario;
  const application = nodion.addApplication({
    ...(isImage && { deployment_strategy: 'prebuilt_image' }),
    life: [
      { status: 'created', afterMs: 0 },
      { status: end, afterMs: endAfterMs },
    ],
  });
  const hourAgo = clock.now() - HOUR_MS;
  const old = nodion.addDeployment(application, {
    status: 'available',
    ...(isImage && scenario.health && { image_tag: OLD_TAG }),
    triggeredAt: hourAgo,
    created_at: new Date(hourAgo).toISOString(),
  });
  Object.assign(nodion, { etags, hasDate, rateLimit, gatewaySkewMs, closeAfterMs });
  if (oldList) {
    const { isEmpty, skip } = oldList;
    nodion.fail({
      on: LIST,
      skip,
      // By its number alone, the old deployment would be a new one.
      afterTrigger: !hasDate,
      fault: isEmpty ? answer(200, { deployments: [] })(false) : { kind: 'stale', ageMs: 3_000 },
    });
  }
  for (const { on, name, carriedOut, skip, times } of scenario.faults) {
    nodion.fail({ on, fault: ALL_FAULTS[name](carriedOut), skip, times });
  }
  for (const { on, status, aheadMs, skip } of scenario.wrongDates) {
    const date = new Date(clock.now() + aheadMs).toUTCString();
    nodion.fail({ on, fault: answer(status, '', { date })(false), skip });
  }
  letOthersAct(scenario, { nodion, clock, application });
  return { application, old };
}

function letOthersAct(
  { actors, isImage }: RandomScenario,
  {
    nodion,
    clock,
    application,
  }: Pick<Stage, 'nodion' | 'clock'> & { application: FakeApplication },
): void {
  const waiting = actors.map((one) => ({ ...one }));
  nodion.afterAnswering = (endpoint) => {
    for (const one of waiting.filter(({ on }) => on === endpoint)) {
      one.skip -= 1;
      if (one.skip !== -1) continue;
      const what = isImage
        ? { image_tag: one.isSame ? TAG : 'v9' }
        : { git_sha: one.isSame ? SHA : OTHER_SHA };
      void clock
        .sleep(one.delayMs)
        .then(() => nodion.addDeployment(application, { ...what, status: one.end }));
    }
  };
}
