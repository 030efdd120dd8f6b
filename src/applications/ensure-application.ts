import { type Retry, retryRead } from '../http/retry.ts';
import type { CreatedApplication, NodionClient } from '../nodion/client.ts';
import { NodionError } from '../nodion/errors.ts';
import { InDoubt, post, postOnce, type Search, UnknownOutcome } from '../nodion/post-once.ts';
import type { WholeApplication } from '../nodion/responses.ts';
import { joined, ours, type Sentence, sentence } from '../runner/sentence.ts';
import { describeError, StepFailure } from '../runner/step-failure.ts';
import { Interrupted } from '../time/deadline.ts';

/** How an API may say that the name is taken; 400 is the documented refusal. */
const ALREADY_THERE: readonly (number | null)[] = [400, 409, 422];
/** New applications that are named where one of them may be the one. */
const SHOWN = 5;

/** The body parameters of `POST /applications` by their own names; `name` identifies the application. */
export interface NewApplication extends Readonly<Record<string, string | number>> {
  readonly name: string;
  readonly region_id: string;
  readonly deployment_strategy: string;
}

/** An application that was made sure of. */
export interface EnsuredApplication {
  readonly application: WholeApplication;
  readonly created: boolean;
  /** What a person should know of it all the same. */
  readonly warnings: readonly Sentence[];
}

/**
 * Makes sure that one application of that name exists, creating it where there is none; never a second one.
 * Names are the same without regard to case, to how many blanks there are, and to how letters are encoded.
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
}): Promise<EnsuredApplication> {
  const { client, wanted, signal, onRetry, onProgress } = options;
  let listed: readonly WholeApplication[] = [];
  let known: ReadonlySet<string> = new Set();

  /** Those of the name. */
  async function read(): Promise<readonly WholeApplication[]> {
    const request = () => client.applications({ signal, isFresh: true });
    listed = await retryRead(request, { signal, onRetry });
    return namedAs(wanted.name, listed);
  }

  /** The one of the name; null when there is none. */
  async function find(): Promise<WholeApplication | null> {
    const [match = null, ...others] = await read();
    if (others.length > 0) {
      const ids = [match, ...others].map((application) => application?.id ?? null);
      throw new StepFailure('Ambiguous name', [
        sentence`${others.length + 1} applications are called "${wanted.name}": ${joined(ids, ', ')}.`,
        sentence`Nothing was created. Rename all but one, or use its ID.`,
      ]);
    }
    return match;
  }

  /** What has appeared since the creation under another name, as far as the last list shows. */
  function strangers(): WholeApplication[] {
    return listed.filter(({ id, name }) => !known.has(id) && !isSameName(name, wanted.name));
  }

  const search: Search<CreatedApplication> = async ({ isLast }) => {
    const [application] = await read();
    if (application) return { id: application.id, application };
    if (isLast && strangers().length > 0) {
      throw new InDoubt(sentence`It may be ${describe(strangers())}, which is new.`);
    }
    return null;
  };

  function accept(application: WholeApplication): WholeApplication {
    const mismatch = configurationMismatch(application, wanted);
    if (mismatch) throw mismatch;
    return application;
  }

  client.preparePost();
  const existing = await find();
  if (existing) return { application: accept(existing), created: false, warnings: [] };
  known = new Set(listed.map(({ id }) => id));
  try {
    const { result, found } = await postOnce({
      post: () =>
        retryRead(() => post(client.createApplication(wanted, signal)), { signal, onRetry }),
      search,
      signal,
      onUnknownOutcome: ({ summary }) =>
        onProgress(sentence`${summary} Checking whether it was created`),
      onRepeat: (attempt) =>
        onProgress(sentence`It has not appeared: creating it again (attempt ${attempt})`),
    });
    if (found) onProgress(sentence`It exists now`);
    const isDescribed = result.application !== null && !known.has(result.application.id);
    const application = isDescribed ? result.application : await findCreated(result.id);
    return {
      application: found ? accept(application) : application,
      created: true,
      warnings: [...renamed(application), ...(await namesakes(application))],
    };
  } catch (error) {
    // Somebody else may have created it in the meantime.
    if (error instanceof NodionError && ALREADY_THERE.includes(error.status)) {
      const application = await find();
      if (!application) throw refused(error, wanted);
      return { application: accept(application), created: false, warnings: [] };
    }
    if (error instanceof NodionError) throw refused(error, wanted);
    if (!(error instanceof UnknownOutcome)) throw error;
    throw unknownWhetherCreated(error, wanted, strangers());
  }

  /** The success's body need not describe the application; then the list does, sooner or later. */
  async function findCreated(id: string | null): Promise<WholeApplication> {
    const isIt = (one: WholeApplication) => one.id === id && !known.has(one.id);
    try {
      return await retryRead(
        async () => {
          const [named] = await read();
          const application = listed.find(isIt) ?? named;
          if (application) return application;
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

  /** A name that the next run would not know again. */
  function renamed({ name }: WholeApplication): Sentence[] {
    if (isSameName(name, wanted.name)) return [];
    return [
      sentence`Nodion calls it "${name}", not "${wanted.name}": use that as \`name\`, or the next run creates another.`,
    ];
  }

  /** Others of the name, which somebody created at the same time. */
  async function namesakes({ id, name }: WholeApplication): Promise<Sentence[]> {
    const now = await client.applications({ signal, isFresh: true }).catch(() => []);
    const others = now.filter((one) => one.id !== id && isSameName(one.name, name));
    if (others.length === 0) return [];
    const ids = others.map((other) => other.id);
    return [
      sentence`There are now ${others.length + 1} applications called "${name}": ${id}, created here, and ${joined(ids, ', ')}. Delete those that nobody needs in Nodion's dashboard: the next run refuses a name that is not unique.`,
    ];
  }
}

/** The applications of a name: those that have it by the letter, else those whose names are alike. */
function namedAs(
  name: string,
  applications: readonly WholeApplication[],
): readonly WholeApplication[] {
  const exact = applications.filter((one) => one.name === name);
  return exact.length > 0 ? exact : applications.filter((one) => isSameName(one.name, name));
}

function isSameName(a: string, b: string): boolean {
  return plain(a) === plain(b);
}

function plain(name: string): string {
  return name.normalize('NFC').toLowerCase().replace(/\s+/g, ' ').trim();
}

function describe(applications: readonly WholeApplication[]): Sentence {
  return joined(
    applications.slice(0, SHOWN).map(({ id, name }) => sentence`"${name}" (${id})`),
    ', ',
  );
}

/** A creation was sent, and nobody can say which application it made, if any. */
function unknownWhetherCreated(
  { cause, doubt }: UnknownOutcome,
  { name }: NewApplication,
  strangers: readonly WholeApplication[],
): StepFailure {
  const isCancelled = cause instanceof Interrupted && cause.reason === 'cancelled';
  const ended = isCancelled
    ? sentence`The step was cancelled.`
    : sentence`The \`timeout\` expired.`;
  const last = cause instanceof Interrupted ? cause.lastError : cause;
  const reason = last instanceof NodionError ? last.summary : last ? describeError(last) : ended;
  const news = strangers.length > 0 && sentence`It may be ${describe(strangers)}, which is new.`;
  const what = doubt ?? (news || null);
  return new StepFailure(isCancelled ? 'Step cancelled' : 'Unknown whether created', [
    sentence`An application called "${name}" may have been created.`,
    reason,
    ...(what ? [what] : []),
    what
      ? sentence`If it is, use that name as \`name\`; if not, run the step again.`
      : sentence`Look for it in Nodion's dashboard before you run the step again: that takes an application of this name, but creates another where Nodion has changed the name.`,
  ]);
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
    status === null || status === 401 || error.isGateways ? summary : words,
    sentence`Nothing was created.`,
    ...(!error.isGateways && (status === 400 || status === 404)
      ? [sentence`Check the inputs.`]
      : advice
        ? [advice]
        : []),
  ]);
}
