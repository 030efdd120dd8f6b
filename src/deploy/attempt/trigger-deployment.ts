import { type Retry, retryRead } from '../../http/retry.ts';
import type { ApplicationClient } from '../../nodion/client.ts';
import { assertNotStale, busyDeployment, highestNumber, newest } from '../../nodion/deployments.ts';
import type { NodionError } from '../../nodion/errors.ts';
import { InDoubt, type Posted, post, postOnce, type Search } from '../../nodion/post-once.ts';
import type { Deployment, DeploymentList } from '../../nodion/responses.ts';
import { type Sentence, sentence } from '../../runner/sentence.ts';
import { Interrupted, sleep, untilEither } from '../../time/deadline.ts';
import { LIMITED_PAUSE_MS, OLDEST_LIST_MS } from '../../time/step-clock.ts';
import type { DeployPlan } from '../plan/deploy-plan.ts';
import { Busy } from './busy.ts';
import type { LostTrigger } from './find-candidates.ts';
import { findReusableDeployment } from './find-reusable.ts';
import type { BusyEvent } from './wait-until-idle.ts';

const LIMITED_STATUSES: readonly (number | null)[] = [429, 503];

/** What happens while a deployment is triggered. */
export type TriggerEvent =
  | BusyEvent
  /** The trigger is being sent, after a look at `before`; null when the key may not look. */
  | { readonly kind: 'trigger-sent'; readonly before: readonly Deployment[] | null }
  /** There was no connection to send it on, nor was an earlier one sent. */
  | { readonly kind: 'trigger-not-sent' }
  /** The trigger was not answered as documented: its deployment is searched for before it is repeated. */
  | { readonly kind: 'trigger-unanswered'; readonly error: NodionError }
  | { readonly kind: 'trigger-repeated'; readonly attempt: number }
  /** Several deployments may be the one that a lost trigger made; the first is taken. */
  | { readonly kind: 'several-candidates'; readonly candidates: readonly Deployment[] }
  /** What is taken for the one that a lost trigger made seems to be older than that. */
  | { readonly kind: 'older-candidate'; readonly deployment: Deployment };

/** Nothing was triggered, since the deployment that had to be live is so no longer. */
export class NoLongerNewest extends Error {
  /** Why, such as `#13, which is newer, has appeared`. */
  readonly reason: Sentence;

  constructor(reason: Sentence) {
    super(`${reason}.`);
    this.name = 'NoLongerNewest';
    this.reason = reason;
  }
}

/** How a deployment became ours: answered, found after a lost answer, or followed (`reuse_existing`). */
export type Origin = 'triggered' | 'recovered' | 'reused';

/** A deployment to follow. */
export interface Triggered {
  readonly deployment: Deployment;
  readonly origin: Origin;
  /** The highest `deploy_number` before the trigger; null when the key may not read it. */
  readonly notedNumber: number | null;
  /** The IDs of those that are in the lists from before it, or from before its repeats. */
  readonly known: ReadonlySet<string>;
  /** The list in which it was found; empty where its trigger was answered. */
  readonly foundIn: readonly Deployment[];
  /** Whether the trigger was sent more than once. */
  readonly wasRepeated: boolean;
}

/**
 * Triggers one deployment, and never a second one: see postOnce() for what happens when the answer is
 * lost. With `reuse_existing`, one that exists is taken in place of a trigger; with `if_busy`, one in
 * progress is waited for before each trigger, or ends it.
 *
 * @param options.before the deployments as read before; null when the key may not read them. Read again
 *   where it is more than 1 s old when the trigger's turn comes.
 * @param options.defaultTag the application's own tag; null for Git-based applications.
 * @param options.verifiedTag asked for where `image_tag` is empty; null: whatever is the default then.
 * @param options.onlyWhileLive the deployment that must be live and the newest still; null: any.
 * @param options.halt aborts when nothing more is to be sent.
 * @throws NodionError, Interrupted or UnknownOutcome, as postOnce(); NoLongerNewest; Busy.
 */
export async function triggerDeployment(
  plan: Pick<DeployPlan, 'match' | 'reuseExisting' | 'ifBusy' | 'pollIntervalMs'>,
  options: {
    application: ApplicationClient;
    before: DeploymentList | null;
    defaultTag: string | null;
    verifiedTag: string | null;
    onlyWhileLive: Deployment | null;
    signal: AbortSignal;
    halt: AbortSignal;
    onEvent: (event: TriggerEvent) => void;
  },
): Promise<Triggered> {
  const { application, defaultTag, verifiedTag, onlyWhileLive, signal, halt, onEvent } = options;
  const { match, reuseExisting, ifBusy } = plan;
  const onRetry = (retry: Retry) => onEvent({ kind: 'retry', retry });
  let list = options.before;
  let lost: LostTrigger = { notedNumber: 0, sentAt: null, match, defaultTag };
  const known = new Set<string>();
  let origin: Origin = 'triggered';
  let attempts = 0;
  let sent = 0;
  let isLimited = false;
  let foundIn: readonly Deployment[] = [];

  /** @throws InDoubt, at the last search. */
  async function pick(
    deployments: readonly Deployment[],
    { isLate, isLast }: { isLate: boolean; isLast: boolean },
  ): Promise<Deployment | null> {
    const { findCandidates, mayBeOurs } = await import('./find-candidates.ts');
    const { possible, tooOld } = findCandidates(deployments, lost);
    const [first] = possible;
    if (first && (isLast || (first.isAsked && (isLate || !first.isOlder)))) {
      if (possible.length > 1) {
        const candidates = possible.map(({ deployment }) => deployment);
        onEvent({ kind: 'several-candidates', candidates });
      }
      if (first.isOlder) onEvent({ kind: 'older-candidate', deployment: first.deployment });
      foundIn = deployments;
      return first.deployment;
    }
    if (isLast && tooOld[0]) throw new InDoubt(mayBeOurs(tooOld[0]));
    return null;
  }

  /** In one turn at the gate: a fresh list, what follows from it, and the trigger, which `limited` does not end. */
  async function attemptInTurn(limited: AbortSignal): Promise<Posted<Deployment>> {
    return await application.inTurn(limited, async () => {
      if (list && performance.now() - list.answeredAtMs > OLDEST_LIST_MS) {
        const reading = { signal: limited, gate: 'passed', isFresh: true } as const;
        const now = await application.deployments(reading);
        if (onlyWhileLive) assertNotStale(onlyWhileLive, now.deployments);
        list = now;
        onEvent({ kind: 'seen', list });
        if (isLimited) await sleep(LIMITED_PAUSE_MS * (1 + Math.random()), limited);
      }
      if (list) {
        const existing =
          attempts > 1
            ? await pick(list.deployments, { isLate: true, isLast: true })
            : reuseExisting
              ? findReusableDeployment(list.deployments, match)
              : null;
        if (existing) {
          origin = attempts > 1 ? 'recovered' : 'reused';
          return { result: existing, found: true };
        }
        if (onlyWhileLive) assertNewest(onlyWhileLive, list.deployments);
      }
      if (halt.aborted) throw attempts === 1 ? new Interrupted(halt.reason) : new InDoubt(HALTED);
      if (list) {
        const busy = ifBusy !== 'deploy' && busyDeployment(list.deployments);
        if (busy) throw new Busy(busy);
        // Either list may be an old one.
        const seen = [...(options.before?.deployments ?? []), ...list.deployments];
        if (attempts === 1) {
          const sentAt = application.serverTime(performance.now());
          lost = { ...lost, notedNumber: highestNumber(seen), sentAt };
        }
        for (const { id } of seen) known.add(id);
      }
      if (attempts > 1) onEvent({ kind: 'trigger-repeated', attempt: attempts });
      sent += 1;
      onEvent({ kind: 'trigger-sent', before: list?.deployments ?? null });
      try {
        return await post(application.trigger(match.imageTag ?? verifiedTag, { known, signal }));
      } catch (error) {
        sent -= 1;
        if (sent === 0) onEvent({ kind: 'trigger-not-sent' });
        throw error;
      }
    });
  }

  const search: Search<Deployment> = async ({ isPastDeadline, ...when }) => {
    const { look, lookAtEnd } = await import('../checks/look-at-end.ts');
    const looking = { earlier: null, signal };
    const found = isPastDeadline
      ? await lookAtEnd(application, looking)
      : await retryRead(() => look(application, looking), { signal, onRetry });
    onEvent({ kind: 'seen', list: found });
    const deployment = await pick(found.deployments, when);
    if (deployment) origin = 'recovered';
    return deployment;
  };

  async function send(): Promise<Posted<Deployment>> {
    const tryUntil = (limited: AbortSignal) =>
      retryRead(() => attemptInTurn(limited), { signal: limited, onRetry });
    try {
      if (attempts > 1) return await tryUntil(signal);
      return await application.outageLimit.run(signal, (limited) =>
        untilEither(limited, halt, tryUntil),
      );
    } catch (error) {
      if (!(error instanceof Busy)) throw error;
      const { waitUntilIdle } = await import('./wait-until-idle.ts');
      const repeated = attempts > 1 ? lost : null;
      await waitUntilIdle(error, plan, { application, repeated, signal, halt, onEvent });
      // What is in progress now is not in that list.
      list = list && { ...list, answeredAtMs: Number.NEGATIVE_INFINITY };
      return await send();
    }
  }

  const { result } = await postOnce({
    post: (attempt) => {
      attempts = attempt;
      return send();
    },
    search: options.before && search,
    signal,
    onUnknownOutcome: (error) => {
      isLimited = LIMITED_STATUSES.includes(error.status);
      onEvent({ kind: 'trigger-unanswered', error });
    },
  });
  const notedNumber = options.before && lost.notedNumber;
  return { deployment: result, origin, notedNumber, known, foundIn, wasRepeated: sent > 1 };
}

/** @throws NoLongerNewest */
function assertNewest(
  { id, deploy_number: number }: Deployment,
  deployments: readonly Deployment[],
): void {
  const newestNow = newest(deployments);
  if (newestNow && newestNow.deploy_number > number)
    throw new NoLongerNewest(newerAppeared(newestNow));
  const status = deployments.find((deployment) => deployment.id === id)?.status;
  if (status && status !== 'available')
    throw new NoLongerNewest(sentence`#${number} is "${status}" now`);
}

const HALTED = sentence`It is not sent again, because another application failed (\`fail_fast\`).`;

/** The reason not to trigger another: `#13, which is newer, has appeared`. */
export function newerAppeared({ deploy_number }: Pick<Deployment, 'deploy_number'>): Sentence {
  return sentence`#${deploy_number}, which is newer, has appeared`;
}
