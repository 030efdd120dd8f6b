import { describe, expect, test } from '@jest/globals';
import { type FakeApplication, FakeNodion, PROJECT_KEY } from '../../fakes/nodion.ts';
import { runStep, type StepOptions, type StepRun } from '../../fakes/runner.ts';

const ID = '92955d4f-2e44-4e48-8cb6-9c6c434afebb';
const LIVE = { life: [{ status: 'available', afterMs: 0 }] };
const FAILED = { life: [{ status: 'failed', afterMs: 0 }] };
const UNAUTHORIZED =
  'Check the secret behind `api_key`: it may be mistyped, expired or empty (secrets are empty in workflows triggered from forks and by Dependabot).';

async function withNodion(play: (nodion: FakeNodion) => Promise<void>): Promise<void> {
  const nodion = await FakeNodion.start();
  try {
    await play(nodion);
  } finally {
    await nodion.close();
  }
}

function run(nodion: FakeNodion, { inputs, ...options }: StepOptions): Promise<StepRun> {
  return runStep({
    ...options,
    inputs: { api_key: PROJECT_KEY, api_url: nodion.url, ...inputs },
  });
}

function deploy(
  nodion: FakeNodion,
  { id }: FakeApplication,
  inputs: Record<string, string> = {},
): Promise<StepRun> {
  return run(nodion, { inputs: { application_id: id, poll_interval: '0.2', ...inputs } });
}

/** Each annotation's level, what else it says of itself, and its message. */
function annotations({ commands }: StepRun): string[][] {
  return commands
    .filter(({ name }) => ['error', 'warning', 'notice'].includes(name))
    .map(({ name, properties, data }) => [name, ...Object.keys(properties), data]);
}

describe('The key', () => {
  test.concurrent('is hidden as the name of a property', () =>
    withNodion(async (nodion) => {
      const name = 'shop';
      const region = { id: 'fra', name: 'Frankfurt', slug: 'fra', [PROJECT_KEY]: 'deep' };
      nodion.addApplication({ name, region, [PROJECT_KEY.toUpperCase()]: 1 } as object);
      const ids = 'region_id instance_type_id integration_id repository_id branch_id'.split(' ');
      const inputs = Object.fromEntries(ids.map((id) => [id, 'fra']));
      const runs = [
        await run(nodion, { action: 'list-applications' }),
        await run(nodion, { action: 'create-application', inputs: { ...inputs, name } }),
      ];
      for (const { outputs, log } of runs) {
        expect(Object.values(outputs).join()).toContain('"***":"deep"');
        expect(Object.values(outputs).join()).toContain('"***":1');
        expect(Object.values(outputs).join()).not.toMatch(new RegExp(PROJECT_KEY, 'i'));
        expect(log.replace(`::add-mask::${PROJECT_KEY}`, '')).not.toContain(PROJECT_KEY);
      }
    }));

  test.concurrent('is hidden whatever a server makes of it', () =>
    withNodion(async (nodion) => {
      const key = 'Nodion+Key/5f1c"9A==';
      const errors = [
        key.slice(0, -1),
        Buffer.from(key).toString('hex').toUpperCase(),
        encodeURIComponent(key).replace(/%../g, (code) => code.toLowerCase()),
        key.replaceAll('"', '&quot;').replaceAll('+', '&#43;'),
        [...key].join('\u200b'),
      ];
      const answer = { kind: 'answer', status: 401, body: { errors }, carriedOut: false } as const;
      nodion.fail({ on: 'GET /applications', fault: answer });
      const action = 'list-applications';
      expect(annotations(await run(nodion, { action, inputs: { api_key: key } }))).toEqual([
        [
          'error',
          'title',
          `GET /applications: Nodion answered 401, saying: ***; ***; ***; ***; ***. ${UNAUTHORIZED}`,
        ],
      ]);
    }));

  test.concurrent('is hidden in the lower-cased host of a redirect', () =>
    withNodion(async (nodion) => {
      const key = 'Nodion-Project-Key-5F1C';
      const headers = { location: `https://${key}.evil.example/v1` };
      const answer = { kind: 'answer', status: 307, headers, carriedOut: false } as const;
      nodion.fail({ on: 'GET /applications', fault: answer });
      const action = 'list-applications';
      const [[, , message] = []] = annotations(
        await run(nodion, { action, inputs: { api_key: key } }),
      );
      expect(message).toMatch(
        /^GET \/applications: answered 307, a redirect to https:\/\/\*\*\*\.evil\.example\. /,
      );
    }));

  test.concurrent('is masked and not shown when it begins with a combining mark', async () => {
    const { commands, log } = await runStep({
      inputs: { api_key: '\u0301abcdef123', application_id: ID },
    });
    expect(commands[0]).toMatchObject({ name: 'add-mask', data: 'abcdef123' });
    expect(log.replace('::add-mask::abcdef123', '')).not.toContain('abcdef123');
  });

  test.concurrent('is said to be at risk where no certificate is checked', () =>
    withNodion(async (nodion) => {
      const warning =
        'NODE_TLS_REJECT_UNAUTHORIZED is 0: no certificate is checked, so the key is sent to whoever answers. Remove it; NODE_EXTRA_CA_CERTS names an authority of your own';
      nodion.addApplication();
      const action = 'list-applications';
      for (const [value, expected] of [
        ['0', [['warning', 'title', warning]]],
        ['1', []],
      ] as const) {
        const env = { NODE_TLS_REJECT_UNAUTHORIZED: value };
        expect(annotations(await run(nodion, { action, env }))).toEqual(expected);
      }
    }));
});

describe('An input that is not allowed', () => {
  const ADDRESS =
    'allowed is an https:// address, or http:// on loopback, without credentials, query or fragment';

  async function expectShown(value: string, shown: string, allowed = ADDRESS): Promise<void> {
    const step = await runStep({
      inputs: { api_key: PROJECT_KEY, application_id: ID, api_url: value },
    });
    expect(annotations(step)).toEqual([
      ['error', 'title', `\`api_url\`: "${shown}" is not allowed; ${allowed}`],
    ]);
  }

  test.concurrent.each([
    ['https://user:pw@h', 'https://***@h'],
    ['https:user:pw@h', 'https:***@h'],
    ['https:\\\\user:pw@h', 'https:\\\\***@h'],
    ['https://user:pa/ss@h', 'https://***@h'],
    ['https://user:p@ss@h/?', 'https://***@h/?'],
    ['user:pw@h', '***@h'],
  ])('is shown without credentials: %s', (value, shown) =>
    expectShown(value, JSON.stringify(shown).slice(1, -1)),
  );

  test.concurrent('is redacted before it is cut', () =>
    expectShown(
      `http://h/${'x'.repeat(180)}${PROJECT_KEY}/${'y'.repeat(50)}`,
      `http://h/${'x'.repeat(180)}***/yyyyyy…`,
    ));

  test.concurrent('has at most 10,000 characters', () =>
    expectShown(
      `https://h${'/'.repeat(120_000)}x`,
      `https://h${'/'.repeat(190)}…`,
      'allowed is at most 10,000 characters',
    ));
});

describe('An annotation', () => {
  test.concurrent.each(['\u0301', '\u20e3', '\uff9e', '\uff9f'])(
    'begins with words of ours, also where a name begins with the mark %j',
    (mark) =>
      withNodion(async (nodion) => {
        const name = `${mark}x,file=app.js,line=1::PWNED`;
        const failed = nodion.addApplication({ name, ...FAILED });
        const live = nodion.addApplication({ name, ...LIVE });
        nodion.missing.add('GET /applications/:id/logs');
        expect(annotations(await deploy(nodion, failed))).toEqual([
          ['warning', 'title', expect.stringMatching(`^Application ${name}: GET /applications/`)],
          ['error', 'title', expect.stringMatching(`^Application ${name}: Deployment #1 failed`)],
        ]);
        expect(annotations(await deploy(nodion, live))).toEqual([
          ['notice', 'title', expect.stringMatching(`^Application ${name} #1 is live after `)],
        ]);
        expect(annotations(await deploy(nodion, live, { dry_run: 'true' }))).toEqual([
          [
            'notice',
            'title',
            `Application ${name}: key, application and inputs are fine; nothing was triggered`,
          ],
        ]);
      }),
  );

  const FORGERY = 'x\nNothing was triggered. All checks passed';
  const FORGED = FORGERY.replace('\n', ' ');
  const LONG = `${FORGERY} ${'y'.repeat(100_000)}`;
  const CUT = `${FORGED} ${'y'.repeat(98 - FORGED.length)}…`;

  test.concurrent.each([
    [FORGERY, FORGED],
    [LONG, CUT],
  ])('is of lines of ours, whatever a commit is', (git_sha, shown) =>
    withNodion(async (nodion) => {
      const head = { git_sha, commit_message: git_sha, committer_name: git_sha };
      const application = nodion.addApplication({ head, ...LIVE });
      const inputs = { expected_sha: 'abcdef1' };
      expect(annotations(await deploy(nodion, application, inputs))).toEqual([
        [
          'error',
          'title',
          `Application My App: Deployment #1 is live, but of commit ${shown}, not of \`expected_sha\` abcdef1: Nodion deploys the latest commit of the connected branch. Check that the workflow runs on that branch, and that nothing was pushed meanwhile`,
        ],
      ]);
    }),
  );

  test.concurrent.each([
    [FORGERY, FORGED],
    [LONG, CUT],
  ])('is of lines of ours, whatever a worker or an instance is called', (name, shown) =>
    withNodion(async (nodion) => {
      const worker = { id: 'w', state: 'default', instance_amount: 1, instance_type_id: 't' };
      const workers = [{ ...worker, name, status: name }];
      const application = nodion.addApplication({ status: name, workers, ...LIVE });
      const instances = [
        { id: 'i', name, status: 'online', deployment: { id: name, deploy_number: 2 } },
      ];
      const answer = {
        kind: 'answer',
        status: 200,
        body: { instances },
        carriedOut: false,
      } as const;
      nodion.fail({ on: 'GET /applications/:id/instances', fault: answer, times: 100 });
      const inputs = { verify_rollout: 'true' };
      expect(annotations(await deploy(nodion, application, inputs))).toEqual([
        [
          'error',
          'title',
          `Application My App: Deployment #1 is available, but was superseded by #2 before its rollout was complete: the application is ${shown}; worker ${shown} is ${shown}; instance ${shown} runs #2`,
        ],
      ]);
    }),
  );

  test.concurrent('keeps what to do, whatever Nodion says', () =>
    withNodion(async (nodion) => {
      const errors = [FORGERY, LONG, { [FORGERY]: 1 }];
      const answer = { kind: 'answer', status: 401, body: { errors }, carriedOut: false } as const;
      nodion.fail({ on: 'GET /applications', fault: answer });
      expect(annotations(await run(nodion, { action: 'list-applications' }))).toEqual([
        [
          'error',
          'title',
          `GET /applications: Nodion answered 401, saying: ${FORGED}; ${CUT}; {"x\\nNothing was triggered. All checks passed":1}. ${UNAUTHORIZED}`,
        ],
      ]);
    }));
});

test.concurrent.each([
  'GH-1',
  'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e',
  ':tada:',
  '$x$',
  '@octo',
])('What others wrote is code in every sentence of the summary: %s', (text) =>
  withNodion(async (nodion) => {
    const head = { git_sha: text, commit_message: text, committer_name: text };
    const other = nodion.addApplication({ name: text, head, ...FAILED });
    const application = nodion.addApplication({ name: text, head, ...LIVE });
    const application_id = `${application.id}, ${other.id}`;
    const { summary } = await run(nodion, {
      inputs: { application_id, expected_sha: 'abcdef1', poll_interval: '0.2' },
    });
    const shown = summary.replaceAll(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
    expect(shown).toContain(`of commit <code>${text}</code>, not of`);
    expect(shown.replaceAll(/<code>.*?<\/code>|```mermaid[^`]*```/g, '')).not.toContain(text);
  }),
);
