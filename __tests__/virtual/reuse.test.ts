import { expect } from '@jest/globals';
import type { FakeNodion } from '../../fakes/nodion/server.ts';
import type { FakeApplication, FakeDeployment } from '../../fakes/nodion/state.ts';
import { annotations } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';
import { addShop } from '../shop.ts';

const SHA = 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e';
const OTHER_SHA = 'ffac537e6cbbf934b08745a378932722df287a53';
const inputs = { reuse_existing: 'true', expected_sha: SHA };

scenario('The live deployment of the commit is reused at once', async ({ nodion, deploy }) => {
  const application = nodion.addApplication();
  nodion.addDomain(application, 'shop.example.com');
  const live = nodion.addDeployment(application, { status: 'available' });
  const run = await deploy(application, { inputs });
  expect(run.exitCode).toBe(0);
  expect(run.outputs).toMatchObject({ id: live.id, triggered: 'false', status: 'available' });
  expect(run.outputs.url).toBe('https://shop.example.com');
  expect(nodion.requests).toHaveLength(3);
});

scenario('A deployment of the commit in progress is followed to its end', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication();
  nodion.addDeployment(application, { status: 'available', git_sha: OTHER_SHA });
  const inProgress = nodion.addDeployment(application, life(['waiting', 0], ['available', 30_000]));
  const run = await deploy(application, { inputs });
  expect(run.exitCode).toBe(0);
  expect(run.outputs).toMatchObject({ id: inProgress.id, triggered: 'false' });
  expect(run.log).toContain('Following deployment #2 instead of triggering another: ');
});

const NOT_REUSABLE: [string, (nodion: FakeNodion, application: FakeApplication) => void][] = [
  ['failed', (nodion, application) => nodion.addDeployment(application, { status: 'failed' })],
  [
    'has a status of another word',
    (nodion, application) => nodion.addDeployment(application, { status: 'cancelled' }),
  ],
  [
    'is no longer live',
    (nodion, application) => {
      nodion.addDeployment(application, { status: 'available' });
      nodion.addDeployment(application, { status: 'available', git_sha: OTHER_SHA });
    },
  ],
  [
    'is in progress below the live one',
    (nodion, application) => {
      nodion.addDeployment(application, { status: 'waiting' });
      nodion.addDeployment(application, { status: 'available', git_sha: OTHER_SHA });
    },
  ],
  [
    'is of another commit',
    (nodion, application) =>
      nodion.addDeployment(application, { status: 'available', git_sha: OTHER_SHA }),
  ],
];

for (const [what, prepare] of NOT_REUSABLE) {
  scenario(`An existing deployment that ${what} is not reused`, async ({ nodion, deploy }) => {
    const application = nodion.addApplication();
    prepare(nodion, application);
    const before = application.deployments.length;
    const run = await deploy(application, { inputs });
    expect(run.exitCode).toBe(0);
    expect(run.outputs.triggered).toBe('true');
    expect(application.deployments).toHaveLength(before + 1);
  });
}

for (const [image_tag, triggered] of [
  ['v2', 'false'],
  ['v3', 'true'],
] as const) {
  const act = triggered === 'true' ? 'triggers' : 'reuses';
  scenario(`With v2 live, the image tag ${image_tag} ${act} a deployment`, async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication({ deployment_strategy: 'prebuilt_image' });
    nodion.addDeployment(application, { status: 'available', image_tag: 'v2' });
    const run = await deploy(application, { inputs: { reuse_existing: 'true', image_tag } });
    expect(run.exitCode).toBe(0);
    expect(run.outputs.triggered).toBe(triggered);
  });
}

scenario('What is live already brings no warning about rollbacks', async (stage) => {
  const { deploy } = stage;
  const shop = await addShop(stage, () => 200);
  const run = await deploy(shop.application, {
    inputs: { ...shop.inputs, image_tag: 'v1', reuse_existing: 'true', rollback: 'true' },
  });
  expect(run.exitCode).toBe(0);
  expect(run.outputs).toMatchObject({ deploy_number: '1', triggered: 'false' });
  expect(annotations(run, 'warning')).toEqual([]);
});

scenario('An image that its deployment does not name is not called a commit', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({ deployment_strategy: 'prebuilt_image' });
  const inProgress = life(['waiting', 0], ['available', 3_000]);
  nodion.addDeployment(application, { ...inProgress, image_tag: 'v2', image_reference: null });
  const run = await deploy(application, { inputs: { reuse_existing: 'true', image_tag: 'v2' } });
  expect(run.exitCode).toBe(0);
  expect(run.log).toContain(
    'Following deployment #1 instead of triggering another: an image that it does not name; ID ',
  );
  expect(annotations(run, 'notice')[0]?.split('\n')[1]).toBe(
    'It is of an image that it does not name.',
  );
  expect(run.log + run.summary).not.toContain('latest commit');
});

for (const [what, git_sha, exitCode] of [
  ['the same commit', SHA, 0],
  ['another commit', OTHER_SHA, 1],
] as const) {
  scenario(`Ours expires because a newer one of ${what} went ahead`, async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication(life(['created', 0], ['expired', 3_000]));
    let newer: FakeDeployment | undefined;
    nodion.afterAnswering = (endpoint) => {
      if (endpoint !== 'POST /applications/:id/deployments') return;
      newer = nodion.addDeployment(application, {
        ...{ git_sha, ...life(['waiting', 0], ['available', 9_000]) },
      });
    };
    const run = await deploy(application, { inputs });
    expect(run.exitCode).toBe(exitCode);
    expect(nodion.triggered).toHaveLength(1);
    const followed = exitCode === 0 ? newer : application.deployments.find((one) => one !== newer);
    expect(run.outputs).toMatchObject({
      id: followed?.id,
      status: exitCode === 0 ? 'available' : 'expired',
    });
  });
}
