import { expect } from '@jest/globals';
import { checkDiagram } from '../../fakes/diagram.ts';
import { answer } from '../../fakes/faults.ts';
import type { Fault } from '../../fakes/nodion/faults.ts';
import { annotations } from '../../fakes/stage.ts';
import { renderSummary } from '../../fakes/summary.ts';
import { life, scenario } from '../scenario.ts';
import { addShop } from '../shop.ts';

const WORKFLOW_SHA = 'ffac537e6cbbf934b08745a378932722df287a53';
const LOGS = 'GET /applications/:id/logs';
const failing = life(['created', 0], ['failed', 600]);

function logLines(count: number, msg = 'line') {
  return Array.from({ length: count }, (_, index) => ({
    ts: new Date(Date.UTC(2100, 0, 1) + index).toISOString(),
    msg: `${msg} ${index + 1} of ${count}`,
    instance_id: 'i',
  }));
}

scenario('The last log lines since the trigger follow a failure, folded', async (stage) => {
  const { nodion, deploy } = stage;
  const old = { ts: '2020-01-01T00:00:00.000Z', msg: 'from before', instance_id: 'i' };
  const application = nodion.addApplication({ ...failing, logs: [old, ...logLines(30)] });
  const run = await deploy(application, { inputs: { log_lines: '20' } });
  expect(run.exitCode).toBe(1);
  expect(annotations(run, 'warning')).toEqual([]);
  expect(run.commands.filter(({ name }) => name === 'group')).toMatchObject([
    {
      data: 'Last log lines of the online instances of My App since the trigger, perhaps of the version before (20)',
    },
  ]);
  expect(run.log).toContain('line 11 of 30');
  expect(run.log).toContain('line 30 of 30');
  expect(run.log).not.toContain('line 10 of 30');
  expect(run.log).not.toContain('from before');
  expect(run.summary).toContain('line 30 of 30');
});

scenario('The log of a followed deployment is told since it was made', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({ logs: logLines(2) });
  const followed = nodion.addDeployment(application, { status: 'waiting' });
  const run = await deploy(application, {
    inputs: { reuse_existing: 'true', expected_sha: 'd77ead8' },
    onLog: (text) => {
      if (text.includes('Following deployment')) Object.assign(followed, failing);
    },
  });
  expect(run.exitCode).toBe(1);
  expect(run.commands.filter(({ name }) => name === 'group')).toMatchObject([
    {
      data: 'Last log lines of the online instances of My App since #1 was made, perhaps of the version before (2)',
    },
  ]);
});

scenario('No log is asked for with `log_lines: 0`, nor after a success', async (stage) => {
  const { nodion, deploy } = stage;
  await deploy(nodion.addApplication(failing), { inputs: { log_lines: '0' } });
  await deploy(nodion.addApplication());
  expect(nodion.requestsTo(LOGS)).toEqual([]);
});

const NO_LOG: [string, Fault][] = [
  ['an endpoint that is missing', answer(404)(false)],
  ['a key that may not', answer(403)(false)],
  ['an endpoint that is down', answer(503)(false)],
  ['an endpoint that hangs', { kind: 'hang', carriedOut: false }],
  ['an answer of another shape', answer(200, { lines: [] })(false)],
  ['a connection that is reset', { kind: 'reset', carriedOut: false }],
];

for (const [what, fault] of NO_LOG) {
  scenario(`A log that can't be had, because of ${what}, is a warning`, async (stage) => {
    const { nodion, deploy } = stage;
    nodion.fail({ on: LOGS, times: 99, fault });
    const run = await deploy(nodion.addApplication(failing));
    expect(run.exitCode).toBe(1);
    expect(annotations(run, 'warning')).toHaveLength(1);
    expect(annotations(run, 'error')[0]).toMatch(
      /^Application My App: Deployment #1 failed after [\d.]+ s\.\nIts deployment log is in Nodion's dashboard\.\nNo deployment of the application is live\.$/,
    );
  });
}

scenario('The job summary links the workflow’s own commit, and draws the time', async (stage) => {
  const { nodion, deploy } = stage;
  const application = nodion.addApplication({
    head: { git_sha: WORKFLOW_SHA, commit_message: 'Fix #1\n\nMore', committer_name: 'Ada' },
    ...life(['created', 0], ['waiting', 5_000], ['available', 15_000]),
  });
  const run = await deploy(application);
  const { elements, text, diagrams } = renderSummary(run.summary);
  expect(elements.find(({ name }) => name === 'a')?.attributes).toEqual({
    href: `https://github.com/octo-org/octo-repo/commit/${WORKFLOW_SHA}`,
  });
  expect(text).toContain('Fix #1 by Ada');
  expect(text).not.toContain('More');
  expect(diagrams).toHaveLength(1);
  await checkDiagram(diagrams[0] ?? '');
});

scenario('The job summary stays below 1 MiB', async ({ nodion, deploy }) => {
  const applications = Array.from({ length: 15 }, (_, index) =>
    nodion.addApplication({
      ...failing,
      name: `${index}${'&'.repeat(5_000)}`,
      head: {
        git_sha: null,
        commit_message: '<'.repeat(5_000),
        committer_name: '>'.repeat(5_000),
      },
      logs: logLines(120, '"'.repeat(2_000)),
    }),
  );
  const application_id = applications.map(({ id }) => id).join('\n');
  const run = await deploy(null, { inputs: { application_id, log_lines: '100' } });
  expect(run.exitCode).toBe(1);
  expect(Buffer.byteLength(run.summary)).toBeLessThan(1_048_576);
  expect(run.summary).toContain('15 of 15 applications failed');
});

scenario('A job summary that can’t be written is a warning', async ({ nodion, deploy }) => {
  const run = await deploy(nodion.addApplication(), {
    env: { GITHUB_STEP_SUMMARY: '/nonexistent/summary' },
  });
  expect(run.exitCode).toBe(0);
  expect(annotations(run, 'warning')).toHaveLength(1);
});

scenario('The log shows that the step is alive every 30 s', async ({ nodion, deploy }) => {
  const application = nodion.addApplication(life(['waiting', 0], ['available', 45_000]));
  const run = await deploy(application, { inputs: { poll_interval: '2s' } });
  expect(run.exitCode).toBe(0);
  expect(run.log).toMatch(
    /^Still waiting: #1 "waiting" for [34]\d(?:\.\d)? s; at most 14 min \d+ s left$/m,
  );
});

scenario('The shortest rollback is drawn all the same', async (stage) => {
  const { nodion, deploy } = stage;
  const shop = await addShop(stage, (tag) => (tag === 'v2' ? 503 : 200));
  nodion.beforeRecording = (application) => {
    if (nodion.triggered.length === 1) Object.assign(application, life(['available', 0]));
  };
  const run = await deploy(shop.application, {
    inputs: { ...shop.inputs, rollback: 'true', health_successes: '1' },
  });
  expect(run.outputs.rolled_back).toBe('true');
  const [diagram = ''] = renderSummary(run.summary).diagrams;
  expect(diagram.match(/^section .*$/gm)).toEqual(['section shop', 'section rollback']);
  await checkDiagram(diagram);
});

scenario('Logs of several applications that can’t be read are one warning', async (stage) => {
  const { nodion, deploy } = stage;
  const names = ['docs', 'shop', 'web'];
  const applications = names.map((name) => nodion.addApplication({ name, ...life(['failed', 0]) }));
  nodion.missing.add('GET /applications/:id/logs');
  const run = await deploy(null, {
    inputs: { application_id: applications.map(({ id }) => id).join() },
  });
  expect(annotations(run, 'warning')).toEqual([
    expect.stringMatching(
      /^The runtime log of docs can't be read: .* answered 404 .*\nThe same goes for the runtime logs of 2 more\.$/,
    ),
  ]);
});

scenario('Logs that are asked for again hold up no others', async ({ nodion, deploy }) => {
  const applications = Array.from({ length: 20 }, (_, index) =>
    nodion.addApplication({ name: `app-${index}`, ...failing, logs: logLines(1) }),
  );
  for (const of of applications.slice(0, 19)) {
    nodion.fail({ on: LOGS, of, times: 99, fault: answer(503)(false) });
  }
  const run = await deploy(null, {
    inputs: { application_id: applications.map(({ id }) => id).join() },
  });
  expect(run.exitCode).toBe(1);
  expect(run.commands.filter(({ name }) => name === 'group')).toMatchObject([
    { data: expect.stringContaining('of app-19 since') },
  ]);
  expect(annotations(run, 'warning')).toEqual([expect.stringMatching(/of 18 more\.$/)]);
});
