import { NodionError } from '../nodion/errors.ts';
import type { UnknownOutcome } from '../nodion/post-once.ts';
import type { WholeApplication } from '../nodion/responses.ts';
import { joined, ours, type Sentence, sentence } from '../runner/sentence.ts';
import { describeError, StepFailure } from '../runner/step-failure.ts';
import { Interrupted } from '../time/deadline.ts';
import type { NewApplication } from './new-application.ts';
import { isSameName } from './same-name.ts';

/** New applications that are named where one of them may be the one. */
const SHOWN = 5;

/** The first of them, by name and ID. */
export function describe(applications: readonly WholeApplication[]): Sentence {
  return joined(
    applications.slice(0, SHOWN).map(({ id, name }) => sentence`"${name}" (${id})`),
    ', ',
  );
}

/** A creation was sent, and nobody can say which application it made, if any. */
export function unknownWhetherCreated(
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
  const isNamesake = strangers.some((one) => isSameName(one.name, name));
  return new StepFailure(isCancelled ? 'Step cancelled' : 'Unknown whether created', [
    sentence`An application called "${name}" may have been created.`,
    reason,
    ...(what ? [what] : []),
    what && isNamesake
      ? sentence`It is not what the inputs ask for: delete or rename it, or give inputs that match it, before you run the step again.`
      : what
        ? sentence`If it is, use that name as \`name\`; if not, run the step again.`
        : sentence`Look for it in Nodion's dashboard before you run the step again: that takes an application of this name, but creates another where Nodion has changed the name.`,
  ]);
}

/** The failure that names each difference which creating it would not have had; null when there is none. */
export function configurationMismatch(
  existing: WholeApplication,
  wanted: NewApplication,
): StepFailure | null {
  const { deployment_strategy, region, region_id } = wanted;
  const pairs = [
    ['deployment_strategy', existing.deployment_strategy, deployment_strategy],
    // A region that was looked up is given by both.
    ['region', region_id === null ? existing.region.slug : null, region],
    ['region_id', existing.region.id, region_id],
  ] as const;
  const differences = pairs
    .filter(([, is, asked]) => is !== null && asked !== null && !isSameName(is, asked))
    .map(([name, is, asked]) => sentence`\`${ours(name)}\` is ${is}, not ${asked}`);
  if (differences.length === 0) return null;
  return new StepFailure('Another application of that name', [
    sentence`An application called "${wanted.name}" exists (${existing.id}), but differs.`,
    sentence`The application's ${joined(differences, "; the application's ")}.`,
    sentence`Nothing was created. Choose another name, or inputs that match the existing application.`,
  ]);
}

/** Nodion's refusal to create the application, or to show whether it exists. */
export function refused(error: NodionError, wanted: NewApplication): StepFailure {
  const { status, summary, apiMessage, advice } = error;
  const words = sentence`Nodion refused application "${wanted.name}" (${status})${apiMessage && sentence`: ${apiMessage}`}.`;
  return new StepFailure('Not created', [
    status === null || status === 401 || error.isGateways ? summary : words,
    sentence`Nothing was created.`,
    ...(!error.isGateways && [400, 402, 404, 409, 422].includes(status ?? 0)
      ? [sentence`Check the inputs.`]
      : advice
        ? [advice]
        : []),
  ]);
}
