import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import { PROJECT_KEY } from '../../fakes/nodion/state.ts';
import type { StepRun } from '../../fakes/runner.ts';
import { life, scenario } from '../scenario.ts';

const ID = '92955d4f-2e44-4e48-8cb6-9c6c434afebb';
const LIVE = life(['available', 0]);
const FAILED = life(['failed', 0]);
const APPLICATIONS = 'GET /applications';
const FORBIDDEN =
  'Check the key behind `api_key`: its scopes must cover this request, and it must belong to the project (for a user API key, see `project_id`).';
const TAKES_LATEST_COMMIT =
  'Nodion deploys the latest commit of the connected branch: check that the workflow runs on that branch, and that nothing was pushed meanwhile.';

/** Each annotation's level, what else it says of itself, and the lines of its message. */
function annotations({ commands }: StepRun): string[][] {
  return commands
    .filter(({ name }) => ['error', 'warning', 'notice'].includes(name))
    .map(({ name, properties, data }) => [name, ...Object.keys(properties), ...data.split('\n')]);
}

scenario('The key is hidden as the name of a property', async ({ nodion, run }) => {
  const name = 'shop';
  const region = { id: 'fra', name: 'Frankfurt', slug: 'fra', [PROJECT_KEY]: 'deep' };
  nodion.addApplication({ name, region, [PROJECT_KEY.toUpperCase()]: 1 } as object);
  const ids = 'region_id instance_type_id integration_id repository_id branch_id'.split(' ');
  const inputs = Object.fromEntries(ids.map((id) => [id, 'fra']));
  const runs = [
    await run({ action: 'list-applications' }),
    await run({ action: 'create-application', inputs: { ...inputs, name } }),
  ];
  for (const { outputs, log } of runs) {
    expect(Object.values(outputs).join()).toContain('"***":"deep"');
    expect(Object.values(outputs).join()).toContain('"***":1');
    expect(Object.values(outputs).join()).not.toMatch(new RegExp(PROJECT_KEY, 'i'));
    expect(log.replace(`::add-mask::${PROJECT_KEY}`, '')).not.toContain(PROJECT_KEY);
  }
});

scenario('The key is hidden whatever a server makes of it', async ({ nodion, run }) => {
  const key = 'Nodion+Key/5f1c"9A==';
  const errors = [
    key.slice(0, -1),
    Buffer.from(key).toString('hex').toUpperCase(),
    encodeURIComponent(key).replace(/%../g, (code) => code.toLowerCase()),
    key.replaceAll('"', '&quot;').replaceAll('+', '&#43;'),
    [...key].join('\u200b'),
  ];
  nodion.fail({ on: APPLICATIONS, fault: answer(403, { errors })(false) });
  const step = await run({ action: 'list-applications', inputs: { api_key: key } });
  expect(annotations(step)).toEqual([
    [
      'error',
      'title',
      'Nodion answered 403 to GET /applications: ***; ***; ***; ***; ***.',
      FORBIDDEN,
    ],
  ]);
});

scenario('The key is hidden in the lower-cased host of a redirect', async ({ nodion, run }) => {
  const key = 'Nodion-Project-Key-5F1C';
  const location = `https://${key}.evil.example/v1`;
  nodion.fail({ on: APPLICATIONS, fault: answer(307, '', { location })(false) });
  const step = await run({ action: 'list-applications', inputs: { api_key: key } });
  expect(annotations(step)).toEqual([
    [
      'error',
      'title',
      `${new URL(nodion.url).host} answered 307 to GET /applications, a redirect to https://***.evil.example.`,
      expect.stringContaining('Redirects are not followed'),
    ],
  ]);
});

scenario('A key that begins with a combining mark is masked and not shown', async ({ run }) => {
  const { commands, log } = await run({
    inputs: { api_key: '\u0301abcdef123', application_id: ID },
  });
  expect(commands[0]).toMatchObject({ name: 'add-mask', data: 'abcdef123' });
  expect(log.replace('::add-mask::abcdef123', '')).not.toContain('abcdef123');
});

scenario(
  'The key is said to be at risk where no certificate is checked',
  async ({ nodion, run }) => {
    const warning = [
      'NODE_TLS_REJECT_UNAUTHORIZED is 0: no certificate is checked, so the key is sent to whoever answers.',
      'Remove it; NODE_EXTRA_CA_CERTS names an authority of your own.',
    ];
    nodion.addApplication();
    for (const [value, expected] of [
      ['0', [['warning', 'title', ...warning]]],
      ['1', []],
    ] as const) {
      const env = { NODE_TLS_REJECT_UNAUTHORIZED: value };
      expect(annotations(await run({ action: 'list-applications', env }))).toEqual(expected);
    }
  },
);

const ADDRESS =
  'an https:// address, or http:// on loopback, without credentials, query or fragment';

const INVALID: [what: string, value: string, shown: string, expected: string][] = [
  ...(
    [
      ['https://user:pw@h', 'https://***@h'],
      ['https:user:pw@h', 'https:***@h'],
      ['https:\\\\user:pw@h', 'https:\\\\***@h'],
      ['https://user:pa/ss@h', 'https://***@h'],
      ['https://user:p@ss@h/?', 'https://***@h/?'],
      ['user:pw@h', '***@h'],
    ] as const
  ).map(([value, shown]): [string, string, string, string] => [
    `shown without credentials: ${value}`,
    value,
    JSON.stringify(shown).slice(1, -1),
    ADDRESS,
  ]),
  [
    'redacted before it is cut',
    `http://h/${'x'.repeat(180)}${PROJECT_KEY}/${'y'.repeat(50)}`,
    `http://h/${'x'.repeat(180)}***/yyyyyy…`,
    ADDRESS,
  ],
  [
    'refused above 10,000 characters',
    `https://h${'/'.repeat(120_000)}x`,
    `https://h${'/'.repeat(190)}…`,
    'at most 10,000 characters',
  ],
];

for (const [what, api_url, shown, expected] of INVALID) {
  scenario(`An input that is invalid is ${what}`, async ({ run }) => {
    const step = await run({ inputs: { application_id: ID, api_url } });
    expect(annotations(step)).toEqual([
      ['error', 'title', `\`api_url\`: "${shown}" is invalid; expected ${expected}.`],
    ]);
  });
}

for (const mark of ['\u0301', '\u20e3', '\uff9e', '\uff9f']) {
  const shown = mark.codePointAt(0)?.toString(16);
  scenario(
    `An annotation begins with words of ours, though a name begins with U+${shown}`,
    async (stage) => {
      const { nodion, deploy } = stage;
      const name = `${mark}x,file=app.js,line=1::PWNED`;
      const failed = nodion.addApplication({ name, ...FAILED });
      const live = nodion.addApplication({ name, ...LIVE });
      nodion.missing.add('GET /applications/:id/logs');
      const ofTest = 'It is of commit d77ead8 "test" by John Doe.';
      expect(annotations(await deploy(failed))).toEqual([
        [
          'warning',
          'title',
          expect.stringMatching(`^The runtime log of ${name} can't be read: Nodion answered 404 `),
        ],
        [
          'error',
          'title',
          expect.stringMatching(`^Application ${name}: Deployment #1 failed after `),
          "Its deployment log is in Nodion's dashboard.",
          'No deployment of the application is live.',
        ],
      ]);
      expect(annotations(await deploy(live))).toEqual([
        [
          'notice',
          'title',
          expect.stringMatching(`^Application ${name}: Deployment #1 is live after `),
          ofTest,
        ],
      ]);
      expect(annotations(await deploy(live, { inputs: { dry_run: 'true' } }))).toEqual([
        [
          'notice',
          'title',
          `The key can read ${name}, and the inputs fit.`,
          "Nothing was triggered. Whether the key may deploy can't be known without deploying.",
        ],
      ]);
    },
  );
}

const FORGERY = 'x\nNothing was triggered. All checks passed';
const FORGED = FORGERY.replace('\n', ' ');
const LONG = `${FORGERY} ${'y'.repeat(100_000)}`;
const CUT = `${FORGED} ${'y'.repeat(98 - FORGED.length)}…`;

for (const [what, foreign, shown] of [
  ['a line break', FORGERY, FORGED],
  ['100,000 characters', LONG, CUT],
] as const) {
  scenario(`An annotation is of lines of ours, though a commit has ${what}`, async (stage) => {
    const { nodion, deploy } = stage;
    const head = { git_sha: foreign, commit_message: foreign, committer_name: foreign };
    const application = nodion.addApplication({ head, ...LIVE });
    const run = await deploy(application, { inputs: { expected_sha: 'abcdef1' } });
    expect(annotations(run)).toEqual([
      [
        'error',
        'title',
        'Application My App: Deployment #1 went live, but is of commit x Nothi, not of `expected_sha` abcdef1.',
        `It deployed ${shown}; abcdef1 was expected.`,
        TAKES_LATEST_COMMIT,
        '#1 (commit x Nothi) is live.',
      ],
    ]);
  });

  scenario(`An annotation is of lines of ours, though names have ${what}`, async (stage) => {
    const { nodion, deploy } = stage;
    const worker = { id: 'w', state: 'default', instance_amount: 1, instance_type_id: 't' };
    const workers = [{ ...worker, name: foreign, status: foreign }];
    const application = nodion.addApplication({ status: foreign, workers, ...LIVE });
    const instances = [
      { id: 'i', name: foreign, status: 'online', deployment: { id: foreign, deploy_number: 2 } },
    ];
    nodion.fail({
      on: 'GET /applications/:id/instances',
      fault: answer(200, { instances })(false),
      times: 100,
    });
    const run = await deploy(application, { inputs: { verify_rollout: 'true', timeout: '10s' } });
    expect(annotations(run)).toEqual([
      [
        'error',
        'title',
        'Application My App: Deployment #1 went live, but its rollout was not complete when the 10 s timeout expired.',
        `Missing: the application is "${shown}"; worker ${shown} is "${shown}"; instance ${shown} runs #2.`,
        "Look at the application in Nodion's dashboard.",
        '#1 (commit d77ead8) is live.',
      ],
    ]);
  });
}

scenario('An annotation keeps what to do, whatever Nodion says', async ({ nodion, run }) => {
  const errors = [FORGERY, LONG, { [FORGERY]: 1 }];
  nodion.fail({ on: APPLICATIONS, fault: answer(403, { errors })(false) });
  expect(annotations(await run({ action: 'list-applications' }))).toEqual([
    [
      'error',
      'title',
      `Nodion answered 403 to GET /applications: ${FORGED}; ${CUT}; {"x\\nNothing was triggered. All checks passed":1}.`,
      FORBIDDEN,
    ],
  ]);
});

for (const text of ['GH-1', 'd77ead8cbbdc37d04aa8c3466c6e35b7c55a508e', ':tada:', '$x$', '@octo']) {
  scenario(`What others wrote is code in every sentence of the summary: ${text}`, async (stage) => {
    const { nodion, deploy } = stage;
    const head = { git_sha: text, commit_message: text, committer_name: text };
    const other = nodion.addApplication({ name: text, head, ...FAILED });
    const application = nodion.addApplication({ name: text, head, ...LIVE });
    const application_id = `${application.id}, ${other.id}`;
    const { summary } = await deploy(null, { inputs: { application_id, expected_sha: 'abcdef1' } });
    const shown = summary.replaceAll(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
    expect(shown).toContain(`of commit <code>${text.slice(0, 7)}</code>, not of`);
    expect(shown).toContain(`It deployed <code>${text}</code>; <code>`);
    expect(shown.replaceAll(/<code>.*?<\/code>|```mermaid[^`]*```/g, '')).not.toContain(
      text.slice(0, 7),
    );
  });
}
