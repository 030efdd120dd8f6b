import type { Clock } from './clock.ts';
import { answer } from './faults.ts';
import type { FakeNodion } from './nodion/server.ts';
import type { FakeApplication } from './nodion/state.ts';
import { PAYLOADS } from './payloads.ts';
import type { StepRun } from './runner.ts';
import { onStage, type Stage } from './stage.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Steps of every kind of end, whose job summaries are looked at: by a test, and for the README. */

const MINUTE_MS = 60_000;
const OLD_SHA = '3b18e512dba79e4c8300dd08aeb37f8e728b8dad';
const WORKFLOW_SHA = 'ffac537e6cbbf934b08745a378932722df287a53';
const commit = {
  git_sha: WORKFLOW_SHA,
  commit_message: 'Show prices with VAT in the cart and in order confirmations (#482)',
  committer_name: 'Ada Lovelace',
};
const git: Partial<FakeApplication> = { name: 'shop', head: commit };
const image: Partial<FakeApplication> = {
  name: 'shop',
  deployment_strategy: 'prebuilt_image',
  image_name: 'acme/shop',
};

type Phases = readonly (readonly [status: string, afterMs: number])[];

function life(...phases: Phases): Pick<FakeApplication, 'life'> {
  return { life: phases.map(([status, afterMs]) => ({ status, afterMs })) };
}

const LIVE = life(['created', 0], ['waiting', 4_300], ['available', 34_500]);
const FAILED = life(['created', 0], ['waiting', 5_100], ['failed', 48_000]);

/** An application of which #11 is live since long. */
function addLive(
  nodion: FakeNodion,
  given: Partial<FakeApplication>,
  live: { git_sha?: string; image_tag?: string },
): FakeApplication {
  const application = nodion.addApplication({ ...given });
  for (let old = 0; old < 10; old += 1) nodion.addDeployment(application, { status: 'expired' });
  const last = nodion.addDeployment(application, { status: 'available', ...live });
  for (const deployment of application.deployments) deployment.triggeredAt -= 600 * MINUTE_MS;
  last.commit_message = 'Add a cart';
  return application;
}

const addGit = (nodion: FakeNodion, given: Partial<FakeApplication>) =>
  addLive(nodion, { ...git, ...given }, { git_sha: OLD_SHA });
const addImage = (nodion: FakeNodion, given: Partial<FakeApplication>) =>
  addLive(nodion, { ...image, ...given }, { image_tag: 'v1.9.0' });

const ERRORS = [
  'Listening on :8080',
  'GET /health 200 3 ms',
  'prisma:error Invalid `prisma.order.findMany()` invocation in /app/dist/orders.js:41:27',
  'PrismaClientKnownRequestError: The column `orders.vat_rate` does not exist in the current database.',
  '    at In.handleRequestError (/app/node_modules/@prisma/client/runtime/library.js:121:7177)',
  '    at async listOrders (file:///app/dist/orders.js:41:18)',
  '{"level":"error","pid":17,"reqId":"req-5q","req":{"method":"GET","url":"/orders?page=1"},"err":{"code":"P2022"},"msg":"request errored"}',
  '<b>GET</b> /orders?page=1 500 41 ms',
];

function logs(count: number): Pick<FakeApplication, 'logs'> {
  return {
    logs: Array.from({ length: count }, (_, index) => ({
      ts: new Date(Date.UTC(2100, 0, 1, 19, 3, 41) + index * 130).toISOString(),
      msg: ERRORS[index % ERRORS.length] ?? '',
      instance_id: 'i',
    })),
  };
}

/** A server of an application that is bad while `tag` is live. */
async function serveBad(
  { nodion, serve }: Stage,
  application: FakeApplication,
  isBad: (tag: string) => boolean,
) {
  const server = await serve(() => {
    const { image_reference } = nodion.liveDeployment(application) ?? {};
    return isBad(image_reference?.split(':').at(-1) ?? '') ? 503 : 200;
  });
  return { image_tag: 'v2.0.0', health_url: `${server.url}/up` };
}

const idsOf = (applications: readonly FakeApplication[]) => applications.map(({ id }) => id).join();

/** By the name of the end. */
export const SITUATIONS: Readonly<Record<string, (stage: Stage) => Promise<StepRun>>> = {
  'live, rolled out, healthy and stable': async (stage) => {
    const { nodion, deploy } = stage;
    const application = addImage(nodion, { ...LIVE, instance_amount: 3, instanceChangeMs: 12_000 });
    const inputs = await serveBad(stage, application, () => false);
    return await deploy(application, {
      inputs: { ...inputs, verify_rollout: 'true', stable_for: '20s', poll_interval: '3s' },
    });
  },
  'live after 45 minutes': ({ nodion, deploy }) => {
    const slow = life(['created', 0], ['waiting', 137_000], ['available', 45 * MINUTE_MS]);
    return deploy(addGit(nodion, slow), {
      inputs: { expected_sha: WORKFLOW_SHA, timeout: '1h', poll_interval: '60s' },
    });
  },
  'failed, with a log': ({ nodion, deploy }) => deploy(addGit(nodion, { ...FAILED, ...logs(60) })),
  'rolled back': async (stage) => {
    const application = addImage(stage.nodion, { ...LIVE, ...logs(18) });
    const inputs = await serveBad(stage, application, (tag) => tag === 'v2.0.0');
    return await stage.deploy(application, {
      inputs: { ...inputs, health_timeout: '30s', rollback: 'true' },
    });
  },
  'a rollback that failed': async (stage) => {
    const { nodion } = stage;
    const application = addImage(nodion, LIVE);
    const inputs = await serveBad(stage, application, (tag) => tag === 'v2.0.0');
    nodion.beforeRecording = (of) => {
      if (nodion.triggered.length === 1) Object.assign(of, life(['created', 0], ['failed', 9_000]));
    };
    return await stage.deploy(application, {
      inputs: { ...inputs, health_timeout: '30s', rollback: 'true' },
    });
  },
  '30 failures of 40': ({ nodion, deploy }) => {
    const applications = Array.from({ length: 40 }, (_, index) =>
      addGit(nodion, {
        name: `service-${String(index + 1).padStart(2, '0')}`,
        ...life(
          ['created', 0],
          ['waiting', 4_000],
          [index % 4 === 0 ? 'available' : 'failed', 20_000 + index * 1_000],
        ),
        ...logs(50),
      }),
    );
    return deploy(null, {
      inputs: { application_id: idsOf(applications), poll_interval: '5s' },
    });
  },
  'one failure of four, two of one name': ({ nodion, deploy }) => {
    const names = ['shop', 'shop', 'a-shop-with-a-rather-long-name', 'WWWWWWWWWWWWWWWW'];
    const applications = names.map((name, index) =>
      addImage(nodion, {
        name,
        image_name: `acme/${index}`,
        ...(index === 1 ? { ...FAILED, ...logs(4) } : LIVE),
      }),
    );
    return deploy(null, {
      inputs: { application_id: idsOf(applications), image_tag: 'v2.0.0' },
    });
  },
  'a rollout that was halted': ({ nodion, deploy }) => {
    const applications = Array.from({ length: 12 }, (_, index) =>
      addImage(nodion, {
        name: `shop-${index + 1}`,
        image_name: 'acme/shop',
        ...(index === 3 ? { ...FAILED, ...logs(8) } : LIVE),
      }),
    );
    return deploy(null, {
      inputs: {
        ...{ application_id: idsOf(applications), image_tag: 'v2.0.0' },
        ...{ max_parallel: '3', fail_fast: 'true' },
      },
    });
  },
  'an input that does not fit': ({ nodion, deploy }) =>
    deploy(addGit(nodion, {}), { inputs: { image_tag: 'v2.0.0' } }),
  'eight live': ({ nodion, deploy }) => {
    const applications = Array.from({ length: 8 }, (_, index) =>
      addGit(nodion, {
        name: `店铺 ${index}`,
        ...life(
          ['created', 0],
          ['waiting', 1_000 + index * 700],
          ['available', 3_000 * (index + 2)],
        ),
      }),
    );
    return deploy(null, { inputs: { application_id: idsOf(applications) } });
  },
  'a refused trigger': ({ nodion, deploy }) => {
    nodion.fail({
      on: 'POST /applications/:id/deployments',
      fault: answer(422, { errors: ['Branch is gone'] })(false),
    });
    return deploy(addGit(nodion, {}));
  },
  'not waited for': ({ nodion, deploy }) =>
    deploy(addGit(nodion, LIVE), { inputs: { wait: 'false' } }),
  'timed out': ({ nodion, deploy }) =>
    deploy(addGit(nodion, life(['created', 0], ['waiting', 5_000])), { inputs: { timeout: '1m' } }),
  cancelled: ({ nodion, deploy, clock, cancelWhen }) => {
    const startedAt = clock.now();
    return deploy(addGit(nodion, life(['created', 0], ['waiting', 5_000])), {
      ...cancelWhen(() => clock.now() - startedAt > 30_000),
    });
  },
  'what others wrote': ({ nodion, deploy }) => {
    const applications = PAYLOADS.slice(0, 7).map((payload) =>
      nodion.addApplication({
        name: payload,
        head: { git_sha: payload, commit_message: payload, committer_name: payload },
        logs: [{ ts: '2100-01-01T00:00:00.000Z', msg: payload, instance_id: payload }],
        ...life(['created', 0], [payload, 3_000], ['failed', 9_000]),
      }),
    );
    return deploy(null, { inputs: { application_id: idsOf(applications) } });
  },
  'a dry run': ({ nodion, deploy }) => deploy(addGit(nodion, {}), { inputs: { dry_run: 'true' } }),
  'a list': ({ nodion, run }) => {
    for (const name of ['shop-eu', 'shop-us', 'a-shop-with-a-rather-long-name', 'docs']) {
      nodion.addApplication({ name });
    }
    return run({ action: 'list-applications', inputs: { name: '*shop*' } });
  },
  'a creation': ({ run }) =>
    run({
      action: 'create-application',
      inputs: {
        ...{ name: 'shop', region_id: '428d037e-9ba6-4dab-92bd-8d816c523126' },
        ...{ instance_type_id: 'ccdcd297-702b-4f51-ad21-7ca481c08920', integration_id: 'i' },
        ...{ repository_id: 'r', branch_id: 'b' },
      },
    }),
};

/** The job summary of a situation, played in no time, or by another clock. */
export async function playSituation(
  name: string,
  clock: Clock = new VirtualClock(),
): Promise<string> {
  const play = SITUATIONS[name];
  if (!play) throw new Error(`No situation is called ${name}`);
  const { summary } = await onStage(clock, play);
  return summary;
}
