import type { ChildProcess } from 'node:child_process';
import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import { DEPLOY_ONLY_KEY } from '../../fakes/nodion/state.ts';
import type { StepOptions } from '../../fakes/runner.ts';
import { life } from '../scenario.ts';
import { type Situation, shownText, stable, tells } from '../told.ts';

/** A red of one application; its lines say the same in every place. Times are `…`, hosts HOST. */
interface Red {
  readonly kind: 'failure' | 'timed_out' | 'cancelled';
  readonly title: string;
  readonly lines: readonly string[];
  /** Of the deployment; null for none, undefined where the step ends before the applications are known. */
  readonly number?: number | null;
  readonly triggered: boolean;
  /** In the summary's heading; the title in lower case where it is left out. */
  readonly verdict?: string;
}

/** Whether a line says what is live. */
const isOfLive = (line: string) =>
  /^(?:#.* is (?:still )?live\.$|No deployment .* is live|When it was last seen|It is not known what is live)/.test(
    line,
  );

const SYMBOLS = { failure: '❌', timed_out: '⌛', cancelled: '🚫' };

function red(
  name: string,
  play: Situation,
  { kind, title, lines, number, triggered, verdict }: Red,
): void {
  const isFound = number !== undefined;
  const headOf = (shownAs: string) =>
    `${SYMBOLS[kind]} ${isFound ? `${shownAs}: ${verdict ?? title.toLowerCase()}` : title}`;
  tells(
    `Every place says the same when ${name}`,
    play,
    (shownAs) => ({
      title: `error: ${title}`,
      annotation: [`${isFound ? `Application ${shownAs}: ` : ''}${lines[0]}`, ...lines.slice(1)],
      heading: headOf(shownAs).replaceAll('`', ''),
      outputs: {
        triggered: String(triggered),
        timed_out: String(kind === 'timed_out'),
        deploy_number: String(number ?? ''),
      },
      gitHub: isFound
        ? [kind === 'failure' ? 'failure' : 'error', `${shownAs}: ${lines.join(' ')}`]
        : null,
    }),
    (run, shownAs) => {
      // What is live comes first, and names of inputs are code.
      const [live, others] = [lines.filter(isOfLive), lines.filter((line) => !isOfLive(line))];
      const told = [headOf(shownAs), ...live, ...others].join('\n').replaceAll('`', '');
      expect(shownText(run.summary).replace(/\n{2,}/g, '\n')).toContain(told);
      expect(run.exitCode).toBe(1);
      const [one] = JSON.parse(run.outputs.deployments ?? '');
      expect(one).toMatchObject({ triggered, timed_out: kind === 'timed_out' });
      expect(stable(one.error)).toBe(lines.join(' '));
    },
  );
}

const APPLICATION = 'GET /applications/:id';
const LIST = 'GET /applications/:id/deployments';
const TRIGGER = 'POST /applications/:id/deployments';
const INSTANCES = 'GET /applications/:id/instances';
const GOES_ON =
  'The deployment goes on at Nodion, where nothing can cancel it: follow it in the dashboard.';
const NONE_LIVE = 'No deployment of the application is live.';
const NOTHING_SEEN_LIVE =
  'When it was last seen, nothing was live; it is not known what is live now.';
const OURS_LIVE = '#1 (commit d77ead8) is live.';
const MAY_BE = 'A deployment may have been made and be in progress.';
const LOOK = "Look for number 1 or above in Nodion's dashboard before you trigger again.";
const NEW_KEY = 'Create a new key and update the secret behind `api_key`.';
const SCOPES =
  'Check the key behind `api_key`: its scopes must cover this request, and it must belong to the project (for a user API key, see `project_id`).';
const WAS_THERE =
  'The application was there before: it may have been deleted, or the key or a gateway may lack this endpoint.';
const BRANCH =
  'Nodion deploys the latest commit of the connected branch: check that the workflow runs on that branch, and that nothing was pushed meanwhile.';
const SHA = 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e';
const shop = { name: 'shop' };
const verified = { verify_rollout: 'true' };

/** Ends the step with SIGINT as soon as its log contains `text`. */
function cancelAt(text: string): StepOptions {
  return {
    onLog: (log, child) => {
      if (log.includes(text)) child.kill('SIGINT');
    },
  };
}

red(
  'the time is over before anything could be read',
  ({ nodion }) => {
    nodion.fail({ on: LIST, times: 99, fault: answer(503)(false) });
    return { application: nodion.addApplication(shop), options: { inputs: { timeout: '20s' } } };
  },
  {
    kind: 'timed_out',
    title: 'Timed out',
    triggered: false,
    lines: [
      'The … timeout expired before anything was triggered.',
      'The last failure: HOST answered 503 to GET /applications/:id/deployments. Nodion, or a gateway before it, is down or busy: run the job again later.',
    ],
  },
);

red(
  'the workflow is cancelled before all could be read',
  ({ nodion }) => {
    nodion.fail({ on: APPLICATION, times: 99, fault: { kind: 'hang', carriedOut: false } });
    const options = { ...cancelAt('deployments: 200'), env: { RUNNER_DEBUG: '1' } };
    return { application: nodion.addApplication(shop), options };
  },
  {
    kind: 'cancelled',
    title: 'Step cancelled',
    triggered: false,
    lines: ['The step was cancelled before anything was triggered.', NONE_LIVE],
  },
);

for (const [what, status, timeout, told] of [
  [
    'the time is over before it is triggered',
    503,
    '30s',
    {
      kind: 'timed_out',
      title: 'Timed out',
      lines: [
        'The … timeout expired before anything was triggered for it.',
        'The last failure: HOST answered 503 to GET /applications/:id/deployments. Nodion, or a gateway before it, is down or busy: run the job again later.',
        NOTHING_SEEN_LIVE,
      ],
    },
  ],
  [
    'it is gone before it is triggered',
    404,
    '15m',
    {
      kind: 'failure',
      title: 'Not deployed',
      lines: [
        'Nodion answered 404 to GET /applications/:id/deployments.',
        WAS_THERE,
        'Nothing was triggered for it.',
        NOTHING_SEEN_LIVE,
      ],
    },
  ],
] as const) {
  red(
    what,
    ({ nodion }) => {
      // The list is then too old for the trigger, and read again.
      nodion.fail(
        { on: APPLICATION, fault: { kind: 'delay', ms: 4_000 } },
        { on: LIST, skip: 1, times: 99, fault: answer(status)(false) },
      );
      return { application: nodion.addApplication(shop), options: { inputs: { timeout } } };
    },
    { ...told, number: null, triggered: false },
  );
}

red(
  'the trigger is refused because of the key',
  ({ nodion }) => {
    nodion.fail({ on: TRIGGER, fault: answer(401)(false) });
    return { application: nodion.addApplication(shop) };
  },
  {
    kind: 'failure',
    title: 'Trigger refused',
    number: null,
    triggered: false,
    lines: [
      'Nodion refused the API key (401 Unauthorized).',
      'Nothing was triggered for it.',
      NEW_KEY,
      NONE_LIVE,
    ],
  },
);

red(
  'the trigger of an unknown application is refused, with a key that may not read',
  ({ nodion }) => {
    nodion.fail({ on: TRIGGER, fault: answer(404)(false) });
    const application = nodion.addApplication(shop);
    const options = { inputs: { api_key: DEPLOY_ONLY_KEY, wait: 'false' } };
    return { application, options, shownAs: application.id };
  },
  {
    kind: 'failure',
    title: 'Trigger refused',
    number: null,
    triggered: false,
    lines: [
      'Nodion refused the trigger (404).',
      'Nothing was triggered for it.',
      'Check the ID ID, that it is in the project of the key behind `api_key` (for a user API key, set `project_id`), and `api_url` if it is set.',
    ],
  },
);

red(
  'the workflow is cancelled with a trigger on its way',
  ({ nodion }) => {
    nodion.fail({ on: TRIGGER, fault: { kind: 'hang', carriedOut: false } });
    let step: ChildProcess | undefined;
    nodion.afterAnswering = (endpoint) => {
      if (endpoint === TRIGGER) step?.kill('SIGINT');
    };
    const onLog = (_: string, child: ChildProcess) => {
      step = child;
    };
    return { application: nodion.addApplication(shop), options: { onLog } };
  },
  {
    kind: 'cancelled',
    title: 'Step cancelled',
    number: null,
    triggered: true,
    lines: [
      'The step was cancelled before it was clear whether anything was triggered.',
      MAY_BE,
      LOOK,
      NONE_LIVE,
    ],
  },
);

red(
  'the time is over with a trigger on its way',
  ({ nodion }) => {
    nodion.fail({ on: TRIGGER, fault: { kind: 'hang', carriedOut: false } });
    return {
      application: nodion.addApplication(shop),
      options: { inputs: { timeout: '20s', poll_interval: '19s' } },
    };
  },
  {
    kind: 'timed_out',
    title: 'Timed out',
    number: null,
    triggered: true,
    lines: [
      'The … timeout expired before it was clear whether anything was triggered.',
      'The last failure: HOST had not answered POST /applications/:id/deployments.',
      MAY_BE,
      LOOK,
      NONE_LIVE,
    ],
  },
);

red(
  'the deployment of a lost trigger can’t be searched for',
  ({ nodion }) => {
    nodion.fail(
      { on: TRIGGER, fault: { kind: 'reset', carriedOut: true } },
      { on: LIST, afterTrigger: true, times: 99, fault: answer(403)(false) },
    );
    return { application: nodion.addApplication(shop) };
  },
  {
    kind: 'failure',
    title: 'Unknown whether triggered',
    number: null,
    triggered: true,
    lines: [
      "The trigger was not answered as documented, and its deployment can't be searched for.",
      'Nodion answered 403 to GET /applications/:id/deployments.',
      SCOPES,
      MAY_BE,
      LOOK,
      NOTHING_SEEN_LIVE,
    ],
  },
);

red(
  'a trigger is lost, with a key that may not read',
  ({ nodion }) => {
    nodion.fail({ on: TRIGGER, fault: { kind: 'reset', carriedOut: true } });
    const application = nodion.addApplication(shop);
    const options = { inputs: { api_key: DEPLOY_ONLY_KEY, wait: 'false' } };
    return { application, options, shownAs: application.id };
  },
  {
    kind: 'failure',
    title: 'Unknown whether triggered',
    number: null,
    triggered: true,
    lines: [
      'The trigger was not answered as documented.',
      'The request to HOST (POST /applications/:id/deployments) failed: no answer (ECONNRESET).',
      MAY_BE,
      "Look in Nodion's dashboard before you trigger again.",
      'It is not known what is live.',
    ],
  },
);

for (const [status, lines] of [
  [
    302,
    [
      'HOST answered 302 to POST /applications/:id/deployments, a redirect to nowhere.',
      'Redirects are not followed, since the key would go along: set `api_url` to the final address, if you trust it.',
    ],
  ],
  [500, ['HOST answered 500 to POST /applications/:id/deployments.']],
] as const) {
  red(
    `every trigger is answered ${status}`,
    ({ nodion }) => {
      nodion.fail({ on: TRIGGER, times: 99, fault: answer(status)(false) });
      return { application: nodion.addApplication(shop) };
    },
    {
      kind: 'failure',
      title: 'Unknown whether triggered',
      number: null,
      triggered: true,
      lines: ['The trigger was not answered as documented.', ...lines, MAY_BE, LOOK, NONE_LIVE],
    },
  );
}

red(
  'the workflow is cancelled while its status is unknown',
  ({ nodion }) => ({
    application: nodion.addApplication({ ...shop, ...life(['odd', 0]) }),
    options: cancelAt('Triggered deployment'),
  }),
  {
    kind: 'cancelled',
    title: 'Step cancelled',
    verdict: 'step cancelled while following deployment #1',
    number: 1,
    triggered: true,
    lines: [
      'The step was cancelled while deployment #1 was "odd".',
      '"odd" is a status unknown to this action: look at the deployment in Nodion\'s dashboard.',
      NONE_LIVE,
    ],
  },
);

red(
  'the workflow is cancelled during the rollout',
  ({ nodion }) => ({
    application: nodion.addApplication({ ...shop, status: 'deploying' }),
    options: { inputs: verified, ...cancelAt('Rollout after') },
  }),
  {
    kind: 'cancelled',
    title: 'Step cancelled',
    verdict: 'step cancelled while following deployment #1',
    number: 1,
    triggered: true,
    lines: [
      'The step was cancelled after deployment #1 went live, before everything was checked.',
      'Check it yourself.',
      OURS_LIVE,
    ],
  },
);

red(
  'the application is gone while it is waited for',
  ({ nodion }) => {
    nodion.fail({ on: LIST, afterTrigger: true, fault: answer(404)(false) });
    return { application: nodion.addApplication(shop) };
  },
  {
    kind: 'failure',
    title: 'Lost sight of the deployment',
    verdict: 'lost sight of deployment #1',
    number: 1,
    triggered: true,
    lines: [
      'Deployment #1 was "created" when it could no longer be read.',
      'Nodion answered 404 to GET /applications/:id/deployments.',
      WAS_THERE,
      NOTHING_SEEN_LIVE,
    ],
  },
);

red(
  'the key may not read instances',
  ({ nodion }) => {
    nodion.fail({ on: INSTANCES, times: 99, fault: answer(403)(false) });
    return { application: nodion.addApplication(shop), options: { inputs: verified } };
  },
  {
    kind: 'failure',
    title: 'Rollout not verified',
    verdict: '#1 went live, but its rollout was not verified',
    number: 1,
    triggered: true,
    lines: [
      "Deployment #1 went live, but its rollout can't be checked.",
      'Nodion answered 403 to GET /applications/:id/instances.',
      SCOPES,
      OURS_LIVE,
    ],
  },
);

red(
  'it expires, and nothing newer is there',
  ({ nodion }) => ({
    application: nodion.addApplication({ ...shop, ...life(['created', 0], ['expired', 500]) }),
  }),
  {
    kind: 'failure',
    title: 'Deployment expired',
    verdict: 'deployment #1 expired',
    number: 1,
    triggered: true,
    lines: [
      'Deployment #1 expired after …: it never went live.',
      "Deploy again, or look at it in Nodion's dashboard.",
      NONE_LIVE,
    ],
  },
);

red(
  'it is in progress at the timeout',
  ({ nodion }) => ({
    application: nodion.addApplication({ ...shop, ...life(['waiting', 0]) }),
    options: { inputs: { timeout: '30s' } },
  }),
  {
    kind: 'timed_out',
    title: 'Timed out',
    verdict: 'timed out waiting for deployment #1',
    number: 1,
    triggered: true,
    lines: [
      'Deployment #1 was still "waiting" when the … timeout expired.',
      GOES_ON,
      'If it often takes longer, raise `timeout`.',
      NONE_LIVE,
    ],
  },
);

red(
  'it can’t be read until the timeout',
  ({ nodion }) => {
    nodion.fail({ on: LIST, afterTrigger: true, times: 99, fault: answer(503)(false) });
    return { application: nodion.addApplication(shop), options: { inputs: { timeout: '40s' } } };
  },
  {
    kind: 'timed_out',
    title: 'Timed out',
    verdict: 'timed out waiting for deployment #1',
    number: 1,
    triggered: true,
    lines: [
      'Deployment #1 was "created" when it was last seen, … before the end of the … timeout.',
      'Every poll since then failed: HOST answered 503 to GET /applications/:id/deployments.',
      "It may have ended since: look at it in Nodion's dashboard.",
      NOTHING_SEEN_LIVE,
    ],
  },
);

red(
  'its rollout is superseded',
  ({ nodion }) => {
    const application = nodion.addApplication({ ...shop, instanceChangeMs: 20_000 });
    nodion.afterAnswering = (endpoint) => {
      if (endpoint !== INSTANCES) return;
      const live = { ...life(['available', 0]), git_sha: null };
      if (application.deployments.length === 1) nodion.addDeployment(application, live);
    };
    return { application, options: { inputs: verified } };
  },
  {
    kind: 'failure',
    title: 'Superseded before its rollout was complete',
    verdict: '#1 was superseded before its rollout was complete',
    number: 1,
    triggered: true,
    lines: [
      'Deployment #1 went live, but #2 superseded it before its rollout was complete.',
      'Missing: instance web-1 runs #2.',
      'Use `concurrency` in the workflow to deploy one after another.',
      '#2 is live.',
    ],
  },
);

red(
  'its rollout is not complete at the timeout',
  ({ nodion }) => {
    const worker = { state: 'default', instance_amount: 1, instance_type_id: 't', status: 'new' };
    const workers = Array.from({ length: 11 }, (_, at) => ({ ...worker, id: `${at}`, name: 'w' }));
    const application = nodion.addApplication({ ...shop, status: 'deploying', workers });
    return { application, options: { inputs: { ...verified, timeout: '4s' } } };
  },
  {
    kind: 'timed_out',
    title: 'Rollout not complete',
    verdict: '#1 went live, but its rollout was not complete',
    number: 1,
    triggered: true,
    lines: [
      'Deployment #1 went live, but its rollout was not complete when the … timeout expired.',
      `Missing: the application is "deploying"; ${Array(9).fill('worker w is "new"').join('; ')}; and 2 more.`,
      "Look at the application in Nodion's dashboard.",
      OURS_LIVE,
    ],
  },
);

red(
  'its rollout can’t be read at the timeout',
  ({ nodion }) => {
    nodion.fail({ on: INSTANCES, times: 99, fault: answer(503)(false) });
    const inputs = { ...verified, timeout: '4s' };
    return { application: nodion.addApplication(shop), options: { inputs } };
  },
  {
    kind: 'timed_out',
    title: 'Rollout not verified',
    verdict: '#1 went live, but its rollout was not verified',
    number: 1,
    triggered: true,
    lines: [
      'Deployment #1 went live, but its rollout could not be checked when the … timeout expired.',
      'The last read failed: HOST answered 503 to GET /applications/:id/instances.',
      "Look at the application in Nodion's dashboard.",
      OURS_LIVE,
    ],
  },
);

red(
  'another commit is deployed, and not waited for',
  ({ nodion }) => ({
    application: nodion.addApplication(shop),
    options: { inputs: { expected_sha: 'ffac537', wait: 'false' } },
  }),
  {
    kind: 'failure',
    title: 'Another commit',
    verdict: '#1 is of another commit',
    number: 1,
    triggered: true,
    lines: [
      'Deployment #1 is of commit d77ead8, not of `expected_sha` ffac537.',
      `It is of ${SHA}; ffac537 was expected.`,
      GOES_ON,
      BRANCH,
      NONE_LIVE,
    ],
  },
);

red(
  'another commit went live, and a newer deployment too',
  ({ nodion }) => {
    const application = nodion.addApplication({
      ...shop,
      ...life(['created', 0], ['waiting', 2_000], ['available', 8_000]),
    });
    const onLog = (text: string) => {
      if (text.includes('#1 is "waiting"'))
        nodion.addDeployment(application, { status: 'available' });
    };
    return { application, options: { inputs: { expected_sha: 'ffac537' }, onLog } };
  },
  {
    kind: 'failure',
    title: 'Another commit went live',
    verdict: '#1 went live, but is of another commit',
    number: 1,
    triggered: true,
    lines: [
      'Deployment #1 went live, but is of commit d77ead8, not of `expected_sha` ffac537.',
      `It deployed ${SHA}; ffac537 was expected.`,
      BRANCH,
      '#2 (commit d77ead8) is live.',
    ],
  },
);

red(
  'it failed, and is of another commit',
  ({ nodion }) => ({
    application: nodion.addApplication({ ...shop, ...life(['created', 0], ['failed', 500]) }),
    options: { inputs: { expected_sha: 'ffac537' } },
  }),
  {
    kind: 'failure',
    title: 'Deployment failed',
    verdict: 'deployment #1 failed',
    number: 1,
    triggered: true,
    lines: [
      'Deployment #1 failed after ….',
      "Its deployment log is in Nodion's dashboard.",
      'Deployment #1 is of commit d77ead8, not of `expected_sha` ffac537.',
      `It is of ${SHA}; ffac537 was expected.`,
      BRANCH,
      NONE_LIVE,
    ],
  },
);

for (const wait of ['true', 'false']) {
  red(
    `its commit can't be confirmed, wait: ${wait}`,
    ({ nodion }) => {
      const head = { git_sha: null, commit_message: '', committer_name: '' };
      const application = nodion.addApplication({ ...shop, head });
      return { application, options: { inputs: { expected_sha: SHA, wait } } };
    },
    {
      kind: 'failure',
      title: 'Commit not confirmed',
      verdict: 'the commit of #1 is not confirmed',
      number: 1,
      triggered: true,
      lines: [
        "Deployment #1 does not say its commit, so `expected_sha` d77ead8 can't be confirmed.",
        ...(wait === 'true' ? [] : ['It may say so later: use `wait: true`.']),
        wait === 'true' ? '#1 is live.' : NONE_LIVE,
      ],
    },
  );
}

red(
  'another image tag went live',
  ({ nodion }) => {
    const image = { deployment_strategy: 'prebuilt_image', image_name: 'shop' };
    const application = nodion.addApplication({ ...shop, ...image });
    nodion.afterAnswering = (endpoint) => {
      const [deployment] = application.deployments;
      if (endpoint === TRIGGER && deployment) deployment.image_reference = 'docker.io/shop:v1';
    };
    return { application, options: { inputs: { image_tag: 'v2' } } };
  },
  {
    kind: 'failure',
    title: 'Another image tag went live',
    verdict: '#1 went live, but is of another image tag',
    number: 1,
    triggered: true,
    lines: [
      'Deployment #1 went live, but has tag "v1", not "v2" (`image_tag`).',
      'Nodion was asked for that tag and deployed another: check the application in its dashboard.',
      '#1 (v1) is live.',
    ],
  },
);
