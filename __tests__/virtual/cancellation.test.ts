import type { ChildProcess } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { Endpoint } from '../../fakes/nodion/state.ts';
import { annotations } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';
import { addShop } from '../shop.ts';

const APPLICATION: Endpoint = 'GET /applications/:id';
const LIST: Endpoint = 'GET /applications/:id/deployments';
const TRIGGER: Endpoint = 'POST /applications/:id/deployments';

const SHA = 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e';
const OTHER_SHA = 'ffac537e6cbbf934b08745a378932722df287a53';

const TOO_LATE = 'The step was cancelled too late to change anything; it is red all the same.';

scenario('A cancelled step counts the applications that were not done', async (stage) => {
  const { nodion, deploy } = stage;
  const web = nodion.addApplication({ name: 'web', ...life(['waiting', 0]) });
  const api = nodion.addApplication({ name: 'api', ...life(['available', 0]) });
  const run = await deploy(null, {
    inputs: { application_id: `${web.id}\n${api.id}` },
    onLog: (text, child) => {
      if (text.includes('[web] Triggered deployment')) child.kill('SIGINT');
    },
  });
  expect(run.exitCode).toBe(1);
  expect(run.commands.find(({ name }) => name === 'error')?.properties).toEqual({
    title: 'Step cancelled',
  });
  expect(annotations(run, 'error')[0]?.split('\n')).toEqual([
    'Step cancelled with 1 of 2 applications not done.',
    'Application web: The step was cancelled while deployment #1 was "waiting". The deployment goes on at Nodion, where nothing can cancel it: follow it in the dashboard. No deployment of the application is live.',
  ]);
});

for (const [what, carriedOut, lines] of [
  [
    'names the deployment that it made',
    true,
    [
      'Application My App: The step was cancelled while deployment #2 was "waiting".',
      'The deployment goes on at Nodion, where nothing can cancel it: follow it in the dashboard.',
    ],
  ],
  [
    'says which deployment to look for, and takes nobody else’s',
    false,
    [
      'Application My App: The step was cancelled before it was clear whether anything was triggered.',
      'A deployment may have been made and be in progress.',
      "Look for number 2 or above in Nodion's dashboard before you trigger again.",
    ],
  ],
] as const) {
  scenario(`A cancelled trigger ${what}`, async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication(life(['waiting', 0], ['available', 60_000]));
    nodion.addDeployment(application, { status: 'available' });
    nodion.fail({ on: TRIGGER, fault: { kind: 'hang', carriedOut } });
    let step: ChildProcess | undefined;
    nodion.afterAnswering = (endpoint) => {
      if (endpoint !== TRIGGER) return;
      if (!carriedOut) nodion.addDeployment(application, { status: 'waiting', git_sha: OTHER_SHA });
      step?.kill('SIGINT');
    };
    const run = await deploy(application, {
      inputs: { expected_sha: SHA },
      onLog: (_, child) => {
        step = child;
      },
    });
    expect(run.exitCode).toBe(1);
    expect(run.outputs).toMatchObject({
      triggered: 'true',
      conclusion: 'cancelled',
      deploy_number: carriedOut ? '2' : '',
    });
    expect(annotations(run, 'error')[0]?.split('\n')).toEqual([
      ...lines,
      '#1 (commit d77ead8) is still live.',
    ]);
    // The answer has 2 s, the look 1.5 s.
    expect(run.durationMs).toBeLessThan(5_000);
  });
}

scenario('A hiccup does not keep a cancelled trigger from its deployment', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication(life(['waiting', 0], ['available', 60_000]));
  nodion.fail({ on: TRIGGER, fault: { kind: 'hang', carriedOut: true } });
  let step: ChildProcess | undefined;
  nodion.afterAnswering = (endpoint) => {
    if (endpoint !== TRIGGER) return;
    nodion.fail({ on: LIST, fault: answer(503)(false) });
    step?.kill('SIGINT');
  };
  const run = await deploy(application, {
    onLog: (_, child) => {
      step = child;
    },
  });
  expect(run.outputs).toMatchObject({ conclusion: 'cancelled', deploy_number: '1' });
  expect(run.durationMs).toBeLessThan(5_000);
});

scenario('What was live just before the trigger is not said to be live still', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication(life(['waiting', 0], ['available', 500]));
  nodion.addDeployment(application, { status: 'available' });
  const run = await deploy(application, {
    onLog: (text, child) => {
      if (!text.includes('Triggered deployment')) return;
      nodion.fail({ on: LIST, times: 9, fault: { kind: 'hang', carriedOut: false } });
      child.kill('SIGINT');
    },
  });
  expect(run.exitCode).toBe(1);
  expect(annotations(run, 'error')[0]?.split('\n').at(-1)).toBe(
    'When it was last seen, #1 (commit d77ead8) was live; it is not known what is live now.',
  );
  expect(run.outputs.live_deploy_number).toBe('');
});

for (const [what, isAnswered] of [
  ['is live by then', true],
  ['was live before, where Nodion does not answer', false],
] as const) {
  scenario(`A wait that is cancelled between two polls says what ${what}`, async (stage) => {
    const { nodion, deploy, clock } = stage;
    const application = nodion.addApplication(life(['waiting', 0], ['available', 12_000]));
    nodion.addDeployment(application, { status: 'available' });
    const run = await deploy(application, {
      inputs: { poll_interval: '60s' },
      onLog: (text, child) => {
        if (!text.includes('Triggered deployment')) return;
        void clock.sleep(16_000).then(() => {
          if (!isAnswered) nodion.fail({ on: LIST, fault: { kind: 'hang', carriedOut: false } });
          child.kill('SIGINT');
        });
      },
    });
    expect(run.exitCode).toBe(1);
    expect(annotations(run, 'error')[0]?.split('\n')).toEqual(
      isAnswered
        ? [
            'Application My App: The step was cancelled after deployment #2 went live.',
            '#2 (commit d77ead8) is live.',
          ]
        : [
            'Application My App: The step was cancelled while deployment #2 was "waiting".',
            'The deployment goes on at Nodion, where nothing can cancel it: follow it in the dashboard.',
            'When it was last seen, #1 (commit d77ead8) was live; it is not known what is live now.',
          ],
    );
    expect(run.outputs.status).toBe(isAnswered ? 'available' : 'waiting');
  });
}

scenario('A step cancelled before the trigger triggers nothing', async (stage) => {
  const { nodion, deploy } = stage;
  nodion.fail({ on: APPLICATION, times: 99, fault: { kind: 'hang', carriedOut: false } });
  const run = await deploy(nodion.addApplication(), {
    env: { RUNNER_DEBUG: '1' },
    onLog: (text, child) => {
      if (text.includes('deployments: 200')) child.kill('SIGTERM');
    },
  });
  expect(run.exitCode).toBe(1);
  expect(nodion.requestsTo(TRIGGER)).toEqual([]);
  expect(annotations(run, 'error')).toEqual([
    'The step was cancelled before anything was triggered.\nNo deployment of the application is live.',
  ]);
  expect(JSON.parse(run.outputs.deployments ?? '')).toMatchObject([
    { id: null, triggered: false, error: expect.stringContaining('cancelled') },
  ]);
});

scenario('Triggers on their way are still answered when cancelled', async (stage) => {
  const { nodion, clock, cancelWhen, deploy } = stage;
  const applications = Array.from({ length: 12 }, () => nodion.addApplication());
  nodion.fail({ on: TRIGGER, times: 12, fault: { kind: 'delay', ms: 1_000 } });
  let cancelledAt = 0;
  const run = await deploy(null, {
    inputs: { application_id: applications.map(({ id }) => id).join() },
    ...cancelWhen(() => {
      cancelledAt = clock.now();
      return nodion.requestsTo(TRIGGER).length === 8;
    }),
  });
  // GitHub's runner kills it after 10 s; it takes 1 s.
  expect(clock.now() - cancelledAt).toBeLessThan(8_000);
  expect(run.exitCode).toBe(1);
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(8);
  const shown: { deploy_number: number | null; triggered: boolean }[] = JSON.parse(
    run.outputs.deployments ?? '',
  );
  const numbers = shown.map(({ deploy_number }) => deploy_number);
  expect(numbers.sort()).toEqual([...Array(8).fill(1), ...Array(4).fill(null)]);
  expect(shown.filter(({ triggered }) => triggered)).toHaveLength(8);
});

scenario('A step is cancelled though its connection hangs', async ({ run: runAction }) => {
  let step: ChildProcess | undefined;
  const silent = createServer(() => step?.kill('SIGINT'));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  try {
    const run = await runAction({
      inputs: {
        api_url: `https://127.0.0.1:${port}/v1`,
        application_id: '92955d4f-2e44-4e48-8cb6-9c6c434afebb',
      },
      onLog: (_, child) => {
        step = child;
      },
    });
    expect(run.exitCode).toBe(1);
    expect(annotations(run, 'error')).toEqual([
      'The step was cancelled before anything was triggered.',
    ]);
  } finally {
    silent.close();
  }
});

scenario('A step cancelled when live, but not yet reported, is red', async (stage) => {
  const { nodion, gitHub, deploy } = stage;
  gitHub.refuseWith = 0;
  const run = await deploy(nodion.addApplication(), {
    inputs: { environment: 'production' },
    onLog: (text, child) => {
      if (text.includes('#1 is "available"')) child.kill('SIGINT');
    },
  });
  expect(run.exitCode).toBe(1);
  expect(run.outputs.status).toBe('available');
  const [error = '', ...more] = annotations(run, 'error');
  expect(error.split('\n').slice(0, 2)).toEqual([
    TOO_LATE,
    expect.stringMatching(/^Application My App: Deployment #1 is live after /),
  ]);
  expect([...more, ...annotations(run, 'notice')]).toEqual([]);
  expect(run.summary).toMatch(/^<h3>✅ .* is live<\/h3>\n<p>The step was cancelled too late /);
});

scenario('A step cancelled during its only request is red, and says both', async (stage) => {
  const { nodion, cancelWhen, deploy } = stage;
  const application = nodion.addApplication(life(['waiting', 0]));
  nodion.fail({ on: TRIGGER, fault: { kind: 'delay', ms: 1_000 } });
  const run = await deploy(application, {
    inputs: { wait: 'false' },
    ...cancelWhen(() => nodion.requestsTo(TRIGGER).length > 0),
  });
  expect(run.exitCode).toBe(1);
  expect(annotations(run, 'error')[0]?.split('\n').slice(0, 2)).toEqual([
    TOO_LATE,
    expect.stringMatching(/Deployment #1 was triggered, and is not waited/),
  ]);
  expect(run.summary).toMatch(
    /^<h3>🔄 .* is triggered, and not waited for<\/h3>\n<p>The step was cancelled too /,
  );
});

scenario('A creation that a cancellation finds on its way is red, and told', async (stage) => {
  const { nodion, cancelWhen, run: runAction } = stage;
  const created: Endpoint = 'POST /applications';
  nodion.fail({ on: created, fault: { kind: 'delay', ms: 1_000 } });
  const run = await runAction({
    action: 'create-application',
    inputs: {
      name: 'docs',
      region_id: 'r',
      instance_type_id: 't',
      integration_id: 'i',
      repository_id: 'r',
      branch_id: 'b',
    },
    ...cancelWhen(() => nodion.requestsTo(created).length > 0),
  });
  expect(run.exitCode).toBe(1);
  expect(run.outputs.created).toBe('true');
  expect(annotations(run, 'error')).toEqual([TOO_LATE]);
  expect(annotations(run, 'notice')).toEqual([expect.stringMatching(/^Created application docs /)]);
});

scenario('A signal during the last read of a dry run is its conclusion', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, () => ({ status: 200, afterMs: 4_000 }));
  let step: ChildProcess | undefined;
  nodion.afterAnswering = (endpoint) => {
    if (endpoint === LIST && nodion.requestsTo(LIST).length === 2) step?.kill('SIGINT');
  };
  const run = await deploy(shop.application, {
    inputs: { ...shop.inputs, dry_run: 'true' },
    env: { RUNNER_DEBUG: '1' },
    onLog: (_, child) => {
      step = child;
    },
  });
  expect(nodion.requestsTo(LIST)).toHaveLength(2);
  expect(run.exitCode).toBe(1);
  expect(run.outputs).toMatchObject({ conclusion: 'cancelled', reason: 'cancelled' });
});

scenario(
  'A signal ends the last look at those that ended early, with time to report',
  async (stage) => {
    const { nodion, gitHub, deploy, clock } = stage;
    const early = nodion.addApplication({ ...life(['failed', 1_000]), name: 'early' });
    const late = nodion.addApplication({
      ...life(['created', 0], ['available', 9_000]),
      name: 'late',
    });
    let cancelledAt = 0;
    const run = await deploy(null, {
      inputs: { application_id: `${early.id},${late.id}`, environment: 'production' },
      onLog: (text, child) => {
        if (text.includes('[early] #1 is "failed"')) {
          nodion.fail({ on: LIST, of: early, times: 9, fault: { kind: 'hang', carriedOut: true } });
        }
        if (!text.includes('[late] #1 is "available"')) return;
        void clock.sleep(500).then(() => {
          cancelledAt = clock.now();
          child.kill('SIGINT');
        });
      },
    });
    expect(run.exitCode).toBe(1);
    expect(annotations(run, 'warning')).toEqual([]);
    expect(gitHub.statuses.at(-1)).toMatchObject({ state: 'failure' });
    expect(clock.now() - cancelledAt).toBeLessThan(2_000);
  },
);
