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
  /** Our hint after a denial (403). */
  readonly whenDenied: string;
  /** Our hint after the refusal of a single-use token that was used before. */
  readonly whenReused?: string;
}

export interface ServiceAnswer {
  readonly status: number;
  /** The JSON of the answer, not validated yet; undefined if it has none. */
  readonly said: unknown;
}

/** Members of a problem document (RFC 9457) that are shown. */
interface Problem {
  readonly detail?: string;
  readonly code?: string;
  readonly reason?: string;
  readonly request_id?: string;
}

/** The service refused the request. */
export class ServiceRefusal extends CliError {
  /** Seconds until it wants to be asked again; undefined if it does not say. */
  readonly retryAfterSeconds: number | undefined;
  /** The stable reason code. */
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

/** The service did not answer. */
export class Unreachable extends CliError {
  readonly url: URL;

  constructor(url: URL, cause: unknown) {
    super(ExitCode.unavailable, `cannot reach ${url.href}: ${why(cause)}`, { cause });
    this.url = url;
  }
}

const PATIENCE_MILLISECONDS = 15_000;

/** Larger than any answer of nats-sts; the rest is not read. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/**
 * Sends the request and returns the answer if it succeeded (2xx).
 *
 * @throws ServiceRefusal if the service refused; CliError if it cannot be reached.
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

/** The JSON of an answer; undefined if it has none, or is larger than `maxBytes`. */
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

/** Something answered, but not a nats-sts of a version that we know. */
export function notOurs(url: URL, status: number): CliError {
  return new CliError(
    ExitCode.failed,
    `${url.href} answered ${status}, but not as nats-sts does: check the URL`,
  );
}

function refused(
  { url, whenDenied, whenReused }: ServiceRequest,
  { status, headers }: Response,
  { code, reason, detail, request_id }: Problem,
): CliError {
  if (typeof code !== 'string') return notOurs(url, status);
  const wait = retryAfterSeconds(headers);
  const words = `${code}: ${detail}${refusalFacts(wait, request_id)}`;
  const help = status === 403 ? whenDenied : reason === 'token_reused' ? whenReused : undefined;
  // Only our own hint starts a new line; line breaks from the service are escaped.
  const hint = help === undefined ? '' : `\n${help}`;
  return new ServiceRefusal(exitCode(status), harmless(words) + hint, {
    retryAfterSeconds: wait,
    reason,
  });
}

/** ` (retry after 7 s, request ID)`, what is known of it. The service's message says neither. */
export function refusalFacts(wait: number | undefined, requestId: unknown): string {
  const facts = [
    ...(wait === undefined ? [] : [`retry after ${wait} s`]),
    ...(typeof requestId === 'string' ? [`request ${requestId}`] : []),
  ];
  return facts.length === 0 ? '' : ` (${facts.join(', ')})`;
}

/** Undefined if the answer does not say, or not in seconds. */
export function retryAfterSeconds(headers: Headers): number | undefined {
  const wait = headers.get('retry-after') ?? '';
  return /^\d{1,6}$/.test(wait) ? Number(wait) : undefined;
}

function exitCode(status: number): ExitCode {
  if (status === 401 || status === 403) return ExitCode.denied;
  return status >= 500 || status === 429 ? ExitCode.unavailable : ExitCode.failed;
}

/** @throws Unreachable if there was no answer. */
export async function send(
  url: URL,
  request: Pick<RequestInit, 'method' | 'headers' | 'body'>,
): Promise<Response> {
  try {
    return await fetch(url, {
      ...request,
      // A secret is only for the service that the user named, not for a redirect.
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
