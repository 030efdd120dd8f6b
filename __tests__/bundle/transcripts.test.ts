import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { FakeApplication } from '../../fakes/nodion/state.ts';
import type { StepOptions } from '../../fakes/runner.ts';
import type { Stage } from '../../fakes/stage.ts';
import { life, type Staging, scenario } from '../scenario.ts';
import { become, goesLive, script } from '../script.ts';
import { addShop } from '../shop.ts';
import { transcript } from './transcript.ts';

// transcripts.md shows what users see, to be read in a diff. Update it by `npm run jest -- transcripts -u`.
const FILE = '__tests__/bundle/transcripts.md';
const PREFACE = `# What users see

Whole steps with the committed bundle. IDs, ports, times and durations are stand-ins.
`;

const WORKFLOW_SHA = 'ffac537e6cbbf934b08745a378932722df287a53';
const head = {
  git_sha: WORKFLOW_SHA,
  commit_message: 'Show prices with VAT',
  committer_name: 'Ada Lovelace',
};
const shop: Partial<FakeApplication> = { name: 'shop', head, ...life(['created', 0]) };
const image: Partial<FakeApplication> = {
  deployment_strategy: 'prebuilt_image',
  image_name: 'shop/proxy',
  ...life(['created', 0]),
};
const logs = [
  'Listening on port 3000',
  'Connecting to the database',
  'Error: no route to db.internal:5432',
].map((msg, index) => ({ ts: `2100-01-01T12:00:0${index}.000Z`, msg, instance_id: 'i' }));

const committed = new Map<string, string>();
for (const part of readFileSync(FILE, 'utf8').split(/^## /m).slice(1)) {
  const [title = '', ...lines] = part.split('\n');
  committed.set(title, lines.join('\n').trim());
}
const played = new Map<string, string>();
const titles: string[] = [];

/** Long enough for a bar of its own in the summary's diagram, however busy the machine is. */
const slow = { kind: 'delay', ms: 3_000 } as const;

/** Plays the step that `prepare` sets the stage for, and compares what users see of it. */
function session(
  title: string,
  prepare: (stage: Stage) => StepOptions | Promise<StepOptions>,
  staging: Staging = {},
): void {
  titles.push(title);
  scenario(`Users see what transcripts.md shows: ${title}`, staging, async (stage) => {
    const { nodion, run } = stage;
    const options = await prepare(stage);
    nodion.fail({ on: 'POST /applications/:id/deployments', times: 9, fault: slow });
    const finished = await run(options);
    const ids = nodion.applications.flatMap(({ id, deployments }) => [
      id,
      ...deployments.map((deployment) => deployment.id),
    ]);
    const shown = transcript(options, finished, ids);
    played.set(title, shown);
    if (!isUpdating()) expect(shown).toBe(committed.get(title));
  });
}

/** Whether jest runs with `-u`. */
function isUpdating(): boolean {
  const { snapshotState } = expect.getState() as unknown as {
    snapshotState: { _updateSnapshot: 'all' | 'new' | 'none' };
  };
  return snapshotState._updateSnapshot === 'all';
}

session('A Git-based application goes live', ({ nodion }) => {
  const application = nodion.addApplication(shop);
  nodion.addDeployment(application, { status: 'available' });
  return {
    inputs: { application_id: application.id, expected_sha: WORKFLOW_SHA },
    onLog: goesLive(application),
  };
});

session('An image tag goes live, and is healthy', async (stage) => {
  const { application, inputs } = await addShop(stage, (tag, { count }) =>
    count === 1 ? 503 : { status: 200, body: `version ${tag}` },
  );
  return {
    inputs: {
      application_id: application.id,
      ...inputs,
      health_text: 'version v2',
      health_timeout: '2m',
      stable_for: '5s',
    },
  };
});

/** An application whose image is in a registry on this machine, which has v1. */
async function addImage({ nodion, serveRegistry }: Stage) {
  const registry = await serveRegistry();
  registry.push('acme/shop', 'v1');
  const application = nodion.addApplication({
    ...{ ...image, name: 'shop', image_name: 'acme/shop' },
    ...life(['created', 0], ['available', 5_000]),
  });
  nodion.addDeployment(application, { status: 'available', image_tag: 'v1' });
  const { host } = registry;
  const inputs = { application_id: application.id, image_tag: 'v2', verify_image: 'true' };
  return { registry, inputs: { ...inputs, registry: host } };
}

session('An image is waited for, and then deployed', async (stage) => {
  const { registry, inputs } = await addImage(stage);
  registry.push('acme/shop', 'v2', { afterMs: 4_000 });
  return { inputs };
});

session('An image is not in its registry', async (stage) => {
  const { inputs } = await addImage(stage);
  return { inputs: { ...inputs, image_timeout: '0s' } };
});

session('A bad version goes live, and does not stay', async (stage) => {
  const { application, inputs } = await addShop(stage, (tag) => (tag === 'v2' ? 503 : 200), {
    logs,
  });
  return {
    inputs: {
      application_id: application.id,
      ...inputs,
      health_timeout: '20s',
      rollback: 'true',
    },
  };
});

session('An image tag is deployed to three applications, and one fails', ({ nodion }) => {
  const eu = nodion.addApplication({ ...image, name: 'proxy-eu' });
  const us = nodion.addApplication({ ...image, name: 'proxy-us', logs });
  const asia = nodion.addApplication({ ...image, name: 'proxy-asia' });
  return {
    inputs: { application_name: 'proxy-eu\nproxy-us\nproxy-asia', image_tag: 'v2.0.0' },
    onLog: script(
      ['[proxy-asia] Triggered', () => become(eu, 'waiting')],
      ['[proxy-eu] #1 is "waiting"', () => become(us, 'waiting')],
      ['[proxy-us] #1 is "waiting"', () => become(eu, 'available')],
      ['[proxy-eu] #1 is "available"', () => become(us, 'failed')],
      ['[proxy-us] #1 is "failed"', () => become(asia, 'available')],
    ),
  };
});

session('One at a time, the second fails, and the third is not triggered', ({ nodion }) => {
  const eu = nodion.addApplication({ ...image, name: 'proxy-eu' });
  const us = nodion.addApplication({ ...image, name: 'proxy-us' });
  const asia = nodion.addApplication({ ...image, name: 'proxy-asia' });
  for (const one of [us, asia]) {
    nodion.addDeployment(one, { status: 'available', image_tag: 'v1.9.0' });
  }
  return {
    inputs: {
      ...{ application_name: 'proxy-eu\nproxy-us\nproxy-asia', image_tag: 'v2.0.0' },
      ...{ max_parallel: '1', fail_fast: 'true', log_lines: '0' },
    },
    onLog: script(
      ['[proxy-eu] Triggered', () => become(eu, 'available')],
      ['[proxy-us] Triggered', () => become(us, 'failed')],
    ),
  };
});

session('What is in progress is waited for before the trigger', ({ nodion }) => {
  const application = nodion.addApplication({ ...image, name: 'proxy' });
  nodion.addDeployment(application, { status: 'available', image_tag: 'v1' });
  nodion.addDeployment(application, { status: 'waiting', image_tag: 'v2' });
  return {
    inputs: { application_name: 'proxy', image_tag: 'v3', if_busy: 'wait' },
    onLog: script(
      ['waiting until it has ended', () => become(application, 'failed')],
      ['Triggered deployment #3', () => become(application, 'available')],
    ),
  };
});

session('A deployment is not waited for', ({ nodion }) => ({
  inputs: { application_id: nodion.addApplication(shop).id, wait: 'false' },
}));

session('A dry run triggers nothing', ({ nodion }) => ({
  inputs: { application_id: nodion.addApplication(shop).id, dry_run: 'true' },
}));

session('Inputs are invalid', () => ({
  inputs: {
    application_id: 'shop',
    image_tag: 'shop:v2',
    timeout: '10 minutes',
    poll_interval: '5s',
    reuse_existing: 'yes',
  },
}));

session('The key is wrong', ({ nodion }) => ({
  inputs: { api_key: 'wrong-key', application_id: nodion.addApplication(shop).id },
}));

session('A trigger whose answer is lost is found', ({ nodion }) => {
  const fault = answer(502, '<html><h1>Bad Gateway</h1></html>')(true);
  nodion.fail({ on: 'POST /applications/:id/deployments', fault });
  const application = nodion.addApplication(shop);
  return { inputs: { application_id: application.id }, onLog: goesLive(application) };
});

session('The timeout is over before the deployment is live', ({ nodion }) => {
  const application = nodion.addApplication(shop);
  return {
    inputs: { application_id: application.id, timeout: '58s' },
    onLog: script(['created', () => become(application, 'waiting')]),
  };
});

session(
  'The workflow is cancelled',
  ({ nodion }) => {
    const application = nodion.addApplication(shop);
    return {
      inputs: { application_id: application.id },
      onLog: (text, child) => {
        if (text.includes('created')) become(application, 'waiting');
        if (text.includes('waiting')) child.kill('SIGINT');
      },
    };
  },
  { clock: 'real', hasSignals: true },
);

session('Nodion deploys another commit than the expected one', ({ nodion }) => {
  const application = nodion.addApplication({
    ...shop,
    head: {
      git_sha: 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e',
      commit_message: 'Show prices without VAT',
      committer_name: 'Charles Babbage',
    },
  });
  return {
    inputs: { application_id: application.id, expected_sha: WORKFLOW_SHA },
    onLog: goesLive(application),
  };
});

session('A deployment in progress is followed in place of triggering another', ({ nodion }) => {
  const application = nodion.addApplication(shop);
  nodion.addDeployment(application, { status: 'waiting' });
  nodion.fail({ on: 'GET /applications/:id/deployments', skip: 1, fault: slow });
  return {
    inputs: { application_id: application.id, expected_sha: WORKFLOW_SHA, reuse_existing: 'true' },
    onLog: script(['status "waiting"', () => become(application, 'available')]),
  };
});

session('A rollout is incomplete at the timeout', ({ nodion }) => {
  const worker = { id: 'w', state: 'default', instance_amount: 1, instance_type_id: 't' };
  const application = nodion.addApplication({
    ...shop,
    ...life(['available', 0]),
    status: 'deploying',
    instance_amount: 2,
    instanceChangeMs: 1_800_000,
    workers: [{ ...worker, name: 'mailer', status: 'starting' }],
  });
  nodion.addDeployment(application).triggeredAt -= 3_600_000;
  return {
    inputs: {
      application_id: application.id,
      poll_interval: '1s',
      timeout: '28s',
      verify_rollout: 'true',
    },
    onLog: script([
      '1 of 2 instances',
      () => {
        application.instanceChangeMs = 0;
      },
    ]),
  };
});

session('Applications are listed', ({ nodion }) => {
  nodion.addApplication({ name: 'service-web' });
  nodion.addApplication({ name: 'service-api', status: 'deploying' });
  nodion.addApplication({ name: 'website' });
  return { action: 'list-applications', inputs: { name: 'service-*' } };
});

session('An application is created', () => ({
  action: 'create-application',
  inputs: {
    name: 'proxy',
    region: 'fra',
    instance_type: 'sb-g1-512mb',
    deployment_strategy: 'prebuilt_image',
    container_registry: 'Docker Hub',
    image_name: 'shop/proxy',
    image_tag: 'v2.0.0',
  },
}));

session('An application is to be created from names that Nodion does not list', () => ({
  action: 'create-application',
  inputs: { name: 'shop', region: 'euc', instance_type: 'sb-g1-512mb', branch: 'feature/card' },
}));

test('transcripts.md has these sessions and no others', () => {
  if (!isUpdating()) expect([...committed.keys()]).toEqual(titles);
});

afterAll(() => {
  if (!isUpdating()) return;
  const sections = titles.map(
    (title) => `## ${title}\n\n${played.get(title) ?? committed.get(title)}\n`,
  );
  writeFileSync(FILE, [PREFACE, ...sections].join('\n'));
});
