import type { ApplicationServer, RecordedCheck, Reply } from '../fakes/application-server.ts';
import type { FakeApplication } from '../fakes/nodion/state.ts';
import type { StepRun } from '../fakes/runner.ts';
import { annotations, type Stage } from '../fakes/stage.ts';
import { life } from './scenario.ts';

const HOUR_MS = 3_600_000;

/** What a health check of a shop says that it needs, and what to do. */
export const expected = (advice: string) =>
  `3 consecutive good answers were needed within 8 s (\`health_timeout\`): ${advice}.`;

export const EXPECTED = expected("look at the application's log");

/** An application of images, the server that answers its health checks, and the inputs to deploy v2. */
export interface Shop {
  readonly application: FakeApplication;
  readonly server: ApplicationServer;
  /** What is asked. */
  readonly url: string;
  readonly inputs: Readonly<Record<string, string>>;
}

/**
 * Adds the application `shop`, of which v1 has been live for an hour.
 * @param answer what the version that is live answers to a health check; '' is none.
 */
export async function addShop(
  { nodion, serve }: Pick<Stage, 'nodion' | 'serve'>,
  answer: (tag: string, check: RecordedCheck) => Reply,
  given: Partial<FakeApplication> = {},
): Promise<Shop> {
  const application = nodion.addApplication({
    name: 'shop',
    deployment_strategy: 'prebuilt_image',
    image_name: 'shop',
    ...life(['created', 0], ['available', 500]),
    ...given,
  });
  const old = { status: 'available', image_tag: 'v1' };
  nodion.addDeployment(application, old).triggeredAt -= HOUR_MS;
  const server = await serve((check) => {
    const { image_reference = '' } = nodion.liveDeployment(application) ?? {};
    return answer(image_reference?.split(':').at(-1) ?? '', check);
  });
  const url = `${server.url}/up`;
  const inputs = { image_tag: 'v2', health_url: url, health_timeout: '8s' };
  return { application, server, url, inputs };
}

/** The lines of a run's one error, with N for how many answers were bad, and without times. */
export function errorLines(run: StepRun): string[] {
  const [error = '', ...more] = annotations(run, 'error');
  if (more.length > 0) throw new Error(`${more.length + 1} errors`);
  return error
    .replace(/\b(\d+) of \1 answers\b/g, 'N of N answers')
    .replace(/(?<= after )\d+(?:\.\d+)? s/g, '…')
    .split('\n');
}

/** How many bad answers the run's error counts. */
export function badAnswers(run: StepRun): number {
  return Number(/(\d+) of \d+ answers/.exec(annotations(run, 'error')[0] ?? '')?.[1]);
}
