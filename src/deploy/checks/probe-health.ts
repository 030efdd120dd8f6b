import { createGate } from '../../http/gate.ts';
import { connectProblem, HttpError, isCertificateProblem } from '../../http/http-error.ts';
import { findProxy } from '../../http/proxy.ts';
import type { AnswerHead, SendRequest } from '../../http/transport.ts';
import { ours, type Sentence, sentence } from '../../runner/sentence.ts';
import { Interrupted } from '../../time/deadline.ts';
import { measureRunningTime } from '../../time/running-time.ts';
import { PROBE_LIMIT_MS } from '../../time/step-clock.ts';
import { findText, type TextSearch } from './find-text.ts';

/** At most 8 probes at once, of all applications: so many bodies are held. */
const turns = createGate();
/** Origins of the proxies that have let a probe through: what they answer now is the application's failure. */
const provenProxies = new Set<string | null>();

/** What one probe showed. */
export interface ProbeResult {
  /** Unknown: it says nothing about the application. */
  readonly verdict: 'good' | 'bad' | 'unknown';
  /** A phrase, such as `503 from https://…`. */
  readonly phrase: Sentence;
  /** Why it is not good; null for a good one. */
  readonly trouble: Trouble | null;
  /** Whether it proves that the application itself is bad. */
  readonly isProof: boolean;
}

/** Why a result is not good, as far as it can be told. */
export type Trouble =
  /** Its answer, or that it sends none. */
  | 'application'
  | 'text'
  | 'redirect'
  | 'login'
  | 'path'
  | 'certificate'
  | 'name'
  /** An answer that may be from before the deployment. */
  | 'cache'
  /** The application, or a proxy on the way to it. */
  | 'connection'
  /** The runner's own proxy: unknown. */
  | 'proxy'
  /** The process, which could not receive an answer: unknown. */
  | 'stopped';

/** Asks for one application's health. */
export interface HealthProbe {
  /** What is asked, as messages show it. */
  readonly where: Sentence;
  /** Whether it goes through a proxy that has let no probe through yet. */
  isProxyUnproven(): boolean;
  /**
   * Probes once, when its turn has come, which is when `onTurn` is called.
   * @throws Interrupted when `signal` aborts.
   */
  probe(signal: AbortSignal, onTurn?: () => void): Promise<ProbeResult>;
}

/**
 * Probes by a GET on a connection of its own. Good is 2xx with `text` (null: any, and the body is not read)
 * in the body; a redirect is not followed.
 * @param of.liveSinceMs when the deployment was seen live (`performance.now()`): what a cache has had for
 *   longer is not good; null: for however long.
 */
export function createHealthProbe(
  of: { url: string; text: string | null; liveSinceMs: number | null },
  transport: SendRequest,
): HealthProbe {
  const { url, text, liveSinceMs } = of;
  const where = shownAddress(url);
  const proxy = proxyFor(url);
  const isProxyUnproven = () => proxy !== null && !provenProxies.has(proxy);
  /** What it answers to a forwarded request may be its own. */
  const isForwarded = proxy !== null && new URL(url).protocol === 'http:';
  let isSlow = false;

  async function request(signal: AbortSignal): Promise<ProbeResult> {
    let search: TextSearch = 'missing';
    const { status, headers, answeredAtMs } = await transport({
      method: 'GET',
      url,
      headers: { 'user-agent': 'nodion-deploy', accept: '*/*', 'cache-control': 'no-cache' },
      signal,
      timeoutMs: PROBE_LIMIT_MS,
      takeBody: async (chunks, head) => {
        if (!isForwarded || !isGatewayError(head)) provenProxies.add(proxy);
        if (text === null || head.status < 200 || head.status > 299) return;
        search = await findText(chunks, text, head.headers['content-type'] ?? '');
      },
      ownConnection: true,
    });
    const assessed = assess({ status, headers }, search);
    const isProxys =
      /^40[134]$/.test(`${status}`) || (isGatewayError({ status }) && isProxyUnproven());
    const result = isForwarded && isProxys ? { ...assessed, isProof: false } : assessed;
    // Whole seconds, rounded down; 0 is also what a cache says of what it has just fetched.
    const age = Number.parseInt(headers.age ?? '', 10) || 0;
    const liveForMs = liveSinceMs === null ? Number.POSITIVE_INFINITY : answeredAtMs - liveSinceMs;
    if (age <= 0 || (age + 1) * 1_000 <= liveForMs) return result;
    const phrase = sentence`${result.phrase}, which a cache has had for ${age} s: it may be from before the deployment went live`;
    const isAddress = /^(?:redirect|login|path)$/.test(result.trouble ?? '');
    return { ...bad(phrase, 'cache'), ...(isAddress && { trouble: result.trouble }) };
  }

  function assess({ status, headers }: AnswerHead, search: TextSearch): ProbeResult {
    const said = sentence`${status} from ${where}`;
    if (status >= 200 && status <= 299) {
      const part = search === 'beyond' && sentence` in its first MiB`;
      return text === null || search === 'found'
        ? { verdict: 'good', phrase: said, trouble: null, isProof: false }
        : bad(sentence`${said} without "${text}"${part}`, 'text');
    }
    if (status < 300 || status > 399 || status === 304) {
      return bad(said, TROUBLE_BY_STATUS[status] ?? 'application');
    }
    const { location = '' } = headers;
    const target =
      location && URL.canParse(location, url)
        ? shownAddress(new URL(location, url).href)
        : sentence`nowhere`;
    return bad(sentence`${said}, a redirect to ${target}`, 'redirect');
  }

  async function probe(signal: AbortSignal): Promise<ProbeResult> {
    const time = measureRunningTime();
    try {
      isSlow = false;
      return await request(signal);
    } catch (error) {
      if (signal.aborted) throw new Interrupted(signal.reason);
      if (!(error instanceof HttpError)) throw error;
      isSlow = error.code === 'TIMEOUT';
      const trouble = time.wasStopped() ? 'stopped' : troubleOf(error);
      const phrase = withoutAnswer(error, where);
      return trouble === 'stopped'
        ? bad(sentence`${phrase}, while the runner stood still`, trouble)
        : bad(phrase, trouble);
    } finally {
      time.end();
    }
  }

  return {
    where,
    isProxyUnproven,
    probe: (signal, onTurn = () => {}) =>
      turns.pass({ lane: 'normal', isSlow, signal }, () => {
        onTurn();
        return probe(signal);
      }),
  };
}

function bad(phrase: Sentence, trouble: Trouble): ProbeResult {
  const isUnknown = trouble === 'proxy' || trouble === 'stopped';
  const isProof = !isUnknown && trouble !== 'cache' && trouble !== 'connection';
  return { verdict: isUnknown ? 'unknown' : 'bad', phrase, trouble, isProof };
}

const TROUBLE_BY_STATUS: Readonly<Record<number, Trouble>> = {
  401: 'login',
  403: 'login',
  404: 'path',
};

function isGatewayError({ status }: Pick<AnswerHead, 'status'>): boolean {
  return status >= 502 && status <= 504;
}

/** Origin of the proxy on the way there; null for none, or for one that no probe gets to. */
function proxyFor(url: string): string | null {
  try {
    return findProxy(new URL(url))?.url.origin ?? null;
  } catch {
    return null;
  }
}

function troubleOf(error: HttpError): Trouble {
  const { code, proxy } = error;
  const isName = /^(?:ENOTFOUND|EAI_AGAIN)$/.test(code);
  if (/^PROXY_(?:REFUSED|UNUSABLE|FAILED)$/.test(code)) return 'proxy';
  if (proxy === null) {
    if (isName) return 'name';
    return isCertificateProblem(error) ? 'certificate' : 'application';
  }
  if (isName || /^(?:ECONNREFUSED|EHOSTUNREACH|ENETUNREACH)$/.test(code)) return 'proxy';
  const isProven = provenProxies.has(proxy);
  const isProxysCertificate = proxy.startsWith('https:') && !isProven;
  if (isCertificateProblem(error) && !isProxysCertificate) return 'certificate';
  if (!isProven) return 'proxy';
  return /^(?:PROXY_GATEWAY|TIMEOUT)$/.test(code) ? 'application' : 'connection';
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
