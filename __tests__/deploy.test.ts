import { describe, expect, test } from '@jest/globals';
import { DEPLOY_ONLY_KEY, OTHER_PROJECT_ID, USER_KEY } from '../fakes/nodion.ts';
import { annotations, deploy, withNodion } from '../fakes/scenario.ts';

const SHA = 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e';
const OTHER_SHA = 'ffac537e6cbbf934b08745a378932722df287a53';
const image = { deployment_strategy: 'prebuilt_image' };
const life = (...phases: [string, number][]) => ({
  life: phases.map(([status, afterMs]) => ({ status, afterMs })),
});

describe('A deployment that goes well', () => {
  test.concurrent('of a Git-based application is triggered once, followed and told', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      nodion.addDeployment(application, { status: 'available' });
      const run = await deploy(nodion, application);
      const [deployment] = application.deployments;
      expect(run.exitCode).toBe(0);
      expect(run.stderr).toBe('');
      expect(application.deployments).toHaveLength(2);
      const { duration_seconds, deployments, ...outputs } = run.outputs;
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
      });
      expect(duration_seconds).toMatch(/^\d+\.?\d?$/);
      expect(JSON.parse(deployments ?? '')).toEqual([
        {
          ...outputs,
          deploy_number: 2,
          image_reference: null,
          triggered: true,
          timed_out: false,
          duration_seconds: Number(duration_seconds),
        },
      ]);
      expect(run.log).toMatch(/^Deploying My App \(dockerfile, region fra\)$/m);
      expect(run.log).toMatch(
        /^Triggered deployment #2: commit d77ead8 "test" by John Doe; id [\da-f-]{36}, status created$/m,
      );
      expect(run.log).toMatch(/^#2 available after \d\.?\d? s$/m);
      expect(annotations(run, 'notice')).toEqual([
        expect.stringMatching(
          /^My App #2 is live after \d\.?\d? s: commit d77ead8 "test" by John Doe$/,
        ),
      ]);
      expect(annotations(run, 'error')).toEqual([]);
      expect(annotations(run, 'warning')).toEqual([]);
      expect(run.summary).toContain('<h3>✅ <code>My App</code> <code>#2</code> is live</h3>');
    }));

  test.concurrent('of an image application sends the tag that is given', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication(image);
      const run = await deploy(nodion, application, { inputs: { image_tag: 'v2.0.0' } });
      expect(run.exitCode).toBe(0);
      expect(nodion.requestsTo('POST /applications/:id/deployments')[0]?.body).toBe(
        '{"image_tag":"v2.0.0"}',
      );
      expect(run.outputs.image_reference).toBe('docker.io/nginx:v2.0.0');
      expect(run.outputs.git_sha).toBe('');
      expect(run.outputs.strategy).toBe('prebuilt_image');
    }));

  test.concurrent('of an image application without a tag sends no body', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication(image);
      const run = await deploy(nodion, application);
      expect(run.exitCode).toBe(0);
      const [trigger] = nodion.requestsTo('POST /applications/:id/deployments');
      expect(trigger?.body).toBe('');
      expect(trigger?.headers['content-type']).toBeUndefined();
      expect(run.outputs.image_reference).toBe('docker.io/nginx:1.25');
    }));

  test.concurrent('without `wait` ends after three requests, two of them side by side', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      nodion.fail(
        { on: 'GET /applications/:id', fault: { kind: 'delay', ms: 200 } },
        { on: 'GET /applications/:id/deployments', fault: { kind: 'delay', ms: 200 } },
      );
      const run = await deploy(nodion, application, { inputs: { wait: 'false' } });
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
        'My App #1 is under way, and not waited for: commit d77ead8 "test" by John Doe',
      ]);
    }));

  test.concurrent('may go through statuses that nobody has heard of', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication(
        life(['created', 0], ['polishing', 200], ['success', 700], ['available', 1_400]),
      );
      const run = await deploy(nodion, application);
      expect(run.exitCode).toBe(0);
      expect(run.log).toContain('#1 polishing after');
      expect(run.outputs.status).toBe('available');
    }));

  test.concurrent('in a dry run triggers nothing', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      const run = await deploy(nodion, application, { inputs: { dry_run: 'true' } });
      expect(run.exitCode).toBe(0);
      expect(application.deployments).toEqual([]);
      expect(run.outputs).toMatchObject({
        id: '',
        triggered: 'false',
        application_name: 'My App',
        status: '',
      });
      expect(annotations(run, 'notice')).toEqual([
        'My App: key, application and inputs are fine; nothing was triggered',
      ]);
    }));

  test.concurrent('with a user key is of the project that `project_id` names', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication({ projectId: OTHER_PROJECT_ID });
      const inputs = { api_key: USER_KEY };
      const without = await deploy(nodion, application, { inputs });
      expect(without.exitCode).toBe(1);
      const run = await deploy(nodion, application, {
        inputs: { ...inputs, project_id: OTHER_PROJECT_ID },
      });
      expect(run.exitCode).toBe(0);
    }));

  test.concurrent('works with the answers of older APIs', () =>
    withNodion(async (nodion) => {
      nodion.olderAnswers = true;
      const application = nodion.addApplication();
      const run = await deploy(nodion, application);
      expect(run.exitCode).toBe(0);
      expect(run.outputs).toMatchObject({ strategy: '', image_reference: '', git_sha: SHA });
    }));
});

describe('A deployment that does not go well', () => {
  test.concurrent('because it failed is red, with outputs', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication(life(['created', 0], ['failed', 500]));
      const run = await deploy(nodion, application);
      expect(run.exitCode).toBe(1);
      expect(run.outputs).toMatchObject({ deploy_number: '1', status: 'failed' });
      expect(annotations(run, 'error')).toEqual([
        expect.stringMatching(
          /^My App: Deployment #1 failed after \d\.?\d? s\. Its build log is in Nodion's dashboard; the application's last log lines, if there are any, are above$/,
        ),
      ]);
      expect(run.summary).toContain('❌');
    }));

  test.concurrent('because it expired is red', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication(life(['created', 0], ['expired', 500]));
      const run = await deploy(nodion, application);
      expect(run.exitCode).toBe(1);
      expect(run.outputs.status).toBe('expired');
      expect(annotations(run, 'error')[0]).toMatch(/expired after .*: it is not live/);
    }));

  test.concurrent('because a newer one overtook it names that one', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication(
        life(['created', 0], ['waiting', 300], ['expired', 1_500]),
      );
      nodion.fail({
        on: 'GET /applications/:id/deployments',
        skip: 2,
        fault: { kind: 'delay', ms: 1 },
      });
      const run = deploy(nodion, application, {
        onLog: (text) => {
          if (text.includes('#1 waiting')) nodion.addDeployment(application, { status: 'created' });
        },
      });
      const { exitCode, log, commands } = await run;
      expect(exitCode).toBe(1);
      expect(log).toContain(
        'A newer deployment, #2, has appeared: if it goes live first, ours will not',
      );
      expect(commands.find(({ name }) => name === 'error')?.data).toMatch(
        /Deployment #1 expired after .*: it was superseded by #2/,
      );
    }));

  test.concurrent('because time was over says the status and the time, and keeps the outputs', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication(life(['created', 0], ['waiting', 200]));
      const run = await deploy(nodion, application, { inputs: { timeout: '5s' } });
      expect(run.exitCode).toBe(1);
      expect(run.durationMs).toBeLessThan(15_000);
      expect(run.outputs).toMatchObject({
        deploy_number: '1',
        status: 'waiting',
        timed_out: 'true',
      });
      expect(annotations(run, 'error')).toEqual([
        'My App: Deployment #1 was still "waiting" when the timeout of 5 s was over; it goes on at Nodion, where nothing can cancel it. If it takes longer as a rule, raise `timeout`',
      ]);
    }));

  test.concurrent('because it ends in a word that nobody knows is red at the time-out', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication(life(['created', 0], ['done', 200]));
      const run = await deploy(nodion, application, { inputs: { timeout: '5s' } });
      expect(run.exitCode).toBe(1);
      expect(run.outputs.status).toBe('done');
    }));
});

describe('Before anything is triggered', () => {
  test.concurrent('a wrong key is told', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      const run = await deploy(nodion, application, { inputs: { api_key: 'wrong-key-77' } });
      expect(run.exitCode).toBe(1);
      expect(nodion.requestsTo('POST /applications/:id/deployments')).toEqual([]);
      const [error] = annotations(run, 'error');
      expect(error).toContain(
        'Nodion answered 401, saying: Unauthorized. Check the secret behind `api_key`: it may be mistyped, expired or empty (secrets are empty in workflows triggered from forks and by Dependabot).',
      );
      expect(error).toContain('Nothing was triggered.');
      expect(run.log.replace('::add-mask::wrong-key-77', '')).not.toContain('wrong-key-77');
    }));

  test.concurrent('an unknown application is told', () =>
    withNodion(async (nodion) => {
      const run = await deploy(nodion, null, {
        inputs: { application_id: '92955d4f-2e44-4e48-8cb6-9c6c434afebb' },
      });
      expect(run.exitCode).toBe(1);
      expect(annotations(run, 'error')[0]).toContain(
        'Nodion answered 404, saying: Not found. Check the id, that it is in the project of the key behind `api_key` (for a user API key, set `project_id`), and `api_url` if it is set.',
      );
    }));

  test.concurrent('an `image_tag` for a Git-based application is refused', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      const run = await deploy(nodion, application, { inputs: { image_tag: 'v1' } });
      expect(run.exitCode).toBe(1);
      expect(application.deployments).toEqual([]);
      expect(annotations(run, 'error')[0]).toContain(
        '`image_tag`: "v1" is not allowed for My App, a Git-based application (dockerfile)',
      );
    }));

  test.concurrent('an `expected_sha` for an image application is refused', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication(image);
      const run = await deploy(nodion, application, { inputs: { expected_sha: SHA } });
      expect(run.exitCode).toBe(1);
      expect(application.deployments).toEqual([]);
      expect(annotations(run, 'error')[0]).toContain('a pre-built image application');
    }));

  test.concurrent('a key that may not read ends the step, unless it does not wait', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      const inputs = { api_key: DEPLOY_ONLY_KEY };
      const waiting = await deploy(nodion, application, { inputs });
      expect(waiting.exitCode).toBe(1);
      expect(annotations(waiting, 'error')[0]).toContain('its scopes must cover this request');
      expect(application.deployments).toEqual([]);
      const run = await deploy(nodion, application, { inputs: { ...inputs, wait: 'false' } });
      expect(run.exitCode).toBe(0);
      expect(application.deployments).toHaveLength(1);
      expect(annotations(run, 'warning')).toHaveLength(2);
      expect(run.outputs.deploy_number).toBe('1');
    }));

  test.concurrent('a refusal of the trigger is final, in Nodion’s own words', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication();
      nodion.fail({
        on: 'POST /applications/:id/deployments',
        fault: {
          kind: 'answer',
          status: 400,
          body: { errors: ['Branch is gone', 'Quota used up'] },
          carriedOut: false,
        },
      });
      const run = await deploy(nodion, application);
      expect(run.exitCode).toBe(1);
      expect(nodion.requestsTo('POST /applications/:id/deployments')).toHaveLength(1);
      expect(annotations(run, 'error')[0]).toMatch(
        /^My App: POST \/applications\/.*\/deployments: Nodion answered 400, saying: Branch is gone; Quota used up\. Check the inputs and, in Nodion's dashboard, the application\.$/,
      );
    }));
});

describe('`expected_sha`', () => {
  test.concurrent.each([
    ['in full', SHA],
    ['short', SHA.slice(0, 7)],
    ['in capitals', SHA.toUpperCase()],
  ])('is met %s', (_, expected_sha) =>
    withNodion(async (nodion) => {
      const run = await deploy(nodion, nodion.addApplication(), { inputs: { expected_sha } });
      expect(run.exitCode).toBe(0);
    }),
  );

  test.concurrent.each(['true', 'false'])('that is missed fails naming both, wait: %s', (wait) =>
    withNodion(async (nodion) => {
      const inputs = { expected_sha: OTHER_SHA, wait };
      const run = await deploy(nodion, nodion.addApplication(), { inputs });
      expect(run.exitCode).toBe(1);
      expect(run.outputs.deploy_number).toBe('1');
      expect(annotations(run, 'error')[0]).toContain(
        `of commit ${SHA}, not of \`expected_sha\` ${OTHER_SHA}`,
      );
    }),
  );

  test.concurrent('that nobody can confirm is not green', () =>
    withNodion(async (nodion) => {
      const head = { git_sha: null, commit_message: '', committer_name: '' };
      const run = await deploy(nodion, nodion.addApplication({ head }), {
        inputs: { expected_sha: SHA, wait: 'false' },
      });
      expect(run.exitCode).toBe(1);
      expect(annotations(run, 'error')[0]).toContain("can't be confirmed");
    }));

  test.concurrent('that is missed is named also when the deployment fails', () =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication(life(['created', 0], ['failed', 300]));
      const run = await deploy(nodion, application, { inputs: { expected_sha: OTHER_SHA } });
      expect(run.exitCode).toBe(1);
      expect(annotations(run, 'error')[0]).toMatch(
        /Deployment #1 failed .*\. Besides: Deployment #1 is of commit d77ead8/,
      );
    }));
});
