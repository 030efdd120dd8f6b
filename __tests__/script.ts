import type { FakeApplication } from '../fakes/nodion/state.ts';
import { life } from './scenario.ts';

/** For `onLog`: acts when the log says so. Unlike time, that makes one order of events on any machine. */
export function script(...cues: [text: string, act: () => unknown][]): (text: string) => void {
  let log = '';
  return (text) => {
    log += text;
    while (cues[0] && log.includes(cues[0][0])) cues.shift()?.[1]();
  };
}

/** Gives the application's newest deployment that status. */
export function become({ deployments: [newest] }: FakeApplication, status: string): void {
  if (newest) newest.life = life([status, 0]).life;
}

/** The script of an application that goes live. */
export function goesLive(application: FakeApplication): (text: string) => void {
  return script(
    ['created', () => become(application, 'waiting')],
    ['waiting', () => become(application, 'available')],
  );
}
