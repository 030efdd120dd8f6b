import { describe, expect, test } from '@jest/globals';
import { answer } from '../fakes/faults.ts';
import { type FakeNodion, PROJECT_KEY } from '../fakes/nodion.ts';
import { CONTROLS, PAYLOADS } from '../fakes/payloads.ts';
import { parseWorkflowCommands, runStep, type StepRun } from '../fakes/runner.ts';
import { deploy, withNodion } from '../fakes/scenario.ts';
import { checkDiagram, renderSummary } from '../fakes/summary.ts';

const LIST = 'GET /applications/:id/deployments';
const TRIGGER = 'POST /applications/:id/deployments';

const OUR_COMMANDS = ['add-mask', 'debug', 'group', 'endgroup', 'error', 'warning', 'notice'];
const OUR_ELEMENTS = 'h3 table tbody tr th td code p b pre br details summary'.split(' ');
const OUR_OUTPUTS = new Set([
  ...'id deploy_number status application_id application_name git_sha image_reference'.split(' '),
  ...'strategy triggered timed_out duration_seconds deployments'.split(' '),
  ...'applications ids count matrix'.split(' '),
  ...'name created application'.split(' '),
]);

const COMMANDS_OF_PAYLOADS = PAYLOADS.flatMap(parseWorkflowCommands).map(({ data }) => data);

async function expectTextOnly(run: StepRun): Promise<void> {
  expect(run.stderr).toBe('');
  for (const { name, data, properties } of run.commands) {
    expect(OUR_COMMANDS).toContain(name);
    expect(COMMANDS_OF_PAYLOADS).not.toContain(data);
    expect(Object.keys(properties).filter((key) => key !== 'title')).toEqual([]);
  }
  expect(run.log).not.toMatch(CONTROLS);
  for (const name of Object.keys(run.outputs)) expect(OUR_OUTPUTS).toContain(name);
  const { elements, diagrams } = renderSummary(run.summary);
  for (const { name, attributes } of elements) {
    expect(OUR_ELEMENTS).toContain(name);
    expect(Object.keys(attributes).filter((key) => key !== 'class' && key !== 'open')).toEqual([]);
  }
  for (const diagram of diagrams) await checkDiagram(diagram);
}

/** A Nodion in which others wrote `payload` wherever they can. */
function poison(nodion: FakeNodion, payload: string, end: string) {
  const worker = { id: 'w', state: 'default', instance_amount: 1, instance_type_id: 't' };
  return nodion.addApplication({
    name: payload,
    head: { git_sha: payload, commit_message: payload, committer_name: payload },
    region: { id: payload, name: payload, slug: payload },
    workers: [{ ...worker, name: payload, status: payload }],
    logs: [{ ts: new Date(Date.now() + 60_000).toISOString(), msg: payload, instance_id: payload }],
    life: [
      { status: 'created', afterMs: 0 },
      { status: payload, afterMs: 200 },
      { status: end, afterMs: 1_500 },
    ],
  });
}

describe('Text that others wrote stays text', () => {
  const cases = PAYLOADS.map(
    (payload, index) => [JSON.stringify(payload.slice(0, 50)), payload, index] as const,
  );

  test.concurrent.each(cases)('%s', (_, payload, index) =>
    withNodion(async (nodion) => {
      const RUNNER_DEBUG = String(index % 2);
      const options = { env: { RUNNER_DEBUG } };
      const words = answer(400, { errors: [payload], error: payload, message: payload });

      const live = poison(nodion, payload, 'available');
      const runs = [
        await deploy(nodion, live, { ...options, inputs: { expected_sha: 'abcdef1' } }),
        await deploy(nodion, poison(nodion, payload, 'failed'), options),
        await deploy(nodion, poison(nodion, payload, 'available'), {
          ...options,
          inputs: { timeout: '6s', verify_rollout: 'true' },
        }),
      ];
      for (const run of runs) {
        await expectTextOnly(run);
        expect(run.exitCode).toBe(1);
        expect(run.outputs.deploy_number).toBe('1');
      }

      nodion.fail(
        { on: TRIGGER, fault: { kind: 'reset', carriedOut: true } },
        { on: TRIGGER, fault: words(false) },
        { on: 'POST /applications', fault: words(false) },
        { on: LIST, skip: 2, fault: answer(500, payload, { 'retry-after': '0' })(false) },
      );
      const lost = await deploy(nodion, poison(nodion, payload, 'failed'), options);
      await expectTextOnly(lost);
      await expectTextOnly(await deploy(nodion, live, options));

      const common = { api_key: PROJECT_KEY, api_url: nodion.url };
      const ids = Object.fromEntries(
        ['region_id', 'instance_type_id', 'integration_id', 'repository_id', 'branch_id'].map(
          (name) => [name, 'x'],
        ),
      );
      const listed = await runStep({ ...options, action: 'list-applications', inputs: common });
      await expectTextOnly(listed);
      expect(listed.exitCode).toBe(0);
      expect(JSON.parse(listed.outputs.applications ?? '')[0].name).toBe(
        JSON.parse(JSON.stringify(payload)),
      );
      await expectTextOnly(
        await runStep({
          ...options,
          action: 'create-application',
          inputs: { ...common, ...ids, name: 'new' },
        }),
      );
    }),
  );
});

describe('The key', () => {
  const KEY = 'n0dion+key/with"quotes&%41==';

  function expectNoKey({ log, summary, outputs }: StepRun): void {
    const written = [
      log.replaceAll(`::add-mask::${KEY.replaceAll('%', '%25')}`, ''),
      summary,
      ...Object.values(outputs),
    ];
    const forms = [KEY, JSON.stringify(KEY).slice(1, -1), encodeURIComponent(KEY), btoa(KEY)];
    for (const text of written) {
      for (const form of [...forms, KEY.slice(0, 14)]) expect(text).not.toContain(form);
    }
  }

  test.concurrent.each(['0', '1'])('is nowhere, whatever echoes it, RUNNER_DEBUG=%s', (debug) =>
    withNodion(async (nodion) => {
      const application = nodion.addApplication({ life: [{ status: 'waiting', afterMs: 0 }] });
      const echo = { error: `key ${KEY} of ${encodeURIComponent(KEY)} (${btoa(KEY)})`, key: KEY };
      for (const status of [400, 401, 403, 404, 422, 500]) {
        nodion.fail({ on: 'GET /applications/:id', fault: answer(status, echo)(false) });
        const run = await deploy(nodion, application, {
          inputs: { api_key: KEY, timeout: '6s' },
          env: { RUNNER_DEBUG: debug },
        });
        expect(run.exitCode).toBe(1);
        expectNoKey(run);
      }
    }),
  );

  test.concurrent('is not passed on when an application is called by it', () =>
    withNodion(async (nodion) => {
      const name = `a ${PROJECT_KEY} b`;
      const application = nodion.addApplication({
        name,
        head: {
          git_sha: null,
          commit_message: `${'x'.repeat(110)}${PROJECT_KEY}`,
          committer_name: '',
        },
      });
      const run = await deploy(nodion, application);
      expect(run.exitCode).toBe(0);
      const listed = await runStep({
        action: 'list-applications',
        inputs: { api_key: PROJECT_KEY, api_url: nodion.url },
      });
      for (const { log, summary, outputs } of [run, listed]) {
        const all = [
          log.replace(`::add-mask::${PROJECT_KEY}`, ''),
          summary,
          ...Object.values(outputs),
        ];
        for (const text of all) expect(text).not.toContain(PROJECT_KEY.slice(0, 10));
      }
      expect(run.outputs.application_name).toBe('a *** b');
    }));

  test.concurrent('goes to no other origin', () =>
    withNodion((nodion) =>
      withNodion(async (other) => {
        const application = nodion.addApplication();
        const location = `${other.url}/applications/${application.id}`;
        for (const on of ['GET /applications/:id', LIST, TRIGGER] as const) {
          nodion.fail({ on, fault: answer(307, '', { location })(false) });
          await deploy(nodion, application, { inputs: { timeout: '2s' } });
        }
        expect(other.requests).toEqual([]);
      }),
    ));

  test.concurrent.each(['two\nlines', 'tab\tinside', 'nul\u0000', 'ümlaut', 'Bearer abc'])(
    'is refused, masked and not shown when it is %j',
    (key) =>
      withNodion(async (nodion) => {
        const run = await deploy(nodion, nodion.addApplication(), {
          inputs: { api_key: key.replace('\u0000', '\u0001') },
        });
        expect(run.exitCode).toBe(1);
        expect(nodion.requests).toEqual([]);
        const [mask, ...others] = run.commands;
        expect(mask).toMatchObject({ name: 'add-mask', data: key.replace('\u0000', '\u0001') });
        for (const { data } of others.filter(({ name }) => name !== 'add-mask')) {
          expect(data).not.toContain(key);
        }
      }),
  );
});
