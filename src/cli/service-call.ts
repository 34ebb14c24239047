import { CliError, ExitCode } from './exit-codes.ts';
import { harmless } from './terminal.ts';

/** One request to a running service. */
export interface ServiceRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** The bearer token. */
  readonly token: string;
  /** Sent as JSON. */
  readonly body?: object;
  /** What may help whoever is denied (403): one line of ours. */
  readonly whenDenied: string;
  /** What may help whose token was used before and is taken only once, where that can be: the same. */
  readonly whenReused?: string;
}

export interface ServiceAnswer {
  readonly status: number;
  /** The JSON of the answer, not yet looked at; undefined when it holds none. */
  readonly said: unknown;
}

/** Members of a problem document (RFC 9457) that are shown. */
interface Problem {
  readonly detail?: string;
  readonly code?: string;
  readonly reason?: string;
  readonly request_id?: string;
}

/** The service answered, and said no. */
export class ServiceRefusal extends CliError {
  /** How long it wants to be left alone, seconds; undefined where it doesn't say. */
  readonly retryAfterSeconds: number | undefined;
  /** Its stable word for why. */
  readonly reason: string | undefined;

  constructor(
    exitCode: ExitCode,
    message: string,
    { retryAfterSeconds, reason }: Pick<ServiceRefusal, 'retryAfterSeconds' | 'reason'>,
  ) {
    super(exitCode, message);
    this.retryAfterSeconds = retryAfterSeconds;
    this.reason = reason;
  }
}

/** There was no answer. */
export class Unreachable extends CliError {
  readonly url: URL;

  constructor(url: URL, cause: unknown) {
    super(ExitCode.unavailable, `cannot reach ${url.href}: ${why(cause)}`, { cause });
    this.url = url;
  }
}

const PATIENCE_MILLISECONDS = 15_000;

/** More than any answer of nats-sts holds; what goes on beyond it is not read. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/**
 * Asks the service; answers with what it said when it agreed (2xx).
 *
 * @throws ServiceRefusal with what the service said against it; CliError when it could not be asked.
 */
export async function callService(request: ServiceRequest): Promise<ServiceAnswer> {
  const { url, method, token, body } = request;
  const response = await send(url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const said = await readJson(response, MAX_ANSWER_BYTES);
  if (response.ok) return { status: response.status, said };
  throw refused(request, response, (said as Problem | null | undefined) ?? {});
}

/** The JSON of an answer; undefined when it holds none, or is larger than that. */
export async function readJson(response: Response, maxBytes: number): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > maxBytes) return undefined;
      chunks.push(chunk);
    }
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined;
  }
}

/** Whatever answered, it was no nats-sts that we know. */
export function notOurs(url: URL, status: number): CliError {
  return new CliError(
    ExitCode.failed,
    `${url.href} answered ${status}, but not like nats-sts: is the URL right?`,
  );
}

function refused(
  { url, whenDenied, whenReused }: ServiceRequest,
  { status, headers }: Response,
  { code, reason, detail, request_id }: Problem,
): CliError {
  if (typeof code !== 'string') return notOurs(url, status);
  const wait = headers.get('retry-after');
  const words = [
    `${code}: ${detail}`,
    request_id === undefined ? '' : ` (request ${request_id})`,
    askAgain(detail, wait),
  ];
  const help = status === 403 ? whenDenied : reason === 'token_reused' ? whenReused : undefined;
  // Our own line break begins the hint; those of the service don't break a line.
  const hint = help === undefined ? '' : `\n${help}`;
  return new ServiceRefusal(exitCode(status), harmless(words.join('')) + hint, {
    retryAfterSeconds: retryAfterSeconds(headers),
    reason,
  });
}

/** When to ask again, unless the service has put that into words itself. */
export function askAgain(said: unknown, wait: number | string | null | undefined): string {
  if (wait === null || wait === undefined || String(said).includes('ask again in')) return '';
  return `; ask again in ${wait} s`;
}

/** Undefined where the answer doesn't say, or not in seconds. */
export function retryAfterSeconds(headers: Headers): number | undefined {
  const wait = headers.get('retry-after') ?? '';
  return /^\d{1,6}$/.test(wait) ? Number(wait) : undefined;
}

function exitCode(status: number): ExitCode {
  if (status === 401 || status === 403) return ExitCode.denied;
  return status >= 500 || status === 429 ? ExitCode.unavailable : ExitCode.failed;
}

/** @throws Unreachable when there was no answer. */
export async function send(
  url: URL,
  request: Pick<RequestInit, 'method' | 'headers' | 'body'>,
): Promise<Response> {
  try {
    return await fetch(url, {
      ...request,
      // A secret is for the service that was named, not for where that points.
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE_MILLISECONDS),
    });
  } catch (cause) {
    throw new Unreachable(url, cause);
  }
}

function why(cause: unknown): string {
  const { cause: inner, message } = cause as Error;
  return harmless(inner instanceof Error && inner.message !== '' ? inner.message : message);
}
