import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect } from '@jest/globals';
import { CERTIFICATE, PRIVATE_KEY } from '../../fakes/certificate.ts';
import { answer } from '../../fakes/faults.ts';
import { DEPLOY_ONLY_KEY, type Endpoint } from '../../fakes/nodion/state.ts';
import { annotations } from '../../fakes/stage.ts';
import { scenario } from '../scenario.ts';

const TRIGGER: Endpoint = 'POST /applications/:id/deployments';
const SHA = 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e';

scenario('A wrong key triggers nothing, and is named as the reason', async (stage) => {
  const { nodion, deploy } = stage;
  const run = await deploy(nodion.addApplication(), { inputs: { api_key: 'wrong-key-77' } });
  expect(run.exitCode).toBe(1);
  expect(nodion.requestsTo(TRIGGER)).toEqual([]);
  expect(annotations(run, 'error')).toEqual([
    'Nodion refused the API key (401 Unauthorized).\nCreate a new key and update the secret behind `api_key`.\nNothing was triggered.',
  ]);
  expect(run.log.replace('::add-mask::wrong-key-77', '')).not.toContain('wrong-key-77');
});

scenario('Of several, the one that can’t be read is named', async ({ nodion, deploy }) => {
  nodion.addApplication({ name: 'web' });
  const of = nodion.addApplication({ name: 'api' });
  const on = 'GET /applications/:id/deployments';
  nodion.fail({ on, of, fault: answer(403)(false) });
  const run = await deploy(null, { inputs: { application_name: 'web,api' } });
  expect(run.outputs.reason).toBe('unauthorized');
  expect(annotations(run, 'error')[0]).toContain('Application api: Nodion answered 403 to GET');
});

scenario('An unknown application is red, with what to check', async ({ deploy }) => {
  const run = await deploy(null, {
    inputs: { application_id: '92955d4f-2e44-4e48-8cb6-9c6c434afebb' },
  });
  expect(run.exitCode).toBe(1);
  // Which of the two reads fails first is open.
  const what = '/applications/:id';
  expect(
    annotations(run, 'error').map((text) => text.replace(`${what}/deployments:`, `${what}:`)),
  ).toEqual([
    `Nodion answered 404 to GET ${what}: Not found.\nCheck the ID 92955d4f-2e44-4e48-8cb6-9c6c434afebb, that it is in the project of the key behind \`api_key\` (for a user API key, set \`project_id\`), and \`api_url\` if it is set.\nNothing was triggered.`,
  ]);
});

scenario('A certificate that is not trusted is red at once, with what to set', async (stage) => {
  const server = createServer({ cert: CERTIFICATE, key: PRIVATE_KEY });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const run = await stage.deploy(stage.nodion.addApplication(), {
      inputs: { api_url: `https://127.0.0.1:${port}/v1`, timeout: '20m' },
    });
    expect(run.exitCode).toBe(1);
    expect(run.log).not.toContain('trying again');
    expect(annotations(run, 'error')).toEqual([
      expect.stringMatching(/NODE_EXTRA_CA_CERTS(.|\n)*Nothing was triggered\.$/),
    ]);
  } finally {
    server.close();
  }
});

scenario('An `image_tag` for a Git-based application is refused', async ({ nodion, deploy }) => {
  const application = nodion.addApplication();
  const run = await deploy(application, { inputs: { image_tag: 'v1' } });
  expect(run.exitCode).toBe(1);
  expect(application.deployments).toEqual([]);
  expect(annotations(run, 'error')).toEqual([
    '`image_tag`: "v1" is not for My App, a Git-based application (dockerfile).\nNodion deploys the latest commit of its branch: leave `image_tag` out, or see `expected_sha`.\nNo deployment of the application is live.\nNothing was triggered.',
  ]);
});

scenario('An `expected_sha` for an image application is refused', async ({ nodion, deploy }) => {
  const application = nodion.addApplication({ deployment_strategy: 'prebuilt_image' });
  const run = await deploy(application, { inputs: { expected_sha: SHA } });
  expect(run.exitCode).toBe(1);
  expect(application.deployments).toEqual([]);
  expect(annotations(run, 'error')).toEqual([
    `\`expected_sha\`: "${SHA.slice(0, 7)}" is not for My App, a pre-built image application.\nIts deployments are of no commit: see \`image_tag\`.\nNo deployment of the application is live.\nNothing was triggered.`,
  ]);
});

scenario('A key that may not read deploys with `wait: false` only', async ({ nodion, deploy }) => {
  const application = nodion.addApplication();
  const inputs = { api_key: DEPLOY_ONLY_KEY };
  const waiting = await deploy(application, { inputs });
  expect(waiting.exitCode).toBe(1);
  expect(annotations(waiting, 'error')).toEqual([
    expect.stringMatching(
      /^Nodion answered 403 to GET \/applications\/:id(?:\/deployments)?: Insufficient scope\.\nCheck the key behind `api_key`: its scopes must cover this request, and it must belong to the project \(for a user API key, see `project_id`\)\.\nNothing was triggered\.$/,
    ),
  ]);
  expect(application.deployments).toEqual([]);
  const run = await deploy(application, { inputs: { ...inputs, wait: 'false' } });
  expect(run.exitCode).toBe(0);
  expect(application.deployments).toHaveLength(1);
  expect(annotations(run, 'warning')).toEqual([]);
  expect(run.log).toMatch(/^The key may not read all of it, which `wait: false` does without$/m);
  expect(run.outputs.deploy_number).toBe('1');
});

scenario('A refusal of the trigger is final, in Nodion’s own words', async (stage) => {
  const { nodion, deploy } = stage;
  const body = { errors: ['Branch is gone', 'Quota used up'] };
  nodion.fail({ on: TRIGGER, fault: answer(400, body)(false) });
  const run = await deploy(nodion.addApplication());
  expect(run.exitCode).toBe(1);
  expect(nodion.requestsTo(TRIGGER)).toHaveLength(1);
  expect(annotations(run, 'error')).toEqual([
    "Application My App: Nodion refused the trigger (400): Branch is gone; Quota used up.\nNothing was triggered for it.\nCheck the inputs and, in Nodion's dashboard, the application.\nNo deployment of the application is live.",
  ]);
});

scenario('A key that may not read can look no name up, and is told so', async (stage) => {
  const { nodion, deploy } = stage;
  nodion.addApplication({ name: 'shop' });
  const inputs = { api_key: DEPLOY_ONLY_KEY, application_name: 'shop', wait: 'false' };
  const run = await deploy(null, { inputs });
  expect(run.exitCode).toBe(1);
  expect(annotations(run, 'error')[0]?.split('\n')).toEqual([
    'Nodion answered 403 to GET /applications: Insufficient scope.',
    "Check the key behind `api_key`: its scopes must cover this request, and it must belong to the project (for a user API key, see `project_id`). Or use `application_id`: a key that may only deploy can't look a name up.",
    'Nothing was triggered.',
  ]);
});

const DETAILED: [object, string][] = [
  [
    {
      message: 'Validation failed',
      details: [{ field: 'image_tag', code: 'invalid' }, 'Too long.'],
    },
    'Validation failed; {"field":"image_tag","code":"invalid"}; Too long',
  ],
  [
    { error: 'Unprocessable', errors: { image_tag: ['is invalid', 'is too long'], base: 'no' } },
    'Unprocessable; image_tag: is invalid; image_tag: is too long; base: no',
  ],
  [{ status: 422, error: 'Gone', message: 'Gone.', errors: [], details: null }, 'Gone'],
  [
    { message: 'Bad', details: Array.from({ length: 99 }, (_, index) => `d${index}`) },
    'Bad; d0; d1; d2; d3; d4; d5; d6; d7; d8',
  ],
];

for (const [body, words] of DETAILED) {
  scenario(`Of ${JSON.stringify(body).slice(0, 80)} the details are told`, async (stage) => {
    const { nodion, deploy } = stage;
    nodion.fail({ on: TRIGGER, fault: answer(422, body)(false) });
    const run = await deploy(nodion.addApplication());
    expect(annotations(run, 'error')[0]?.split('\n')[0]).toBe(
      `Application My App: Nodion refused the trigger (422): ${words}.`,
    );
  });
}

const NETWORK = "Check the runner's network, `api_url` and proxy.";
const BUSY = 'Nodion, or a gateway before it, is down or busy: run the job again later.';
const LIMITED =
  'Nodion, or a gateway before it, limits the rate of requests: run the job again later.';
const PAGE =
  'That is a web page, not the API: check `api_url`, and whether a proxy or a login page answers in its place.';

for (const [action, before] of [
  ['.', 'The 20 s timeout expired before anything was triggered.'],
  ['list-applications', 'The `timeout` expired before the step was done.'],
] as const) {
  scenario(`What can't be reached says what to check at the timeout: ${action}`, async (stage) => {
    const run = await stage.run({
      action,
      inputs: {
        ...(action === '.' && { application_name: 'shop' }),
        api_url: 'http://127.0.0.1:9/v1',
        timeout: '20s',
      },
    });
    expect(annotations(run, 'error')).toEqual([
      `${before}\nThe last failure: Can't reach 127.0.0.1:9: the connection was refused (ECONNREFUSED). ${NETWORK}`,
    ]);
  });

  for (const [what, fault, said, advice] of [
    ['503', answer(503)(false), '503 to GET /applications.', BUSY],
    ['429', answer(429)(false), '429 to GET /applications.', LIMITED],
    [
      'HTML',
      answer(200, '<html>')(false),
      '200 to GET /applications, but not as documented: HTML.',
      PAGE,
    ],
  ] as const) {
    scenario(`${what} at the timeout says what to do: ${action}`, async ({ nodion, run }) => {
      nodion.fail({ on: 'GET /applications', times: 99, fault });
      const step = await run({
        action,
        inputs: { ...(action === '.' && { application_name: 'shop' }), timeout: '20s' },
      });
      const host = new URL(nodion.url).host;
      expect(annotations(step, 'error')).toEqual([
        `${before}\nThe last failure: ${host} answered ${said} ${advice}`,
      ]);
    });
  }

  scenario(`A project that is not found is not an ID to check: ${action}`, async (stage) => {
    stage.nodion.fail({ on: 'GET /applications', fault: answer(404)(false) });
    const inputs: Record<string, string> = action === '.' ? { application_name: 'shop' } : {};
    const run = await stage.run({ action, inputs });
    expect(annotations(run, 'error')[0]?.split('\n').slice(0, 2)).toEqual([
      'Nodion answered 404 to GET /applications.',
      'Check `api_url` if it is set, and, for a user API key, `project_id`.',
    ]);
  });
}

scenario('An application that is gone when it is triggered is no ID to check', async (stage) => {
  const { nodion, deploy } = stage;
  nodion.fail({ on: TRIGGER, fault: answer(404)(false) });
  const run = await deploy(nodion.addApplication());
  expect(annotations(run, 'error')).toEqual([
    'Application My App: Nodion refused the trigger (404).\nNothing was triggered for it.\nThe application was there before: it may have been deleted, or the key or a gateway may lack this endpoint.\nWhen it was last seen, nothing was live; it is not known what is live now.',
  ]);
});

scenario(
  'Of an application that is gone when the trigger is repeated nothing is known to be live',
  async (stage) => {
    const { nodion, deploy } = stage;
    const application = nodion.addApplication();
    nodion.addDeployment(application, { status: 'available' });
    nodion.fail(
      { on: TRIGGER, fault: answer(503)(false) },
      { on: TRIGGER, fault: answer(404)(false) },
    );
    const run = await deploy(application);
    expect(run.outputs).toMatchObject({ reason: 'outcome_unknown', live_deploy_number: '' });
    expect(annotations(run, 'error')[0]).toMatch(
      /\nWhen it was last seen, #1 \(commit d77ead8\) was live; it is not known what is live now\.$/,
    );
  },
);
