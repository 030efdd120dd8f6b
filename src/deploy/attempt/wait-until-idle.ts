import { type Retry, retryRead } from '../../http/retry.ts';
import type { ApplicationClient } from '../../nodion/client.ts';
import { isFinal } from '../../nodion/deployments.ts';
import { InDoubt } from '../../nodion/post-once.ts';
import type { Deployment, DeploymentList } from '../../nodion/responses.ts';
import { type Sentence, sentence } from '../../runner/sentence.ts';
import { Interrupted, sleep, untilEither } from '../../time/deadline.ts';
import { lookAtEnd } from '../checks/look-at-end.ts';
import type { DeployPlan } from '../plan/deploy-plan.ts';
import { Busy } from './busy.ts';
import { findCandidates, type LostTrigger } from './find-candidates.ts';

/** So many lists in a row must lack a deployment that is gone: one may be an old list. */
const LISTS_WITHOUT_IT = 2;

/** What happens while another deployment is waited for. */
export type BusyEvent =
  | { readonly kind: 'retry'; readonly retry: Retry }
  /** The deployments have been read. */
  | { readonly kind: 'seen'; readonly list: DeploymentList }
  /** Nothing is triggered before the end of this one, as it was last seen. */
  | { readonly kind: 'busy'; readonly deployment: Deployment }
  /** It has ended; null: it is not listed any more. */
  | { readonly kind: 'idle'; readonly number: number; readonly status: string | null };

/**
 * Polls the application's deployments until the one that is in progress is final or gone, or what a lost
 * trigger may have made has appeared.
 * @param options.repeated the trigger that was sent before, of which nothing was found; null for none.
 * @throws NodionError when Nodion refuses a poll; Busy with `if_busy: fail`, or with what ended the wait,
 *   when `signal` aborts; Interrupted when `halt` does. For a repeat InDoubt and Interrupted in place of
 *   Busy, and a return when `halt` aborts: what is sent then is the caller's to say.
 */
export async function waitUntilIdle(
  { deployment: busy }: Busy,
  { ifBusy, pollIntervalMs }: Pick<DeployPlan, 'ifBusy' | 'pollIntervalMs'>,
  options: {
    application: ApplicationClient;
    repeated: LostTrigger | null;
    signal: AbortSignal;
    halt: AbortSignal;
    onEvent: (event: BusyEvent) => void;
  },
): Promise<void> {
  const { application, repeated, halt, onEvent } = options;
  const number = busy.deploy_number;
  if (ifBusy === 'fail') throw repeated ? new InDoubt(notAgain(busy)) : new Busy(busy);
  let seen = busy;

  async function poll(signal: AbortSignal): Promise<void> {
    const onRetry = (retry: Retry) => onEvent({ kind: 'retry', retry });
    const read = () =>
      application.deployments({ signal, lane: 'poll', isFresh: true, only: busy.id });
    let missing = 0;
    onEvent({ kind: 'busy', deployment: busy });
    while (!isFinal(seen)) {
      await sleep(pollIntervalMs * (0.9 + Math.random() * 0.2), signal);
      const list = await retryRead(read, { signal, onRetry });
      onEvent({ kind: 'seen', list });
      if (repeated && findCandidates(list.deployments, repeated).possible.length > 0) return;
      const now = list.deployments.find(({ id }) => id === busy.id);
      missing = now ? 0 : missing + 1;
      if (missing === LISTS_WITHOUT_IT) return onEvent({ kind: 'idle', number, status: null });
      if (now && now.status !== seen.status && !isFinal(now)) {
        onEvent({ kind: 'busy', deployment: now });
      }
      seen = now ?? seen;
    }
    onEvent({ kind: 'idle', number, status: seen.status });
  }

  try {
    await untilEither(options.signal, halt, poll);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    const isHalted = error.reason === 'halted';
    if (repeated && isHalted) return;
    if (repeated || isHalted) throw error;
    const { signal } = options;
    const list = await lookAtEnd(application, { earlier: busy, signal }).catch(() => null);
    if (list) onEvent({ kind: 'seen', list });
    seen = list?.deployments.find(({ id }) => id === busy.id) ?? seen;
    throw new Busy(seen, error);
  }
}

function notAgain({ deploy_number, status }: Deployment): Sentence {
  return sentence`It is not sent again, because #${deploy_number} is "${status}", and \`if_busy\` is \`fail\`.`;
}
