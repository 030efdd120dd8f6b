import { type FakeApplication, FakeNodion, PROJECT_KEY } from './nodion.ts';
import { runStep, type StepOptions, type StepRun } from './runner.ts';

/** Runs `play` with a Nodion of its own, which is closed afterwards. */
export async function withNodion<T>(play: (nodion: FakeNodion) => Promise<T>): Promise<T> {
  const nodion = await FakeNodion.start();
  try {
    return await play(nodion);
  } finally {
    await nodion.close();
  }
}

/** Runs the deploy action for an application of `nodion`; inputs that are not given suit a quick test. */
export function deploy(
  nodion: FakeNodion,
  application: FakeApplication | null,
  { inputs, ...options }: StepOptions = {},
): Promise<StepRun> {
  return runStep({
    ...options,
    inputs: {
      api_key: PROJECT_KEY,
      api_url: nodion.url,
      poll_interval: '0.2',
      ...(application && { application_id: application.id }),
      ...inputs,
    },
  });
}

/** The messages of a run's annotations at that level. */
export function annotations(run: StepRun, level: 'error' | 'warning' | 'notice'): string[] {
  return run.commands.filter(({ name }) => name === level).map(({ data }) => data);
}
