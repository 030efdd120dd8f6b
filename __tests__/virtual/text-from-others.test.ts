import { expect } from '@jest/globals';
import { checkDiagram } from '../../fakes/diagram.ts';
import { answer } from '../../fakes/faults.ts';
import type { FakeNodion } from '../../fakes/nodion/server.ts';
import { CONTROLS, PAYLOADS } from '../../fakes/payloads.ts';
import { parseWorkflowCommands, readActionMetadata, type StepRun } from '../../fakes/runner.ts';
import { renderSummary } from '../../fakes/summary.ts';
import { ACTIONS } from '../../scripts/readme.ts';
import { life, scenario } from '../scenario.ts';

const LIST = 'GET /applications/:id/deployments';
const TRIGGER = 'POST /applications/:id/deployments';

const OUR_COMMANDS = ['add-mask', 'debug', 'group', 'endgroup', 'error', 'warning', 'notice'];
const OUR_ELEMENTS = 'h3 table tbody tr th td code p b pre br details summary'.split(' ');
const OUR_ATTRIBUTES = ['align', 'class', 'nowrap', 'open'];
const OUR_OUTPUTS = ACTIONS.flatMap((folder) => Object.keys(readActionMetadata(folder).outputs));

const COMMANDS_OF_PAYLOADS = PAYLOADS.flatMap(parseWorkflowCommands).map(({ data }) => data);

/** Those of `found` that are not `ours`. */
const others = (found: readonly string[], ours: readonly string[]) =>
  found.filter((one) => !ours.includes(one));

async function expectTextOnly(run: StepRun): Promise<void> {
  expect(run.stderr).toBe('');
  expect(run.log).not.toMatch(CONTROLS);
  const { commands, outputs } = run;
  const { elements, diagrams } = renderSummary(run.summary);
  const keys = (objects: readonly object[]) => objects.flatMap((one) => Object.keys(one));
  expect({
    commands: others(
      commands.map(({ name }) => name),
      OUR_COMMANDS,
    ),
    data: commands.filter(({ data }) => COMMANDS_OF_PAYLOADS.includes(data)),
    properties: others(keys(commands.map(({ properties }) => properties)), ['title']),
    outputs: others(Object.keys(outputs), OUR_OUTPUTS),
    elements: others(
      elements.map(({ name }) => name),
      OUR_ELEMENTS,
    ),
    attributes: others(keys(elements.map(({ attributes }) => attributes)), OUR_ATTRIBUTES),
  }).toEqual({ commands: [], data: [], properties: [], outputs: [], elements: [], attributes: [] });
  for (const diagram of diagrams) await checkDiagram(diagram);
}

/** An application for which others wrote `payload` wherever they can. */
function poison(nodion: FakeNodion, payload: string, end: string) {
  const worker = { id: 'w', state: 'default', instance_amount: 1, instance_type_id: 't' };
  return nodion.addApplication({
    name: payload,
    head: { git_sha: payload, commit_message: payload, committer_name: payload },
    region: { id: payload, name: payload, slug: payload },
    workers: [{ ...worker, name: payload, status: payload }],
    logs: [{ ts: '2100-01-01T00:00:00.000Z', msg: payload, instance_id: payload }],
    ...life(['created', 0], [payload, 500], [end, 4_000]),
  });
}

const AT_ONCE = 16;

for (let first = 0; first < PAYLOADS.length; first += AT_ONCE) {
  const payloads = PAYLOADS.slice(first, first + AT_ONCE);
  const shown = `payloads ${first + 1} to ${first + payloads.length}`;

  for (const RUNNER_DEBUG of ['0', '1']) {
    scenario(
      `What others wrote stays text with RUNNER_DEBUG=${RUNNER_DEBUG}: ${shown}`,
      async (stage) => {
        const { nodion, deploy } = stage;
        const applications = payloads.map((payload) => {
          const of = poison(nodion, payload, 'failed');
          const error = answer(500, payload, { 'retry-after': '0' })(false);
          nodion.fail(
            { on: TRIGGER, of, fault: { kind: 'reset', carriedOut: true } },
            { on: LIST, of, afterTrigger: true, fault: error },
          );
          return of;
        });
        const run = await deploy(null, {
          env: { RUNNER_DEBUG },
          inputs: {
            application_id: applications.map(({ id }) => id).join(),
            expected_sha: 'abcdef1',
          },
        });
        await expectTextOnly(run);
        expect(run.exitCode).toBe(1);
        expect(JSON.parse(run.outputs.deployments ?? '')).toEqual(
          payloads.map(() => expect.objectContaining({ deploy_number: 1 })),
        );
        expect(run.log).toMatch(/^Recovered from \d+ transient errors: /m);
      },
    );
  }

  scenario(`What others wrote stays text in an incomplete rollout: ${shown}`, async (stage) => {
    const { nodion, deploy } = stage;
    const applications = payloads.map((payload) => poison(nodion, payload, 'available'));
    const run = await deploy(null, {
      inputs: {
        application_id: applications.map(({ id }) => id).join(),
        timeout: '20s',
        poll_interval: '5s',
        verify_rollout: 'true',
      },
    });
    await expectTextOnly(run);
    expect(run.exitCode).toBe(1);
    expect(run.log).toContain('rollout was not complete');
  });

  scenario(`What others wrote stays text with a wrong commit live: ${shown}`, async (stage) => {
    const { nodion, deploy } = stage;
    const applications = payloads.map((payload) => poison(nodion, payload, 'available'));
    const run = await deploy(null, {
      inputs: {
        application_id: applications.map(({ id }) => id).join(),
        expected_sha: 'abcdef1',
      },
    });
    await expectTextOnly(run);
    expect(run.exitCode).toBe(1);
    expect(run.log).toContain('went live, but is of commit');
  });

  scenario(`What Nodion says to refusals stays text: ${shown}`, async (stage) => {
    const { nodion, deploy } = stage;
    const applications = payloads.map((payload) => {
      const of = nodion.addApplication({ name: payload });
      const words = answer(400, { errors: [payload], error: payload, message: payload })(false);
      nodion.fail({ on: TRIGGER, of, fault: words });
      return of;
    });
    const run = await deploy(null, {
      env: { RUNNER_DEBUG: '1' },
      inputs: { application_id: applications.map(({ id }) => id).join() },
    });
    await expectTextOnly(run);
    expect(run.exitCode).toBe(1);
    expect(nodion.requestsTo(TRIGGER)).toHaveLength(payloads.length);
  });

  scenario(`What Nodion says to a creation stays text: ${shown}`, async ({ nodion, run }) => {
    nodion.fail({ on: 'POST /applications', fault: answer(400, { errors: payloads })(false) });
    const ids = ['region_id', 'instance_type_id', 'integration_id', 'repository_id', 'branch_id'];
    const refused = await run({
      action: 'create-application',
      env: { RUNNER_DEBUG: '1' },
      inputs: { name: 'new', ...Object.fromEntries(ids.map((name) => [name, 'x'])) },
    });
    await expectTextOnly(refused);
    expect(refused.exitCode).toBe(1);
    expect(refused.log).toContain('Nodion refused application "new" (400)');
  });
}

scenario('What others wrote is passed on to the letter in a list', async ({ nodion, run }) => {
  for (const payload of PAYLOADS) poison(nodion, payload, 'available');
  const listed = await run({ action: 'list-applications', env: { RUNNER_DEBUG: '1' } });
  await expectTextOnly(listed);
  expect(listed.exitCode).toBe(0);
  const names = JSON.parse(listed.outputs.applications ?? '').map(
    ({ name }: { name: string }) => name,
  );
  expect(names).toEqual(JSON.parse(JSON.stringify(PAYLOADS)));
});
