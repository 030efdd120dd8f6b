import { expect } from '@jest/globals';
import { annotations } from '../../fakes/stage.ts';
import { life, scenario } from '../scenario.ts';

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  scenario(
    `${signal} ends the wait, red, with the outputs`,
    { clock: 'real', hasSignals: true },
    async (stage) => {
      const { nodion, deploy } = stage;
      const run = await deploy(nodion.addApplication(life(['waiting', 0])), {
        onLog: (text, child) => {
          if (text.includes('Triggered deployment')) child.kill(signal);
        },
      });
      expect(run.exitCode).toBe(1);
      expect(run.outputs).toMatchObject({ deploy_number: '1', status: 'waiting' });
      expect(annotations(run, 'error')).toEqual([
        'Application My App: The step was cancelled while deployment #1 was "waiting".\nThe deployment goes on at Nodion, where nothing can cancel it: follow it in the dashboard.\nNo deployment of the application is live.',
      ]);
      expect(run.summary).toContain(
        '<h3>🚫 <code>My App</code>: step cancelled while following deployment <code>#1</code></h3>',
      );
    },
  );
}
