import { expect } from '@jest/globals';
import { PAYLOADS } from '../../fakes/payloads.ts';
import { renderSummary } from '../../fakes/summary.ts';
import { life, scenario } from '../scenario.ts';

const OLD_SHA = 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e';
const WORKFLOW_SHA = 'ffac537e6cbbf934b08745a378932722df287a53';
const REPOSITORY = 'https://github.com/octo-org/octo-repo';
const image = { deployment_strategy: 'prebuilt_image', image_name: 'shop' };
const commit = (git_sha: string) => ({
  git_sha,
  commit_message: 'Show prices with VAT',
  committer_name: 'Ada',
});

scenario('The tag that was live is in the outputs and the summary', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({ ...image, ...life(['available', 0]) });
  nodion.addDeployment(application, { status: 'available', image_tag: 'v1.8.0' });
  nodion.addDeployment(application, { status: 'available', image_tag: 'v1.9.0' });
  // What never was live does not count.
  nodion.addDeployment(application, { status: 'failed', image_tag: 'v1.9.1' });
  const run = await deploy(application, { inputs: { image_tag: 'v2.0.0' } });
  expect(run.exitCode).toBe(0);
  const previous = {
    previous_deploy_number: 2,
    previous_git_sha: null,
    previous_image_reference: 'docker.io/shop:v1.9.0',
  };
  expect(run.outputs).toMatchObject({
    ...previous,
    previous_deploy_number: '2',
    previous_git_sha: '',
  });
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([previous]);
  expect(renderSummary(run.summary).text).toMatch(/v1\.9\.0 → (?:docker\.io\/shop:)?v2\.0\.0/);
});

scenario('The commit that was live is in the outputs and the summary, linked', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({
    head: commit(WORKFLOW_SHA),
    ...life(['available', 0]),
  });
  nodion.addDeployment(application, { status: 'available', ...commit(OLD_SHA) });
  const run = await deploy(application);
  expect(run.outputs).toMatchObject({
    previous_deploy_number: '1',
    previous_git_sha: OLD_SHA,
    previous_image_reference: '',
  });
  const { text, elements } = renderSummary(run.summary);
  expect(text).toContain('d77ead8 → ffac537');
  const links = elements.flatMap(({ attributes }) => attributes.href ?? []);
  expect(links).toContain(`${REPOSITORY}/commit/${WORKFLOW_SHA}`);
  for (const link of links) expect(link).toMatch(new RegExp(`^${REPOSITORY}/(?:commit|compare)/`));
});

scenario(
  'What was live is known, though the list before the trigger was an old one',
  async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication({
      ...image,
      ...life(['waiting', 0], ['available', 9_000]),
    });
    const add = (image_tag: string, ageMs: number) => {
      nodion.addDeployment(application, { status: 'available', image_tag }).triggeredAt -= ageMs;
    };
    add('v1.8.0', 3_600_000);
    add('v1.9.0', 10_000);
    nodion.fail({
      on: 'GET /applications/:id/deployments',
      fault: { kind: 'stale', ageMs: 60_000 },
    });
    const run = await deploy(application, { inputs: { image_tag: 'v2.0.0' } });
    expect(run.exitCode).toBe(0);
    expect(run.outputs).toMatchObject({ deploy_number: '3', previous_deploy_number: '2' });
  },
);

scenario('Of a first deployment there is no version before', async ({ nodion, deploy }) => {
  const application = nodion.addApplication(life(['available', 0]));
  nodion.addDeployment(application, { status: 'failed' });
  const run = await deploy(application);
  expect(run.exitCode).toBe(0);
  expect(run.outputs).toMatchObject({
    previous_deploy_number: '',
    previous_git_sha: '',
    previous_image_reference: '',
  });
  expect(renderSummary(run.summary).text).not.toContain('→');
});

scenario('A step that fails has the version before all the same', async ({ nodion, deploy }) => {
  const application = nodion.addApplication(life(['failed', 0]));
  nodion.addDeployment(application, { status: 'available' });
  const run = await deploy(application);
  expect(run.exitCode).toBe(1);
  expect(run.outputs).toMatchObject({ previous_deploy_number: '1', previous_git_sha: OLD_SHA });
});

scenario('What the version before is called stays text', async ({ nodion, deploy }) => {
  const applications = PAYLOADS.map((payload, index) => {
    const application = nodion.addApplication({
      ...image,
      name: `shop ${index}`,
      ...life(['available', 0]),
    });
    nodion.addDeployment(application, {
      status: 'available',
      image_reference: index % 2 === 0 ? `docker.io/shop:${payload}` : payload,
    });
    return application;
  });
  const run = await deploy(null, {
    inputs: { application_id: applications.map(({ id }) => id).join(), image_tag: 'v2' },
  });
  expect(run.exitCode).toBe(0);
  expect(run.commands.map(({ data }) => data).join('\n')).not.toContain('PWNED');
  const { elements } = renderSummary(run.summary);
  for (const { name, attributes } of elements) {
    expect(['script', 'img', 'i', 'a', 'h1']).not.toContain(name);
    expect(attributes).not.toHaveProperty('onerror');
  }
  // The version that is deployed is in bold.
  const bold = run.summary.match(/<b><code>v2<\/code><\/b>/g);
  expect(elements.filter(({ name }) => name === 'b')).toHaveLength(bold?.length ?? 0);
});

scenario('What goes live after the trigger was not live before it', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({
    ...image,
    ...life(['created', 0], ['expired', 900]),
  });
  nodion.addDeployment(application, { status: 'available', image_tag: 'v1.9.0' });
  nodion.afterAnswering = (endpoint) => {
    if (endpoint !== 'POST /applications/:id/deployments') return;
    nodion.addDeployment(application, { status: 'available', image_tag: 'v3.0.0' });
  };
  const run = await deploy(application, { inputs: { image_tag: 'v2.0.0' } });
  expect(run.outputs).toMatchObject({ previous_deploy_number: '1', live_deploy_number: '3' });
});
