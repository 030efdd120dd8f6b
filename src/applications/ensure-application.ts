import { type Retry, retryRead } from '../http/retry.ts';
import type { NodionClient } from '../nodion/client.ts';
import { NodionError } from '../nodion/errors.ts';
import { post, postOnce, UnknownOutcome } from '../nodion/post-once.ts';
import type { WholeApplication } from '../nodion/responses.ts';
import { joined, ours, type Sentence, sentence } from '../runner/sentence.ts';
import { describeError, StepFailure } from '../runner/step-failure.ts';
import { Interrupted } from '../time/deadline.ts';

/** How an API may say that the name is taken; 400 is the documented refusal. */
const ALREADY_THERE: readonly (number | null)[] = [400, 409, 422];

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
 * @throws NodionError, Interrupted or UnknownOutcome as postOnce().
 */
export async function ensureApplication(options: {
  client: NodionClient;
  wanted: NewApplication;
  signal: AbortSignal;
  onRetry: (retry: Retry) => void;
  onProgress: (line: Sentence) => void;
}): Promise<{ application: WholeApplication; created: boolean }> {
  const { client, wanted, signal, onRetry, onProgress } = options;

  async function find(): Promise<WholeApplication | null> {
    const applications = await retryRead(() => client.applications({ signal, isFresh: true }), {
      signal,
      onRetry,
    });
    const [match = null, ...others] = applications.filter(({ name }) => name === wanted.name);
    if (others.length > 0) {
      const ids = [match, ...others].map((application) => application?.id ?? null);
      throw new StepFailure('Ambiguous name', [
        sentence`${others.length + 1} applications are called "${wanted.name}": ${joined(ids, ', ')}.`,
        sentence`Nothing was created. Rename all but one, or use its ID.`,
      ]);
    }
    return match;
  }

  function accept(application: WholeApplication): WholeApplication {
    const mismatch = configurationMismatch(application, wanted);
    if (mismatch) throw mismatch;
    return application;
  }

  const existing = await find();
  if (existing) return { application: accept(existing), created: false };
  try {
    const { result, found } = await postOnce({
      post: () => post(client.createApplication(wanted, signal)),
      search: find,
      signal,
      onUnknownOutcome: ({ summary }) =>
        onProgress(sentence`${summary} Checking whether it was created`),
      onRepeat: (attempt) =>
        onProgress(sentence`It has not appeared: creating it again (attempt ${attempt})`),
    });
    if (found) onProgress(sentence`It exists now`);
    const application = result?.name === wanted.name ? result : await findCreated();
    return { application: found ? accept(application) : application, created: true };
  } catch (error) {
    // Somebody else may have created it in the meantime.
    if (error instanceof NodionError && ALREADY_THERE.includes(error.status)) {
      const application = await find();
      if (!application) throw refused(error, wanted);
      return { application: accept(application), created: false };
    }
    if (error instanceof NodionError) throw refused(error, wanted);
    if (!(error instanceof UnknownOutcome)) throw error;
    const { cause } = error;
    const isCancelled = cause instanceof Interrupted && cause.reason === 'cancelled';
    const ended = isCancelled
      ? sentence`The workflow was cancelled.`
      : sentence`The \`timeout\` was over.`;
    const last = cause instanceof Interrupted ? cause.lastError : cause;
    const reason = last instanceof NodionError ? last.summary : last ? describeError(last) : ended;
    throw new StepFailure(isCancelled ? 'Workflow cancelled' : 'Unknown whether created', [
      sentence`An application called "${wanted.name}" may have been created.`,
      reason,
      sentence`Run the step again: it takes an application that exists.`,
    ]);
  }

  /** The success's body need not describe the application; then the list does, sooner or later. */
  async function findCreated(): Promise<WholeApplication> {
    try {
      return await retryRead(
        async () => {
          const listed = await find();
          if (listed) return listed;
          throw new NodionError(sentence`Nodion answered with success, but does not list it.`, {
            retryable: true,
          });
        },
        { signal, onRetry },
      );
    } catch (error) {
      throw new UnknownOutcome(error);
    }
  }
}

/** The failure that names each difference which creating it would not have had; null when there is none. */
function configurationMismatch(
  existing: WholeApplication,
  wanted: NewApplication,
): StepFailure | null {
  const pairs = [
    ['deployment_strategy', existing.deployment_strategy, wanted.deployment_strategy],
    ['region_id', existing.region.id, wanted.region_id],
  ] as const;
  const differences = pairs
    .filter(([, is, asked]) => is !== null && is.toLowerCase() !== asked.toLowerCase())
    .map(([name, is, asked]) => sentence`\`${ours(name)}\` is ${is}, not ${asked}`);
  if (differences.length === 0) return null;
  return new StepFailure('Another application of that name', [
    sentence`An application called "${wanted.name}" exists (${existing.id}), but differs.`,
    sentence`The application's ${joined(differences, "; the application's ")}.`,
    sentence`Nothing was created. Choose another name, or inputs that match the existing application.`,
  ]);
}

/** Nodion's refusal to create the application, or to show whether it exists. */
function refused(error: NodionError, wanted: NewApplication): StepFailure {
  const { status, summary, apiMessage, advice } = error;
  const words = sentence`Nodion refused application "${wanted.name}" (${status})${apiMessage && sentence`: ${apiMessage}`}.`;
  return new StepFailure('Not created', [
    status === null || status === 401 ? summary : words,
    sentence`Nothing was created.`,
    ...(status === 400 || status === 404 ? [sentence`Check the inputs.`] : advice ? [advice] : []),
  ]);
}
