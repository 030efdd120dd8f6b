import { expect } from '@jest/globals';
import { annotations } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';

const SHA = 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e';
const OTHER_SHA = 'ffac537e6cbbf934b08745a378932722df287a53';

scenario('A failed deployment is red, with its outputs', async ({ nodion, deploy }) => {
  const run = await deploy(nodion.addApplication(life(['created', 0], ['failed', 500])));
  expect(run.exitCode).toBe(1);
  expect(run.outputs).toMatchObject({ deploy_number: '1', status: 'failed' });
  expect(annotations(run, 'error')).toEqual([
    expect.stringMatching(
      /^Application My App: Deployment #1 failed after \d+\.?\d? s\.\nIts deployment log is in Nodion's dashboard\.\nNo deployment of the application is live\.$/,
    ),
  ]);
  expect(run.summary).toContain(
    '<h3>❌ <code>My App</code>: deployment <code>#1</code> failed</h3>\n<p><b>No deployment of the application is live.</b></p>',
  );
});

scenario('An expired deployment is red', async ({ nodion, deploy }) => {
  const run = await deploy(nodion.addApplication(life(['created', 0], ['expired', 500])));
  expect(run.exitCode).toBe(1);
  expect(run.outputs.status).toBe('expired');
  expect(annotations(run, 'error')).toEqual([
    expect.stringMatching(
      /^Application My App: Deployment #1 expired after \d+\.?\d? s: it never went live\.\nDeploy again, or look at it in Nodion's dashboard\.\nNo deployment of the application is live\.$/,
    ),
  ]);
});

scenario('A deployment that expired behind a newer one is red, naming that one', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication(
    life(['created', 0], ['waiting', 1_000], ['expired', 20_000]),
  );
  const run = await deploy(application, {
    onLog: (text) => {
      if (text.includes('#1 is "waiting"'))
        nodion.addDeployment(application, { status: 'created' });
    },
  });
  expect(run.exitCode).toBe(1);
  expect(run.log).toContain(
    'A newer deployment, #2, has appeared: if it goes live first, this one may not',
  );
  expect(annotations(run, 'error')).toEqual([
    expect.stringMatching(
      /^Application My App: Deployment #1 expired after \d+\.?\d? s: it never went live\.\nA newer deployment of the same commit, #2, is "created"\.\nWith `expected_sha` and `reuse_existing: true`, the step follows a deployment of the same commit instead\.\nNo deployment of the application is live\.$/,
    ),
  ]);
});

scenario(
  'Of one that expired behind a newer one that failed nothing is to be followed',
  async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication(life(['waiting', 0], ['expired', 9_000]));
    nodion.afterAnswering = (endpoint) => {
      if (endpoint !== 'POST /applications/:id/deployments') return;
      nodion.addDeployment(application, { status: 'failed' });
    };
    const run = await deploy(application);
    expect(annotations(run, 'error')[0]?.split('\n').slice(1)).toEqual([
      'A newer deployment of the same commit, #2, is "failed".',
      "Deploy again, or look at it in Nodion's dashboard.",
      'No deployment of the application is live.',
    ]);
  },
);

scenario('A deployment still waiting at the timeout is red, with its outputs', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication(life(['created', 0], ['waiting', 1_000]));
  const run = await deploy(application, { inputs: { timeout: '30s' } });
  expect(run.exitCode).toBe(1);
  expect(run.outputs).toMatchObject({ deploy_number: '1', status: 'waiting', timed_out: 'true' });
  expect(annotations(run, 'error')).toEqual([
    'Application My App: Deployment #1 was still "waiting" when the 30 s timeout expired.\nThe deployment goes on at Nodion, where nothing can cancel it: follow it in the dashboard.\nIf it often takes longer, raise `timeout`.\nNo deployment of the application is live.',
  ]);
});

scenario('An end that nobody has heard of is red at the timeout', async ({ nodion, deploy }) => {
  const application = nodion.addApplication(life(['created', 0], ['done', 1_000]));
  const run = await deploy(application, { inputs: { timeout: '30s' } });
  expect(run.exitCode).toBe(1);
  expect(run.outputs.status).toBe('done');
  expect(annotations(run, 'error')).toEqual([
    'Application My App: Deployment #1 was still "done" when the 30 s timeout expired.\n"done" is a status unknown to this action: look at the deployment in Nodion\'s dashboard.\nNo deployment of the application is live.',
  ]);
});

for (const [how, expected_sha] of [
  ['in full', SHA],
  ['shortened', SHA.slice(0, 7)],
  ['in capitals', SHA.toUpperCase()],
] as const) {
  scenario(`\`expected_sha\` may be given ${how}`, async ({ nodion, deploy }) => {
    const run = await deploy(nodion.addApplication(), { inputs: { expected_sha } });
    expect(run.exitCode).toBe(0);
  });
}

for (const [wait, is, what, goesOn, live] of [
  ['true', 'went live, but is of', `It deployed ${SHA}`, '', '#1 (commit d77ead8) is live.'],
  [
    ...['false', 'is of', `It is of ${SHA}`],
    'The deployment goes on at Nodion, where nothing can cancel it: follow it in the dashboard.\n',
    'No deployment of the application is live.',
  ],
] as const) {
  scenario(`Another commit than \`expected_sha\` is red, wait: ${wait}`, async (stage) => {
    const { nodion, deploy } = stage;
    const inputs = { expected_sha: OTHER_SHA, wait };
    const run = await deploy(nodion.addApplication(), { inputs });
    expect(run.exitCode).toBe(1);
    expect(run.outputs.deploy_number).toBe('1');
    expect(annotations(run, 'error')).toEqual([
      `Application My App: Deployment #1 ${is} commit d77ead8, not of \`expected_sha\` ffac537.\n${what}; ${OTHER_SHA} was expected.\n${goesOn}Nodion deploys the latest commit of the connected branch: check that the workflow runs on that branch, and that nothing was pushed meanwhile.\n${live}`,
    ]);
  });
}

scenario('A commit that nobody can confirm is red', async ({ nodion, deploy }) => {
  const head = { git_sha: null, commit_message: '', committer_name: '' };
  const run = await deploy(nodion.addApplication({ head }), {
    inputs: { expected_sha: SHA, wait: 'false' },
  });
  expect(run.exitCode).toBe(1);
  expect(annotations(run, 'error')).toEqual([
    `Application My App: Deployment #1 does not say its commit, so \`expected_sha\` ${SHA.slice(0, 7)} can't be confirmed.\nIt may say so later: use \`wait: true\`.\nNo deployment of the application is live.`,
  ]);
});

scenario('A failed deployment of the wrong commit is red for both', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication(life(['created', 0], ['failed', 300]));
  const run = await deploy(application, { inputs: { expected_sha: OTHER_SHA } });
  expect(run.exitCode).toBe(1);
  const [error = ''] = annotations(run, 'error');
  expect(error).toMatch(/^Application My App: Deployment #1 failed after \d+\.?\d? s\.\n/);
  expect(error).toContain('Deployment #1 is of commit d77ead8, not of `expected_sha` ffac537.');
});
