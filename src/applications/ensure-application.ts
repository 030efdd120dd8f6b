import { type Retry, retryRead } from '../http/retry.ts';
import type { NodionClient } from '../nodion/client.ts';
import { type CreatedApplication, readCreated } from '../nodion/created-application.ts';
import { NodionError } from '../nodion/errors.ts';
import { InDoubt, post, postOnce, type Search, UnknownOutcome } from '../nodion/post-once.ts';
import type { WholeApplication } from '../nodion/responses.ts';
import { joined, type Sentence, sentence } from '../runner/sentence.ts';
import { StepFailure } from '../runner/step-failure.ts';
import {
  configurationMismatch,
  describe,
  refused,
  unknownWhetherCreated,
} from './creation-failures.ts';
import { lookUpIds } from './look-up-ids.ts';
import { bodyOf, hasNames, type NewApplication } from './new-application.ts';
import { isSameName, namedAs } from './same-name.ts';

/** How an API may say that the name is taken; 400 is the documented refusal. */
const ALREADY_THERE: readonly (number | null)[] = [400, 409, 422];

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
 * What the inputs name in place of an ID is looked up only where there is none.
 *
 * @throws StepFailure when one exists that differs in strategy or region, or several do, or a name is not found.
 * @throws NodionError, Interrupted or UnknownOutcome as postOnce().
 */
export async function ensureApplication(options: {
  client: NodionClient;
  wanted: NewApplication;
  signal: AbortSignal;
  onRetry: (retry: Retry) => void;
  onProgress: (line: Sentence) => void;
}): Promise<EnsuredApplication> {
  const { client, signal, onRetry, onProgress } = options;
  let { wanted } = options;
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
        sentence`Nothing was created. Rename all but one.`,
      ]);
    }
    return match;
  }

  /** What has appeared since the creation, as far as the last list shows. */
  function news(): WholeApplication[] {
    return listed.filter(({ id }) => !known.has(id));
  }

  /** The new one of the name; one that differs may be somebody else's. */
  async function findNew(): Promise<WholeApplication | undefined> {
    return (await read()).find(
      (one) => !known.has(one.id) && configurationMismatch(one, wanted) === null,
    );
  }

  const search: Search<CreatedApplication> = async ({ isLast }) => {
    const application = await findNew();
    if (application) return { id: application.id, application };
    if (isLast && news().length > 0) {
      throw new InDoubt(sentence`It may be ${describe(news())}, which is new.`);
    }
    return null;
  };

  function accept(application: WholeApplication): WholeApplication {
    const mismatch = configurationMismatch(application, wanted);
    if (mismatch) throw mismatch;
    return application;
  }

  client.preparePost();
  let existing = await find();
  if (!existing && hasNames(wanted)) {
    wanted = { ...wanted, ...(await lookUpIds(wanted, { client, signal, onRetry })) };
    // Somebody else may have created it in the meantime.
    existing = await find();
  }
  if (existing) return { application: accept(existing), created: false, warnings: [] };
  const body = bodyOf(wanted);
  known = new Set(listed.map(({ id }) => id));
  let unanswered = 0;
  try {
    const { result, found } = await postOnce({
      post: () =>
        retryRead(() => post(client.createApplication(body, readCreated, signal)), {
          signal,
          onRetry,
        }),
      search,
      signal,
      onUnknownOutcome: ({ summary, status }) => {
        if (status !== 429) unanswered += 1;
        onProgress(sentence`${summary} Checking whether it was created`);
      },
      onRepeat: (attempt) =>
        onProgress(sentence`It has not appeared: creating it again (attempt ${attempt})`),
    });
    if (found) onProgress(sentence`It exists now`);
    const isDescribed = result.application !== null && !known.has(result.application.id);
    const application = isDescribed ? result.application : await findCreated(result.id);
    const late = found ? unanswered - 1 : unanswered;
    const others = await namesakes(application);
    return {
      application,
      created: true,
      warnings: [...renamed(application), ...others, ...(late > 0 ? [mayAppear(late)] : [])],
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
    if (error.cause instanceof NodionError && ALREADY_THERE.includes(error.cause.status)) {
      // A request before the one that was refused may have made it after all searches.
      const application = await findNew().catch(() => undefined);
      if (application) return { application, created: true, warnings: [] };
    }
    throw unknownWhetherCreated(error, wanted, news());
  }

  /** The success's body need not describe the application; then the list does, sooner or later. */
  async function findCreated(id: string | null): Promise<WholeApplication> {
    const isIt = (one: WholeApplication) => one.id === id && !known.has(one.id);
    try {
      return await retryRead(
        async () => {
          const fitting = await findNew();
          const application = listed.find(isIt) ?? fitting;
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
      sentence`There are now ${others.length + 1} applications called "${name}": ${id}, created here, and ${joined(ids, ', ')}. Delete those that nobody needs in Nodion's dashboard: a later run may refuse the name, since it is not unique.`,
    ];
  }

  /** The limit of what a search can tell. */
  function mayAppear(late: number): Sentence {
    return sentence`It was sent again, since ${late} earlier ${late === 1 ? sentence`request` : sentence`requests`} seemed to have had no effect. If one was carried out late, another application called "${wanted.name}" appears: look for it in Nodion's dashboard.`;
  }
}
