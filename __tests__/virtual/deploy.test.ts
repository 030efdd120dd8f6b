import { expect } from '@jest/globals';
import { OTHER_PROJECT_ID, USER_KEY } from '../../fakes/nodion/state.ts';
import { annotations } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';

const SHA = 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e';
const image = { deployment_strategy: 'prebuilt_image' };

scenario('A Git-based application is deployed once, followed and reported', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication();
  nodion.addDeployment(application, { status: 'available' });
  const run = await deploy(application);
  const [deployment] = application.deployments;
  expect(run.exitCode).toBe(0);
  expect(run.stderr).toBe('');
  expect(application.deployments).toHaveLength(2);
  const { duration_seconds, deployments, deployments_file, ...outputs } = run.outputs;
  expect(outputs).toEqual({
    id: deployment?.id,
    deploy_number: '2',
    status: 'available',
    application_id: application.id,
    application_name: 'My App',
    git_sha: SHA,
    image_reference: '',
    strategy: 'dockerfile',
    triggered: 'true',
    timed_out: 'false',
    url: '',
    healthy: '',
    previous_deploy_number: '1',
    previous_git_sha: SHA,
    previous_image_reference: '',
    rolled_back: '',
    rollback_deploy_number: '',
    image_digest: '',
    conclusion: 'success',
    reason: 'live',
    live_deploy_number: '2',
    live_git_sha: SHA,
    live_image_reference: '',
  });
  expect(deployments_file).not.toBe('');
  expect(duration_seconds).toMatch(/^\d+\.?\d?$/);
  expect(JSON.parse(deployments ?? '')).toEqual([
    {
      ...outputs,
      deploy_number: 2,
      image_reference: null,
      triggered: true,
      timed_out: false,
      duration_seconds: Number(duration_seconds),
      url: null,
      healthy: null,
      previous_deploy_number: 1,
      previous_image_reference: null,
      image_digest: null,
      live_deploy_number: 2,
      live_image_reference: null,
      rolled_back: null,
      rollback_deploy_number: null,
    },
  ]);
  expect(run.log).toMatch(/^Deploying My App \(dockerfile, region fra\)$/m);
  expect(run.log).toMatch(
    /^Triggered deployment #2: commit d77ead8 "test" by John Doe; ID [\da-f-]{36}, status "created"$/m,
  );
  expect(run.log).toMatch(/^#2 is "available" after \d+\.?\d? s$/m);
  expect(annotations(run, 'notice')).toEqual([
    expect.stringMatching(
      /^Application My App: Deployment #2 is live after \d+\.?\d? s\.\nIt is of commit d77ead8 "test" by John Doe\.$/,
    ),
  ]);
  expect(annotations(run, 'error')).toEqual([]);
  expect(annotations(run, 'warning')).toEqual([]);
  expect(run.summary).toContain('<h3>✅ <code>My App</code> is live</h3>');
});

scenario('An image application is deployed with the tag given', async ({ nodion, deploy }) => {
  const application = nodion.addApplication(image);
  const run = await deploy(application, { inputs: { image_tag: 'v2.0.0' } });
  expect(run.exitCode).toBe(0);
  expect(nodion.requestsTo('POST /applications/:id/deployments')[0]?.body).toBe(
    '{"image_tag":"v2.0.0"}',
  );
  expect(run.outputs.image_reference).toBe('docker.io/nginx:v2.0.0');
  expect(run.outputs.git_sha).toBe('');
  expect(run.outputs.strategy).toBe('prebuilt_image');
});

scenario(
  'A trigger without a tag has the body `{}`, so that no cache sends it again',
  async ({ nodion, deploy }) => {
    const application = nodion.addApplication(image);
    const run = await deploy(application);
    expect(run.exitCode).toBe(0);
    const [trigger] = nodion.requestsTo('POST /applications/:id/deployments');
    expect(trigger?.body).toBe('{}');
    expect(trigger?.headers['content-type']).toMatch(/^application\/json/);
    expect(run.outputs.image_reference).toBe('docker.io/nginx:1.25');
  },
);

scenario('`wait: false` takes three requests, two of them in parallel', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication();
  nodion.fail(
    { on: 'GET /applications/:id', fault: { kind: 'delay', ms: 3_000 } },
    { on: 'GET /applications/:id/deployments', fault: { kind: 'delay', ms: 3_000 } },
  );
  const run = await deploy(application, { inputs: { wait: 'false' } });
  expect(run.exitCode).toBe(0);
  expect(nodion.requests.map(({ endpoint }) => endpoint).sort()).toEqual([
    'GET /applications/:id',
    'GET /applications/:id/deployments',
    'POST /applications/:id/deployments',
  ]);
  expect(nodion.mostRequestsAtOnce).toBe(2);
  expect(run.outputs).toMatchObject({
    deploy_number: '1',
    status: 'created',
    triggered: 'true',
    duration_seconds: '',
  });
  expect(annotations(run, 'notice')).toEqual([
    'Application My App: Deployment #1 was triggered, and is not waited for.\nIt is of commit d77ead8 "test" by John Doe.',
  ]);
});

scenario('Statuses that nobody has heard of are waited through', async ({ nodion, deploy }) => {
  const application = nodion.addApplication(
    life(['created', 0], ['polishing', 1_000], ['success', 8_000], ['available', 15_000]),
  );
  const run = await deploy(application);
  expect(run.exitCode).toBe(0);
  expect(run.log).toContain('#1 is "polishing" (a status that this action does not know) after');
  expect(run.outputs.status).toBe('available');
});

scenario('A dry run triggers nothing', async ({ nodion, deploy }) => {
  const application = nodion.addApplication();
  const run = await deploy(application, { inputs: { dry_run: 'true' } });
  expect(run.exitCode).toBe(0);
  expect(application.deployments).toEqual([]);
  expect(run.outputs).toMatchObject({
    id: '',
    triggered: 'false',
    application_name: 'My App',
    status: '',
  });
  expect(annotations(run, 'notice')).toEqual([
    "The key can read My App, and the inputs fit.\nNothing was triggered. Whether the key may deploy can't be known without deploying.",
  ]);
});

scenario('A user key deploys in the project that `project_id` names', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({ projectId: OTHER_PROJECT_ID });
  const inputs = { api_key: USER_KEY };
  const without = await deploy(application, { inputs });
  expect(without.exitCode).toBe(1);
  const run = await deploy(application, { inputs: { ...inputs, project_id: OTHER_PROJECT_ID } });
  expect(run.exitCode).toBe(0);
});

scenario('The answers of older APIs, with fewer fields, are enough', async (stage) => {
  const { nodion, deploy } = stage;
  nodion.olderAnswers = true;
  const run = await deploy(nodion.addApplication());
  expect(run.exitCode).toBe(0);
  expect(run.outputs).toMatchObject({ strategy: '', image_reference: '', git_sha: SHA });
});

scenario('A newer deployment is not said to threaten one that is live', async (stage) => {
  const { nodion, deploy, clock } = stage;
  const application = nodion.addApplication(life(['created', 0], ['available', 3_000]));
  let added: Promise<unknown> = Promise.resolve();
  const run = await deploy(application, {
    inputs: { poll_interval: '12s' },
    onLog: (text) => {
      if (!text.includes('Triggered deployment')) return;
      added = clock.sleep(5_000).then(() => nodion.addDeployment(application));
    },
  });
  await added;
  expect(run.exitCode).toBe(0);
  expect(application.deployments).toHaveLength(2);
  expect(run.log).not.toContain('A newer deployment');
});

scenario('A commit may have the 64 digits of a SHA-256 repository', async (stage) => {
  const { nodion, deploy } = stage;
  const sha = 'ffac537e6cbbf934b08745a378932722df287a53'.padEnd(64, '0');
  const head = { git_sha: sha, commit_message: 'x', committer_name: 'y' };
  const run = await deploy(nodion.addApplication({ head }), {
    inputs: { expected_sha: sha.toUpperCase() },
    env: { GITHUB_SHA: sha },
  });
  expect(run.exitCode).toBe(0);
  expect(run.summary).toContain(`octo-repo/commit/${sha}`);
});

scenario('A default tag is named before it is deployed', async ({ nodion, deploy }) => {
  const application = nodion.addApplication({
    name: 'shop',
    deployment_strategy: 'prebuilt_image',
    image_tag: '1.25',
  });
  const run = await deploy(application, { inputs: { image_tag: '' } });
  expect(run.exitCode).toBe(0);
  expect(run.log).toMatch(
    /^Deploying shop \(prebuilt_image, region fra\): its default tag "1\.25", since `image_tag` is empty$/m,
  );
  const tagged = await deploy(application, { inputs: { image_tag: '1.26' } });
  expect(tagged.log).toMatch(/^Deploying shop \(prebuilt_image, region fra\): tag "1\.26"$/m);
});

scenario('A status that is not known is told when it is first seen', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication(
    life(['queued', 0], ['building', 3_000], ['waiting', 6_000], ['available', 9_000]),
  );
  const { log } = await deploy(application);
  const note = '"queued" (a status that this action does not know)';
  expect(log.match(/^.*a status that this action.*$/gm)).toEqual([
    expect.stringMatching(/^Triggered deployment #1: /),
    expect.stringMatching(/^#1 is "building" \(a status that this action does not know\) after /),
  ]);
  expect(log).toContain(`status ${note}\n`);
});

scenario('A timeout below the default poll interval is no contradiction', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication(life(['created', 0], ['available', 1_500]));
  const inputs = { poll_interval: '3s', timeout: '2s' };
  const run = await deploy(application, { inputs });
  expect(run.exitCode).toBe(0);
});

for (const others of [30, 500]) {
  scenario(`After ${others} newer deployments ours is still followed`, async (stage) => {
    const { nodion, clock, deploy } = stage;
    const application = nodion.addApplication(life(['waiting', 0], ['failed', 10_000]));
    const run = deploy(application, { inputs: { timeout: '30s' } });
    await clock.sleep(3_000);
    for (let other = 0; other < others; other += 1) {
      const commit_message = 'x'.repeat(300);
      nodion.addDeployment(application, { ...life(['waiting', 0]), commit_message });
    }
    expect(await run).toMatchObject({
      outputs: { deploy_number: '1', reason: 'deployment_failed' },
    });
  });
}
