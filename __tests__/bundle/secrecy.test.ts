import { expect } from '@jest/globals';
import { PROJECT_KEY } from '../../fakes/nodion/state.ts';
import { scenario } from '../scenario.ts';

scenario(
  'The key is not passed on when an application is called by it',
  { clock: 'real' },
  async (stage) => {
    const { nodion, deploy, run: runAction } = stage;
    const application = nodion.addApplication({
      name: `a ${PROJECT_KEY} b`,
      head: {
        git_sha: null,
        commit_message: `${'x'.repeat(110)}${PROJECT_KEY}`,
        committer_name: '',
      },
    });
    const run = await deploy(application);
    expect(run.exitCode).toBe(0);
    const listed = await runAction({ action: 'list-applications' });
    for (const { log, summary, outputs } of [run, listed]) {
      const all = [
        log.replace(`::add-mask::${PROJECT_KEY}`, ''),
        summary,
        ...Object.values(outputs),
      ];
      for (const text of all) expect(text).not.toContain(PROJECT_KEY.slice(0, 10));
    }
    expect(run.outputs.application_name).toBe('a *** b');
  },
);
