import { expect } from '@jest/globals';
import type { FakeApplication } from '../fakes/nodion/state.ts';
import type { StepOptions, StepRun } from '../fakes/runner.ts';
import type { Stage } from '../fakes/stage.ts';
import { renderSummary } from '../fakes/summary.ts';
import { scenario } from './scenario.ts';

/** What users are told of how a step ended, in all the places where they are told it. Times are `…`, hosts HOST. */
export interface Told {
  /** `error`, `notice`, …: the lines of the one annotation. */
  readonly annotation: readonly string[];
  readonly title: string;
  /** Of the job summary. */
  readonly heading: string;
  readonly outputs: Readonly<Record<string, string>>;
  /** The last state of the GitHub deployment and its description; null where none was made. */
  readonly gitHub: readonly [state: string, description: string] | null;
}

/** A situation: what is deployed, and how. */
export type Situation = (stage: Stage) => {
  readonly application: FakeApplication | null;
  readonly options?: StepOptions;
  /** What messages call the application. */
  readonly shownAs?: string;
};

/** GitHub's description is cut where it is too long: how long the times in it are moves that end. */
const LONGEST_DESCRIPTION = 110;
const beginning = (text: string) => text.slice(0, LONGEST_DESCRIPTION);

/** A test that users are told just this of a situation, in every place; `more` looks closer. */
export function tells(
  name: string,
  play: Situation,
  toldOf: (shownAs: string) => Told,
  more: (run: StepRun, shownAs: string) => void = () => {},
): void {
  scenario(name, async (stage) => {
    const { application, options = {}, shownAs = 'shop' } = play(stage);
    const run = await stage.deploy(application, {
      ...options,
      inputs: { environment: 'production', ...options.inputs },
    });
    const told = toldOf(shownAs);
    const [state = '', text = ''] = told.gitHub ?? [];
    const described = typeof text === 'string' ? beginning(text) : text;
    expect(toldBy(run, stage, Object.keys(told.outputs))).toEqual({
      ...told,
      gitHub: told.gitHub && [state, described],
    });
    expect(run.stderr).toBe('');
    for (const { data } of run.commands) {
      expect((data.split('\n')[0] ?? '').length).toBeLessThan(120);
    }
    more(run, shownAs);
  });
}

function toldBy(run: StepRun, { gitHub }: Stage, asked: readonly string[]): Told {
  const [one, ...more] = run.commands.filter(({ name: level }) =>
    ['error', 'notice', 'warning'].includes(level),
  );
  expect(more).toEqual([]);
  const heading = /<h3>.*<\/h3>/.exec(run.summary)?.[0] ?? '';
  const last = gitHub.statuses.at(-1);
  return {
    annotation: stable(one?.data ?? '').split('\n'),
    title: `${one?.name}: ${one?.properties.title}`,
    heading: shownText(heading).trim(),
    outputs: Object.fromEntries(asked.map((key) => [key, run.outputs[key] ?? ''])),
    gitHub: last ? [String(last.state), beginning(stable(String(last.description)))] : null,
  };
}

/** What a reader of the summary sees. */
export function shownText(summary: string): string {
  return stable(renderSummary(summary).text.replaceAll('\u200b', ''));
}

/** A text without what differs from run to run. */
export function stable(text: string): string {
  return text
    .replace(/\d+(?:\.\d+)? (?:min|s)\b(?: \d+ s)?/g, '…')
    .replace(/(?<=the ID )[\da-f-]{4,36}/g, 'ID')
    .replace(/127\.0\.0\.1:\d+/g, 'HOST');
}
