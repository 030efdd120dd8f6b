/** The variables that name a proxy, as they stand in messages. */
export const PROXY_VARIABLES = 'HTTPS_PROXY, HTTP_PROXY or ALL_PROXY';

/**
 * A request without a whole answer. The message is a phrase such as `no answer (ECONNRESET)`, which
 * names the proxy where there is one, and nothing that was sent or received.
 */
export class HttpError extends Error {
  /**
   * Node's code (`ECONNRESET`, `ENOTFOUND`, `CERT_HAS_EXPIRED`, `HPE_INVALID_CONSTANT`, …), or `TIMEOUT`,
   * `TOO_LARGE`, `CUT_OFF`, `BAD_ENCODING`, `PROXY_REFUSED` (a 4xx that would come again), `PROXY_GATEWAY`
   * (502 to 504: it got no answer from the host), `PROXY_FAILED`, `PROXY_SCHEME`, `PROXY_UNUSABLE`.
   */
  readonly code: string;
  /** Of the request's URL, with the port unless it is the scheme's own. */
  readonly host: string;
  /** Origin of the proxy that the request went to; null for none. */
  readonly proxy: string | null;
  /**
   * Whether the request would only fail again: a certificate that isn't accepted, a proxy that can't be
   * used, or one that refuses and has let nothing through before.
   */
  readonly isFinal: boolean;
  /** The status of an answer whose body could not be read; null where no headers came. */
  readonly status: number | null;
  /** Whether it may have been sent; false where there never was a connection to the host that could carry it. */
  readonly wasSent: boolean;

  constructor(
    message: string,
    details: {
      code: string;
      host: string;
      proxy: string | null;
      isFinal: boolean;
      status?: number | null;
      wasSent: boolean;
    },
  ) {
    super(message);
    this.name = 'HttpError';
    this.code = details.code;
    this.host = details.host;
    this.proxy = details.proxy;
    this.isFinal = details.isFinal;
    this.status = details.status ?? null;
    this.wasSent = details.wasSent;
  }
}

const CONNECT_PROBLEMS: Readonly<Record<string, string>> = {
  ENOTFOUND: "the name can't be resolved",
  EAI_AGAIN: "the name can't be resolved",
  ECONNREFUSED: 'the connection was refused',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
};

/** Whether a server's certificate was not accepted. */
export function isCertificateProblem({
  code = '',
}: {
  readonly code?: string | undefined;
}): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_/.test(code);
}

/** Why there is no connection to the host, such as `the connection was refused (ECONNREFUSED)`; null where that is not why. */
export function connectProblem(error: HttpError): string | null {
  if (error.proxy !== null) return null;
  const problem = isCertificateProblem(error)
    ? 'its certificate is not accepted'
    : CONNECT_PROBLEMS[error.code];
  return problem ? `${problem} (${error.code})` : null;
}

/** What went wrong, in our own phrase and code: becomes an {@link HttpError} by {@link toHttpError}. */
export class TransportProblem extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Tells of `error`, a {@link TransportProblem} or Node's own, what it means for a request. */
export function toHttpError(
  error: unknown,
  request: {
    readonly host: string;
    readonly proxy: string | null;
    /** Whether the proxy has let a request through before. */
    readonly isProxyProven: boolean;
    /** The answer's status; null where its headers were not there. */
    readonly status: number | null;
    readonly wasSent: boolean;
  },
): HttpError {
  const { host, proxy, isProxyProven, status, wasSent } = request;
  const { code, message } =
    error instanceof TransportProblem
      ? error
      : describe(error as NodeJS.ErrnoException, status !== null);
  const isRefusal =
    proxy !== null &&
    /^(?:PROXY_REFUSED|PROXY_SCHEME|ECONNREFUSED|ENOTFOUND)$/.test(code) &&
    !isProxyProven;
  return new HttpError(
    proxy === null
      ? message
      : `the request through the proxy ${proxy} (from ${PROXY_VARIABLES}) failed: ${message}`,
    { code, host, proxy, status, isFinal: isRefusal || isCertificateProblem({ code }), wasSent },
  );
}

function describe(
  { code = 'UNKNOWN' }: NodeJS.ErrnoException,
  hasAnswerBegun: boolean,
): TransportProblem {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new TransportProblem(code, `the answer's headers are too large (${code})`);
  if (code.startsWith('HPE_'))
    return new TransportProblem(code, `the answer is not valid HTTP (${code})`);
  if (hasAnswerBegun) return new TransportProblem('CUT_OFF', 'the answer was cut off');
  const advice = /SELF_SIGNED|UNABLE_TO_/.test(code)
    ? '. The runner does not trust the certificate: name its authority in NODE_EXTRA_CA_CERTS'
    : '';
  return new TransportProblem(code, `no answer (${code})${advice}`);
}
