import { expect } from '@jest/globals';
import { answer } from '../../fakes/faults.ts';
import type { StepRun } from '../../fakes/runner.ts';
import { life, scenario } from '../scenario.ts';

const APPLICATION = 'GET /applications/:id';
const LIST = 'GET /applications/:id/deployments';
const TRIGGER = 'POST /applications/:id/deployments';

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

for (const RUNNER_DEBUG of ['0', '1']) {
  for (const status of [400, 401, 403, 404, 422, 500]) {
    const what = `echoed by a ${status}, RUNNER_DEBUG=${RUNNER_DEBUG}`;
    scenario(`The key is nowhere, though ${what}`, async ({ nodion, deploy }) => {
      const application = nodion.addApplication(life(['failed', 0]));
      const echo = { error: `key ${KEY} of ${encodeURIComponent(KEY)} (${btoa(KEY)})`, key: KEY };
      const fault = answer(status, echo)(false);
      nodion.fail({ on: APPLICATION, fault }, { on: LIST, fault });
      const run = await deploy(application, {
        inputs: { api_key: KEY },
        env: { RUNNER_DEBUG },
      });
      expect(run.exitCode).toBe(1);
      expect(run.log).toMatch(
        status === 401
          ? 'Nodion refused the API key (401 Unauthorized).'
          : new RegExp(` answered ${status} to GET /applications/:id.*: key \\*{3} of \\*{3} \\(`),
      );
      expectNoKey(run);
    });
  }
}

for (const api_key of ['two\nlines', 'tab\tinside', 'control\u0001', 'ümlaut', 'Bearer abc']) {
  const shown = JSON.stringify(api_key);
  scenario(`The key ${shown} is refused, masked and not shown`, async ({ nodion, deploy }) => {
    const run = await deploy(nodion.addApplication(), { inputs: { api_key } });
    expect(run.exitCode).toBe(1);
    expect(nodion.requests).toEqual([]);
    const [mask, ...others] = run.commands;
    expect(mask).toMatchObject({ name: 'add-mask', data: api_key });
    for (const { data } of others.filter(({ name }) => name !== 'add-mask')) {
      expect(data).not.toContain(api_key);
    }
  });
}

for (const on of [APPLICATION, LIST, TRIGGER] as const) {
  scenario(`The key goes to no other origin when redirected at ${on}`, async (stage) => {
    const { nodion, gitHub, deploy } = stage;
    const application = nodion.addApplication();
    const location = `${gitHub.url}/applications/${application.id}`;
    nodion.fail({ on, fault: answer(307, '', { location })(false) });
    const run = await deploy(application);
    expect(run.exitCode).toBe(1);
    expect(gitHub.requests).toEqual([]);
  });
}
