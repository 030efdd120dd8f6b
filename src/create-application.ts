import { Interrupted } from './deadline.ts';
import { type Application, type NodionClient, NodionError } from './nodion-client.ts';
import { LostAnswer, postOnce } from './post-once.ts';
import { type Hiccup, retryRead } from './retry.ts';
import { StepFailure } from './step-failure.ts';

/** The body parameters of `POST /applications` by their own names; `name` identifies the application. */
export interface NewApplication extends Readonly<Record<string, string | number>> {
  readonly name: string;
  readonly region_id: string;
  readonly deployment_strategy: string;
}

/**
 * Makes sure that one application of that name exists, creating it where there is none; never a second one.
 *
 * @throws StepFailure when one exists that differs in strategy or region, or several do.
 * @throws NodionError, Interrupted or LostAnswer as postOnce().
 */
export async function createApplication(options: {
  client: NodionClient;
  wanted: NewApplication;
  signal: AbortSignal;
  onHiccup: (hiccup: Hiccup) => void;
  onProgress: (sentence: string) => void;
}): Promise<{ application: Application; created: boolean }> {
  const { client, wanted, signal, onHiccup, onProgress } = options;

  async function find(): Promise<Application | null> {
    const applications = await retryRead(() => client.listApplications(signal), {
      signal,
      onHiccup,
    });
    const [match = null, ...others] = applications.filter(({ name }) => name === wanted.name);
    if (others.length > 0) {
      const ids = [match, ...others].map((application) => application?.id).join(', ');
      throw new StepFailure(
        'Ambiguous name',
        `${others.length + 1} applications are called ${JSON.stringify(wanted.name)}: ${ids}`,
      );
    }
    return match;
  }

  const existing = await find();
  if (existing) {
    refuseDifference(existing, wanted);
    return { application: existing, created: false };
  }
  try {
    const { result, found } = await postOnce({
      post: () => client.createApplication(wanted, signal),
      find,
      signal,
      onUnanswered: ({ message }) =>
        onProgress(`${message}; looking whether it was created before anything is repeated`),
      onRepeat: (attempt) => onProgress(`It was not created: trying again (try ${attempt} of 3)`),
    });
    if (found) onProgress('It had been created');
    const application = result?.name === wanted.name ? result : await findCreated();
    if (found) refuseDifference(application, wanted);
    return { application, created: true };
  } catch (error) {
    // Somebody else may have created it in the meantime.
    if (error instanceof NodionError && error.status === 400) {
      const application = await find();
      if (!application) throw error;
      refuseDifference(application, wanted);
      return { application, created: false };
    }
    if (!(error instanceof LostAnswer)) throw error;
    const { cause } = error;
    const isCancelled = cause instanceof Interrupted && cause.reason === 'cancelled';
    const ended = isCancelled ? 'the workflow was cancelled' : 'time was over';
    const reason = cause instanceof Interrupted ? (cause.lastError ?? ended) : cause;
    throw new StepFailure(
      isCancelled ? 'Cancelled' : 'Perhaps created',
      `An application called ${JSON.stringify(wanted.name)} may have been created: ${reason instanceof Error ? reason.message : reason}. Run the step again: it takes an application that exists`,
    );
  }

  /** The success's body need not describe the application; then the list does, sooner or later. */
  async function findCreated(): Promise<Application> {
    try {
      return await retryRead(
        async () => {
          const listed = await find();
          if (listed) return listed;
          throw new NodionError('Nodion answered with success, but does not list it', {
            retryable: true,
          });
        },
        { signal, onHiccup },
      );
    } catch (error) {
      throw new LostAnswer(error);
    }
  }
}

/** @throws StepFailure that names each difference which creating it would not have had. */
function refuseDifference(existing: Application, wanted: NewApplication): void {
  const pairs = [
    ['deployment_strategy', existing.deployment_strategy, wanted.deployment_strategy],
    ['region_id', existing.region.id, wanted.region_id],
  ] as const;
  const differences = pairs
    .filter(([, is, asked]) => is !== null && is.toLowerCase() !== asked.toLowerCase())
    .map(([name, is, asked]) => `its \`${name}\` is ${is}, not ${asked}`);
  if (differences.length > 0) {
    throw new StepFailure(
      'Another application of that name',
      `An application called ${JSON.stringify(wanted.name)} exists (${existing.id}), but ${differences.join(' and ')}`,
    );
  }
}
