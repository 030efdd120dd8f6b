import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { GitHubCall, GitHubFault } from '../../fakes/github.ts';
import type { StepOptions } from '../../fakes/runner.ts';
import { annotations, type Stage } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';

const SHA = 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e';
const WORKFLOW_SHA = 'ffac537e6cbbf934b08745a378932722df287a53';
const TAGGED = '0123456789abcdef0123456789abcdef01234567';
const inputs = { environment: 'production' };
const NOT_RECORDED = "The step is not recorded in GitHub's deployments: ";
const IMAGE = { deployment_strategy: 'prebuilt_image', image_name: 'shop' };

const refs = ({ gitHub }: Stage) => gitHub.deployments.map(({ ref }) => ref);
const states = ({ gitHub }: Stage) => gitHub.statuses.map(({ state }) => state);

for (const event of ['push', 'workflow_run', 'schedule', 'issue_comment']) {
  scenario(`On ${event}, GitHub's deployment names the commit that Nodion took`, async (stage) => {
    const { nodion, deploy } = stage;
    const env = { GITHUB_EVENT_NAME: event };
    await deploy(nodion.addApplication(), { inputs, env });
    expect(refs(stage)).toEqual([SHA]);
    expect(states(stage)).toEqual(['in_progress', 'success']);
  });
}

scenario('A commit that Nodion names late is recorded as soon as it does', async (stage) => {
  const { nodion, gitHub, deploy, clock } = stage;
  const application = nodion.addApplication(life(['created', 0], ['available', 20_000]));
  const { head } = application;
  application.head = { ...head, git_sha: null };
  nodion.afterAnswering = (endpoint) => {
    const [deployment] = application.deployments;
    if (endpoint !== 'POST /applications/:id/deployments' || !deployment) return;
    void clock.sleep(4_000).then(() => Object.assign(deployment, head));
  };
  let recorded: number | null = null;
  const run = await deploy(application, {
    inputs,
    onLog: (text) => {
      if (text.includes('#1 is "available"')) recorded = gitHub.statuses.length;
    },
  });
  expect(run.exitCode).toBe(0);
  expect(refs(stage)).toEqual([SHA]);
  expect(recorded).toBe(1);
});

scenario('A push that was overtaken fails with the commit that was deployed', async (stage) => {
  const { nodion, deploy } = stage;
  const options = { inputs: { ...inputs, expected_sha: WORKFLOW_SHA } };
  const run = await deploy(nodion.addApplication(), options);
  expect(run.exitCode).toBe(1);
  expect(refs(stage)).toEqual([SHA]);
  expect(states(stage)).toEqual(['in_progress', 'failure']);
});

scenario(
  'A commit that GitHub does not know is told, and the workflow’s own named',
  async (stage) => {
    const { nodion, gitHub, deploy } = stage;
    gitHub.commits = [WORKFLOW_SHA];
    const run = await deploy(nodion.addApplication({ name: 'shop' }), { inputs });
    expect(annotations(run, 'warning')).toEqual([]);
    expect(gitHub.deployments).toMatchObject([
      {
        ref: WORKFLOW_SHA,
        description: 'Commit d77ead8 is not known to GitHub. Nodion: shop',
        payload: { git_sha: SHA },
      },
    ]);
    expect(states(stage)).toEqual(['in_progress', 'success']);
  },
);

const TAGS: [string, Record<string, { sha: string; isAnnotated?: boolean }>, string][] = [
  ['v1.2.0', { 'v1.2.0': { sha: TAGGED } }, TAGGED],
  ['v1.2.0', { 'v1.2.0': { sha: TAGGED, isAnnotated: true } }, TAGGED],
  ['1.2', { '1.2': { sha: TAGGED } }, TAGGED],
  ['v1.2.0', {}, WORKFLOW_SHA],
  ['latest', { latest: { sha: TAGGED } }, WORKFLOW_SHA],
  [TAGGED, {}, TAGGED],
];

for (const [tag, tags, ref] of TAGS) {
  const named = Object.values(tags).some(({ isAnnotated }) => isAnnotated) ? 'annotated' : 'plain';
  const what = Object.keys(tags).length > 0 ? `with an ${named} Git tag` : 'without a Git tag';
  scenario(`An image of tag ${tag} ${what} is of ${ref.slice(0, 7)}`, async (stage) => {
    const { nodion, gitHub, deploy } = stage;
    Object.assign(gitHub.tags, tags);
    await deploy(nodion.addApplication(IMAGE), { inputs: { ...inputs, image_tag: tag } });
    expect(refs(stage)).toEqual([ref]);
    expect(gitHub.deployments[0]?.payload).toMatchObject({ git_sha: null });
  });
}

scenario(
  'A Git tag that the token may not read leaves the workflow’s own commit',
  async (stage) => {
    const { nodion, gitHub, deploy } = stage;
    const fault = { kind: 'answer', status: 403, message: 'Resource not accessible' } as const;
    gitHub.fail({ on: 'tag', fault });
    const options = { inputs: { ...inputs, image_tag: 'v1.2.0' } };
    const run = await deploy(nodion.addApplication(IMAGE), options);
    expect(annotations(run, 'warning')).toEqual([]);
    expect(refs(stage)).toEqual([WORKFLOW_SHA]);
  },
);

scenario('Several applications are one GitHub deployment, of the first’s commit', async (stage) => {
  const { nodion, gitHub, deploy } = stage;
  const web = nodion.addApplication({ name: 'web' });
  const api = nodion.addApplication({ name: 'api' });
  await deploy(null, { inputs: { ...inputs, application_id: `${web.id},${api.id}` } });
  expect(gitHub.deployments).toMatchObject([
    {
      ref: SHA,
      description: 'Nodion: web, api',
      payload: {
        deploy_number: 1,
        applications: [
          { application_name: 'web', deploy_number: 1, git_sha: SHA },
          { application_name: 'api' },
        ],
      },
    },
  ]);
});

scenario('A refused trigger is recorded as a failure', async (stage) => {
  const { nodion, deploy } = stage;
  const fault = answer(400, { errors: ['No'] })(false);
  nodion.fail({ on: 'POST /applications/:id/deployments', times: 9, fault });
  await deploy(nodion.addApplication(), { inputs });
  expect(refs(stage)).toEqual([WORKFLOW_SHA]);
  expect(states(stage)).toEqual(['failure']);
});

const answered = (status: number, message: string, headers = {}) =>
  ({ kind: 'answer', status, message, headers }) as const;
const HICCUPS: Record<string, GitHubFault['fault']> = {
  'a 502': answered(502, 'Bad gateway'),
  'a 429': answered(429, 'Slow down', { 'retry-after': '1' }),
  'a secondary rate limit': answered(403, 'You have exceeded a secondary rate limit.'),
  'a reset': { kind: 'reset', carriedOut: false },
  'a lost answer': { kind: 'reset', carriedOut: true },
  'an answer without a body': { kind: 'empty' },
};
const CALLS: [GitHubCall, string, number][] = [
  ['make', 'the creation', 1],
  ['state', 'the first state', 1],
  ['state', 'the last state', 2],
  ['list', 'the look for it', 1],
];

for (const [what, fault] of Object.entries(HICCUPS)) {
  for (const [on, call, which] of CALLS) {
    if (on === 'list' && fault.kind === 'empty') continue;
    scenario(`GitHub's deployment survives ${what} at ${call}`, async (stage) => {
      const { nodion, gitHub, deploy } = stage;
      if (on === 'list') gitHub.fail({ on: 'make', fault: { kind: 'reset', carriedOut: true } });
      const onLog = onceLive(() => gitHub.fail({ on, fault }));
      const options: StepOptions = which === 2 ? { inputs, onLog } : { inputs };
      if (which === 1) gitHub.fail({ on, fault });
      const slow = life(['created', 0], ['waiting', 3_000], ['available', 9_000]);
      const run = await deploy(nodion.addApplication(slow), options);
      expect(annotations(run, 'warning')).toEqual([]);
      expect(gitHub.deployments).toHaveLength(1);
      expect(new Set(states(stage))).toEqual(new Set(['in_progress', 'success']));
      expect(states(stage).at(-1)).toBe('success');
    });
  }
}

function onceLive(act: () => void) {
  let isDone = false;
  return (text: string) => {
    if (isDone || !text.includes('is "waiting"')) return;
    isDone = true;
    act();
  };
}

for (const [status, stays] of [
  [422, 'stays'],
  [502, 'may stay'],
] as const) {
  scenario(`A GitHub deployment whose last state is answered ${status} ${stays}`, async (stage) => {
    const { nodion, gitHub, deploy } = stage;
    const slow = life(['created', 0], ['waiting', 3_000], ['available', 9_000]);
    const bad = { on: 'state', times: 99, fault: answered(status, 'Too bad') } as const;
    const run = await deploy(nodion.addApplication(slow), {
      inputs,
      onLog: onceLive(() => gitHub.fail(bad)),
    });
    expect(run.exitCode).toBe(0);
    expect(annotations(run, 'warning')).toEqual([
      expect.stringMatching(
        `^The GitHub deployment was made, but ${stays} "in_progress": .* answered ${status}: Too bad\\.$`,
      ),
    ]);
  });
}

scenario(
  'What GitHub says of a creation it refuses is told, and is no unknown commit',
  async (stage) => {
    const { nodion, gitHub, deploy } = stage;
    const body = { message: 'Validation Failed', errors: [{ message: 'Payload is too long' }] };
    gitHub.listener = (_, response) => {
      response.writeHead(422, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const run = await deploy(nodion.addApplication(), { inputs });
    expect(run.exitCode).toBe(0);
    expect(annotations(run, 'warning')[0]).toContain(
      'answered 422: Validation Failed: Payload is too long.',
    );
  },
);

const NAMES: Record<string, boolean> = {
  production: true,
  'eu-production': true,
  'web/prod': true,
  'production (eu)': true,
  Live: true,
  prod2: false,
  preprod: false,
  'pre-prod/pr-12': false,
  'non-prod': false,
  not_production: false,
};

for (const [name, isProduction] of Object.entries(NAMES)) {
  scenario(
    `The environment "${name}" is ${isProduction ? '' : 'not '}production`,
    async (stage) => {
      const { nodion, gitHub, deploy } = stage;
      await deploy(nodion.addApplication(), { inputs: { environment: name } });
      expect(gitHub.deployments[0]).toMatchObject({ production_environment: isProduction });
    },
  );
}

const ENGINES: [string, Record<string, string>, string][] = [
  [
    'Forgejo',
    { FORGEJO_ACTIONS: 'true', GITEA_ACTIONS: 'true' },
    'the workflow runs on Forgejo, which has no GitHub deployments.',
  ],
  [
    'Gitea',
    { GITEA_ACTIONS: 'true' },
    'the workflow runs on Gitea, which has no GitHub deployments.',
  ],
  ['act', { ACT: 'true' }, 'act runs the workflow, perhaps for another repository than it seems.'],
  [
    'an engine without GITHUB_REPOSITORY',
    { GITHUB_REPOSITORY: '' },
    '`GITHUB_REPOSITORY` names no repository.',
  ],
  [
    'an engine with an odd GITHUB_API_URL',
    { GITHUB_API_URL: 'git.example.com/api' },
    '`GITHUB_API_URL` is not a URL: "git.example.com/api".',
  ],
];

for (const [engine, env, message] of ENGINES) {
  scenario(`No GitHub deployment is made on ${engine}, which is told`, async (stage) => {
    const { nodion, gitHub, deploy } = stage;
    const run = await deploy(nodion.addApplication(), { inputs, env });
    expect(run.exitCode).toBe(0);
    expect(annotations(run, 'warning')).toEqual([NOT_RECORDED + message]);
    expect(gitHub.requests).toEqual([]);
  });
}

scenario('An event that is null is no obstacle', async (stage) => {
  const { nodion, deploy } = stage;
  await deploy(nodion.addApplication(), { inputs, event: null });
  expect(refs(stage)).toEqual([SHA]);
});
