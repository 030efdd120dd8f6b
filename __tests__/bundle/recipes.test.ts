import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { parse } from 'yaml';
import { setRecipeScene } from '../../fakes/recipe-scene.ts';
import { readActionMetadata } from '../../fakes/runner.ts';
import { runWorkflow } from '../../fakes/workflow.ts';
import { shownWorkflows } from '../../scripts/readme.ts';
import { scenario } from '../scenario.ts';

const OLD_SHA = '0'.repeat(40);
const SHA = 'ffac537e6cbbf934b08745a378932722df287a53';

/** What the shell of a recipe prints, by the recipe's name. */
const PRINTED: Readonly<Record<string, unknown>> = {
  'Deploy several': 'service-web #2 live\nservice-api #2 live\n',
  'Deploy and notify': expect.stringMatching(
    /^curl -fsS --json @- http:\/\/127\.0\.0\.1:\d+\/hook\n\{\n {2}"text": "shop: success \(live\), live: #2"\n\}\n$/,
  ),
  'Deploy with a changelog': `git log --format=    %h %s ${OLD_SHA}..${SHA}\n`,
  'What is live': `service-web #1 ${OLD_SHA}\nservice-api #1 ${OLD_SHA}\n`,
};

for (const yaml of shownWorkflows()) {
  const name = /^name: (.*)$/m.exec(yaml)?.[1] ?? '';
  scenario(`The recipe "${name}" runs green`, async (stage) => {
    const { nodion, run } = stage;
    const scene = await setRecipeScene(stage, yaml, { now: SHA, before: OLD_SHA });
    const { secrets, vars, inputs, event, steps, isCreating } = scene;
    const before = nodion.applications.length;
    const folder = mkdtempSync(join(tmpdir(), 'recipe-'));
    const github = { sha: SHA, actor: 'ada', token: 'ghs_token_of_the_job', event };
    const { actions, commands } = await runWorkflow(scene.yaml, {
      ...{ run, folder, steps },
      context: { secrets, vars, inputs, github },
      commands: { curl: 'echo "curl $*"; cat', git: 'echo "git $*"' },
    });
    rmSync(folder, { recursive: true });
    expect(actions.length).toBeGreaterThan(0);
    for (const { exitCode, log } of actions) {
      expect(log).not.toMatch(/^::(?:error|warning)/m);
      expect(exitCode).toBe(0);
    }
    const printed = PRINTED[name];
    expect(commands.map(({ log, summary }) => log + summary)).toEqual(printed ? [printed] : []);
    for (const { exitCode } of commands) expect(exitCode).toBe(0);
    expect(nodion.applications.length).toBe(before + (isCreating ? 1 : 0));
    expect(nodion.triggered.length > 0).toBe(!yaml.includes('dry_run'));
  });
}

const SMALLEST: [string, Record<string, string>][] = [
  ['.', { application_name: 'shop', wait: 'false' }],
  ['list-applications', {}],
  [
    'create-application',
    {
      name: 'shop',
      region_id: '428d037e-9ba6-4dab-92bd-8d816c523126',
      instance_type_id: 't',
      integration_id: 'i',
      repository_id: 'r',
      branch_id: 'b',
    },
  ],
];

for (const [action, inputs] of SMALLEST) {
  scenario(`A run sets the outputs that ${action}/action.yml declares`, async ({ nodion, run }) => {
    nodion.addApplication({ name: 'shop' });
    const { outputs } = await run({ action, inputs });
    expect(Object.keys(outputs).sort()).toEqual(
      Object.keys(readActionMetadata(action).outputs).sort(),
    );
  });
}

scenario('The step that reports on 250 applications starts, and has all of them', async (stage) => {
  // Its paths and its bash are others.
  if (process.platform === 'win32') return;
  const { nodion, deploy } = stage;
  const ids = Array.from({ length: 250 }, (_, at) => nodion.addApplication({ name: `s${at}` }).id);
  const run = await deploy(null, { inputs: { application_id: ids.join(), wait: 'false' } });
  expect(run.exitCode).toBe(0);
  const recipe = shownWorkflows().find((yaml) => yaml.startsWith('name: Deploy several')) ?? '';
  const command: string = parse(recipe).jobs.deploy.steps.at(-1).run;
  const folder = mkdtempSync(join(tmpdir(), 'recipe-'));
  try {
    const file = join(folder, 'deployments.json');
    writeFileSync(file, run.deploymentsFile ?? '');
    // In place of jq, which not every machine has: a line for each.
    const jq = `require('node:fs').readFileSync(process.argv.at(-1), 'utf8')`;
    const script = `for (const one of JSON.parse(${jq})) console.log(one.application_name, one.reason)`;
    const body = `#!/bin/bash\nexec '${process.execPath}' -e "${script}" -- "$@"\n`;
    writeFileSync(join(folder, 'jq'), body, { mode: 0o755 });
    const report = (env: Record<string, string>) =>
      spawnSync('bash', ['-e', '-c', command], {
        env: { PATH: `${folder}:/usr/bin:/bin`, ...env },
      });
    const { status, stdout } = report({ FILE: file });
    expect(status).toBe(0);
    expect(String(stdout).trim().split('\n')).toHaveLength(250);
    // The output itself could not be handed over.
    if (process.platform === 'linux') {
      const { error } = report({ FILE: file, DEPLOYMENTS: run.outputs.deployments ?? '' });
      expect(error).toMatchObject({ code: 'E2BIG' });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
