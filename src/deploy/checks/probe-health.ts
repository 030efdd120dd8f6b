import { connectProblem, HttpError } from '../../http/http-error.ts';
import type { SendRequest } from '../../http/transport.ts';
import { ours, type Sentence, sentence } from '../../runner/sentence.ts';
import { Interrupted } from '../../time/deadline.ts';
import { findText } from './find-text.ts';

/** No probe waits longer. */
const PROBE_LIMIT_MS = 10_000;

/** What one probe showed. */
export interface ProbeResult {
  readonly isGood: boolean;
  /** A phrase, such as `503 from https://…`. */
  readonly phrase: Sentence;
}

/**
 * Probes once, by a GET on a connection of its own. Good is 2xx with `text` (null: any, and the body is not
 * read) in the body; a
 * redirect is not followed.
 *
 * @throws Interrupted when `signal` aborts.
 */
export async function probeHealth(
  { url, text }: { url: string; text: string | null },
  { transport, signal }: { transport: SendRequest; signal: AbortSignal },
): Promise<ProbeResult> {
  const where = shownAddress(url);
  try {
    let hasText = false;
    const { status, headers } = await transport({
      method: 'GET',
      url,
      headers: { 'user-agent': 'nodion-deploy', accept: '*/*', 'cache-control': 'no-cache' },
      signal,
      timeoutMs: PROBE_LIMIT_MS,
      takeBody: async (chunks, answer) => {
        if (text === null || answer.status < 200 || answer.status > 299) return;
        hasText = await findText(chunks, text, answer.headers['content-type'] ?? '');
      },
      ownConnection: true,
    });
    const said = sentence`${status} from ${where}`;
    if (status >= 300 && status <= 399 && status !== 304) {
      const { location = '' } = headers;
      const target =
        location && URL.canParse(location, url)
          ? shownAddress(new URL(location, url).href)
          : sentence`nowhere`;
      return { isGood: false, phrase: sentence`${said}, a redirect to ${target}` };
    }
    if (status < 200 || status > 299) return { isGood: false, phrase: said };
    if (text !== null && !hasText) {
      return { isGood: false, phrase: sentence`${said} without "${text}"` };
    }
    return { isGood: true, phrase: said };
  } catch (error) {
    if (signal.aborted) throw new Interrupted(signal.reason);
    if (!(error instanceof HttpError)) throw error;
    return { isGood: false, phrase: withoutAnswer(error, where) };
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
export function shownAddress(url: string): Sentence {
  const { protocol, origin, pathname } = new URL(url);
  return /^https?:$/.test(protocol) ? sentence`${origin + pathname}` : sentence`${protocol}`;
}
