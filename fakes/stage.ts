import type { ChildProcess } from 'node:child_process';
import { type AnswerCheck, ApplicationServer } from './application-server.ts';
import type { Clock } from './clock.ts';
import { FakeGitHub } from './github.ts';
import { loopback, VirtualNetwork } from './network.ts';
import { FakeNodion } from './nodion/server.ts';
import { type FakeApplication, PROJECT_KEY } from './nodion/state.ts';
import { FakeProxy } from './proxy.ts';
import { FakeRegistry, type Software } from './registry.ts';
import { runStep, type StepOptions, type StepRun } from './runner.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Well below the time limit of a test. */
const LONGEST_STEP_MS = 100_000;

/** The parties that a step meets, each of its own, and ways to run one among them. */
export interface Stage {
  readonly nodion: FakeNodion;
  readonly gitHub: FakeGitHub;
  readonly proxy: FakeProxy;
  /** What all of them go by. */
  readonly clock: Clock;
  /** Starts a server of a deployed application, for its health checks. */
  serve(answer: AnswerCheck, options?: { isSecure?: boolean }): Promise<ApplicationServer>;
  /** Starts a container registry that answers as this software does. */
  serveRegistry(software?: Software): Promise<FakeRegistry>;
  /** Sends SIGINT to the step as soon as `isDue`, which is looked at every 10 ms from its first line on. */
  cancelWhen(isDue: () => boolean): Required<Pick<StepOptions, 'onLog'>>;
  /** Runs an action here, with the key of Nodion's project. */
  run(options?: StepOptions): Promise<StepRun>;
  /** Runs the deploy action here for an application (null: the inputs name it), with a poll a second. */
  deploy(application: FakeApplication | null, options?: StepOptions): Promise<StepRun>;
}

/** Sets a stage for `play` and clears it afterwards, whatever happened. */
export async function onStage<T>(clock: Clock, play: (stage: Stage) => Promise<T>): Promise<T> {
  const network = clock instanceof VirtualClock ? new VirtualNetwork(() => clock.stir()) : loopback;
  const nodion = await FakeNodion.start({ clock, network });
  const gitHub = await FakeGitHub.start(network);
  const proxy = await FakeProxy.start({ network });
  const servers: { close(): void }[] = [];
  const serve: Stage['serve'] = async (answer, options) => {
    const server = await ApplicationServer.start(answer, { clock, network, ...options });
    servers.push(server);
    return server;
  };
  const serveRegistry: Stage['serveRegistry'] = async (software = 'distribution 3.1') => {
    const registry = await FakeRegistry.start(software, { clock, network });
    servers.push(registry);
    return registry;
  };
  const run = ({ inputs, env, ...options }: StepOptions = {}) =>
    runStep({
      clock,
      network,
      killAfterMs: LONGEST_STEP_MS,
      ...options,
      inputs: { api_key: PROJECT_KEY, api_url: nodion.url, ...inputs },
      env: { GITHUB_API_URL: gitHub.url, ...env },
    });
  const deploy = (application: FakeApplication | null, { inputs, ...options }: StepOptions = {}) =>
    run({
      ...options,
      inputs: {
        poll_interval: '1s',
        ...(application && { application_id: application.id }),
        ...inputs,
      },
    });
  let isOver = false;
  const cancelWhen: Stage['cancelWhen'] = (isDue) => {
    let isWatched = false;
    const watch = async (child: ChildProcess) => {
      while (!isOver && !isDue()) await clock.sleep(10);
      child.kill('SIGINT');
    };
    return {
      onLog: (_, child) => {
        if (!isWatched) void watch(child);
        isWatched = true;
      },
    };
  };
  try {
    return await play({
      nodion,
      gitHub,
      proxy,
      clock,
      serve,
      serveRegistry,
      cancelWhen,
      deploy,
      run,
    });
  } finally {
    isOver = true;
    await nodion.close();
    gitHub.close();
    proxy.close();
    for (const server of servers) server.close();
    if (clock instanceof VirtualClock) clock.stop();
  }
}

/** The messages of a run's annotations at that level. */
export function annotations(run: StepRun, level: 'error' | 'warning' | 'notice'): string[] {
  return run.commands.filter(({ name }) => name === level).map(({ data }) => data);
}
