import { connectProblem, HttpError } from '../../http/http-error.ts';
import type { SendRequest } from '../../http/transport.ts';
import { ours, type Sentence, sentence } from '../../runner/sentence.ts';
import { abortAfter, Interrupted, sleep, withGrace } from '../../time/deadline.ts';
import type { DeployPlan, HealthPlan } from '../plan/deploy-plan.ts';

/** No ask waits longer. */
const ASK_LIMIT_MS = 10_000;
/** Only so much of an answer is looked at. */
const LARGEST_BODY = 2 ** 20;

/** What one ask showed. */
export interface Answer {
  readonly isGood: boolean;
  /** A phrase, such as `503 from https://…`. */
  readonly what: Sentence;
}

/** What a health check found. */
export interface Health {
  /** What was asked, as messages show it. */
  readonly where: Sentence;
  /** Null where time was over before the first answer. */
  readonly isHealthy: boolean | null;
  /** How many answers came, and how many of them were bad. */
  readonly answers: number;
  readonly bad: number;
  /** Null for none. */
  readonly lastAnswer: Answer | null;
  readonly lastBad: Answer | null;
  /** What ended it; null when it is healthy. */
  readonly endedBy: 'health_timeout' | 'timeout' | null;
}

/** What happens while an application is asked for its health. */
export interface HealthEvent {
  readonly kind: 'health';
  readonly answer: Answer;
  /** Good answers in a row until now, and how many there must be. */
  readonly good: number;
  readonly needed: number;
}

/**
 * Asks for `url` every `pollIntervalMs` until so many good answers in a row have come as `health` needs,
 * for its `timeoutMs` at most. An ask that a deadline cuts off is no answer.
 *
 * @throws Interrupted when the workflow is cancelled.
 */
export async function checkHealth(
  { pollIntervalMs, health }: Pick<DeployPlan, 'pollIntervalMs'> & { health: HealthPlan },
  options: {
    url: string;
    transport: SendRequest;
    signal: AbortSignal;
    onEvent: (event: HealthEvent) => void;
  },
): Promise<Health> {
  const { url, transport, signal, onEvent } = options;
  const { text, successes: needed, timeoutMs } = health;
  let found: Omit<Health, 'isHealthy' | 'endedBy'> = {
    where: shownAddress(url),
    answers: 0,
    bad: 0,
    lastAnswer: null,
    lastBad: null,
  };
  const controller = new AbortController();
  abortAfter(timeoutMs, controller);
  try {
    return await withGrace({ signal, controller, graceMs: () => 0 }, async (limited) => {
      for (let good = 0; ; ) {
        const answer = await askHealth({ url, text }, { transport, signal: limited });
        good = answer.isGood ? good + 1 : 0;
        found = {
          ...found,
          answers: found.answers + 1,
          bad: found.bad + (answer.isGood ? 0 : 1),
          lastAnswer: answer,
          lastBad: answer.isGood ? found.lastBad : answer,
        };
        onEvent({ kind: 'health', answer, good, needed });
        if (good === needed) return { ...found, isHealthy: true, endedBy: null };
        await sleep(pollIntervalMs, limited);
      }
    });
  } catch (error) {
    if (!(error instanceof Interrupted) || error.reason === 'cancelled') throw error;
    const endedBy = error.reason === 'timed_out' ? 'timeout' : 'health_timeout';
    const isUnknown = endedBy === 'timeout' && found.answers === 0;
    return { ...found, isHealthy: isUnknown ? null : false, endedBy };
  }
}

/**
 * Asks once, by a GET on a connection of its own. Good is 2xx with `text` (null: any) in the body; a
 * redirect is not followed.
 *
 * @throws Interrupted when `signal` aborts.
 */
export async function askHealth(
  { url, text }: { url: string; text: string | null },
  { transport, signal }: { transport: SendRequest; signal: AbortSignal },
): Promise<Answer> {
  const where = shownAddress(url);
  try {
    const { status, headers, body } = await transport({
      method: 'GET',
      url,
      headers: { 'user-agent': 'nodion-deploy', accept: '*/*', 'cache-control': 'no-cache' },
      signal,
      timeoutMs: ASK_LIMIT_MS,
      maxBytes: LARGEST_BODY,
      truncate: true,
      ownConnection: true,
    });
    const said = sentence`${status} from ${where}`;
    if (status >= 300 && status <= 399 && status !== 304) {
      const { location = '' } = headers;
      const target =
        location && URL.canParse(location, url)
          ? shownAddress(new URL(location, url).href)
          : sentence`nowhere`;
      return { isGood: false, what: sentence`${said}, a redirect to ${target}` };
    }
    if (status < 200 || status > 299) return { isGood: false, what: said };
    if (text !== null && !body.includes(text)) {
      return { isGood: false, what: sentence`${said} without "${text}"` };
    }
    return { isGood: true, what: said };
  } catch (error) {
    if (signal.aborted) throw new Interrupted(signal.reason);
    if (!(error instanceof HttpError)) throw error;
    return { isGood: false, what: withoutAnswer(error, where) };
  }
}

/** Such as `no answer from https://… within 10 s`. */
function withoutAnswer(error: HttpError, where: Sentence): Sentence {
  const message = connectProblem(error) ?? error.message.replace(/\.$/, '');
  const [, none, why = ''] = /^(no (?:whole )?answer)(.*)$/.exec(message) ?? [];
  if (none) return sentence`${ours(none)} from ${where}${ours(why)}`;
  const isPart = /^(?:CUT_OFF|TOO_LARGE|BAD_ENCODING|HPE_.*)$/.test(error.code);
  return sentence`no ${isPart && sentence`whole `}answer from ${where}: ${ours(message)}`;
}

/** Without query and fragment, which may hold a secret. */
function shownAddress(url: string): Sentence {
  const { protocol, origin, pathname } = new URL(url);
  return /^https?:$/.test(protocol) ? sentence`${origin + pathname}` : sentence`${protocol}`;
}
