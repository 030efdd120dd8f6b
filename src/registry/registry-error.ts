import { FailedRequest } from '../http/failed-request.ts';
import { connectProblem, type HttpError, isCertificateProblem } from '../http/http-error.ts';
import { retryAfterMs } from '../http/retry-after.ts';
import type { HttpResponse } from '../http/transport.ts';
import { ours, type Sentence, sentence } from '../runner/sentence.ts';

const NETWORK_ADVICE = "Check `registry`, and the runner's network and proxy.";
const CERTIFICATE_ADVICE =
  'If an authority of your own signed it, name that in NODE_EXTRA_CA_CERTS; else check `registry`.';
const LATER_ADVICE =
  'The registry, or a gateway before it, is down or busy: run the job again later.';
const NO_REGISTRY_ADVICE =
  'Check `registry`, and whether a proxy or a gateway answers in its place.';

/** A request to a registry that says nothing about the image. */
export class RegistryError extends FailedRequest {
  /** HTTP status; null when no headers came. */
  readonly status: number | null;

  constructor(
    summary: Sentence,
    details: { status: number | null; retryable: boolean; retryAfterMs?: number },
    advice: string,
  ) {
    const { status, retryable, retryAfterMs = 0 } = details;
    super('Request to a registry failed', {
      ...{ summary, retryable, retryAfterMs },
      advice: ours(advice),
    });
    this.name = 'RegistryError';
    this.status = status;
  }
}

/** The error for an answer from `host` that is none of a registry about an image, or to who asks for a token. */
export function answerError(host: string, answer: HttpResponse, url: string): RegistryError {
  const { status, headers } = answer;
  const { location = '' } = headers;
  if (status >= 300 && status <= 399 && status !== 304) {
    const target =
      location && URL.canParse(location, url)
        ? sentence`to ${new URL(location, url).origin}`
        : sentence`to nowhere`;
    return new RegistryError(
      sentence`${host} answered ${status}, a redirect ${target}, which is not followed.`,
      { status, retryable: true },
      NO_REGISTRY_ADVICE,
    );
  }
  const isPassing = status >= 500 || [408, 425, 429].includes(status);
  const kind = isHtml(answer) && sentence`, with a web page`;
  return new RegistryError(
    sentence`${host} answered ${status}${kind}.`,
    {
      status,
      retryable: isPassing || isHtml(answer),
      retryAfterMs: retryAfterMs(headers['retry-after'], answer.dateMs ?? Date.now()),
    },
    isPassing ? LATER_ADVICE : NO_REGISTRY_ADVICE,
  );
}

/** Whether it is a web page, which no registry answers with. */
export function isHtml({ headers }: Pick<HttpResponse, 'headers'>): boolean {
  return /^\s*(?:text\/html|application\/xhtml\+xml)\b/i.test(headers['content-type'] ?? '');
}

/** The error for a request to `host` without a whole answer. */
export function noAnswerError(host: string, error: HttpError): RegistryError {
  const details = { status: error.status, retryable: !error.isFinal };
  const problem = connectProblem(error);
  const summary = problem
    ? sentence`Can't reach ${host}: ${ours(problem)}.`
    : sentence`The request to ${host} failed: ${ours(error.message.replace(/\.$/, ''))}.`;
  const advice = isCertificateProblem(error) ? CERTIFICATE_ADVICE : NETWORK_ADVICE;
  return new RegistryError(summary, details, advice);
}

/** The error for a 401 that names no way to authenticate that is known here. */
export function noChallengeError(host: string): RegistryError {
  return new RegistryError(
    sentence`${host} answered 401 and names neither Bearer nor Basic authentication.`,
    { status: 401, retryable: true },
    NO_REGISTRY_ADVICE,
  );
}

/** The error for a registry that sends for its token to where nothing is sent. */
export function foreignRealmError(host: string, realm: string): RegistryError {
  const where = URL.canParse(realm) ? new URL(realm).origin : realm;
  return new RegistryError(
    sentence`${host} sends for a token to ${where}: nothing was sent there.`,
    { status: 401, retryable: false },
    'A token is asked for at the whole address of the registry itself, or over https at a name that shares its last two labels with it (three under suffixes such as co.uk), and at no address that holds credentials. Leave `verify_image` out for it.',
  );
}

/** The error for a success without a token. */
export function noTokenError(host: string, status: number): RegistryError {
  return new RegistryError(
    sentence`${host} answered ${status}, but with no token of 16 characters or more.`,
    { status, retryable: true },
    NO_REGISTRY_ADVICE,
  );
}
