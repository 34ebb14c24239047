import { CliError, ExitCode } from './exit-codes.ts';
import { harmless } from './terminal.ts';

/** What `POST /exchange` answers (openapi.yaml) when the caller sent its own nkey. */
export interface ExchangeAnswer {
  readonly jwt: string;
  readonly role: string;
  readonly account: string;
  /** Unix seconds. */
  readonly expires_at: number;
  readonly expires_in: number;
  readonly servers: readonly string[];
}

export interface ExchangeAsk {
  readonly nkey: string;
  readonly role?: string;
  readonly ttl?: number;
}

interface Said extends Partial<ExchangeAnswer> {
  readonly detail?: string;
  readonly code?: string;
  readonly request_id?: string;
}

/** @throws CliError with what the service said, or why it could not be asked. */
export async function postExchange(
  url: URL,
  token: string,
  ask: ExchangeAsk,
): Promise<ExchangeAnswer> {
  const response = await post(url, token, ask);
  const said = ((await response.json().catch(() => undefined)) ?? {}) as Said;
  if (response.ok && isAnswer(said)) return said;
  throw refused(url, response, said);
}

function isAnswer(said: Said): said is ExchangeAnswer {
  return (
    typeof said.jwt === 'string' &&
    /^[\w-]+\.[\w-]+\.[\w-]+$/.test(said.jwt) &&
    typeof said.role === 'string' &&
    typeof said.expires_at === 'number' &&
    typeof said.expires_in === 'number' &&
    Array.isArray(said.servers)
  );
}

function refused(url: URL, { status, headers }: Response, said: Said): CliError {
  if (typeof said.code !== 'string') {
    return new CliError(
      ExitCode.failed,
      `${url.href} answered ${status}, but not like nats-sts: is the URL right?`,
    );
  }
  const wait = headers.get('retry-after');
  const parts = [
    `${said.code}: ${said.detail}`,
    said.request_id === undefined ? '' : ` (request ${said.request_id})`,
    wait === null ? '' : `; ask again in ${wait} s`,
    status === 403 ? '\nnats-sts explain, run beside its configuration, shows why.' : '',
  ];
  return new CliError(exitCode(status), parts.map(harmlessLines).join(''));
}

function exitCode(status: number): ExitCode {
  if (status === 401 || status === 403) return ExitCode.denied;
  return status >= 500 || status === 429 ? ExitCode.unavailable : ExitCode.failed;
}

/** Our own line breaks begin a part; those of the service don't break a line. */
function harmlessLines(part: string): string {
  return part.startsWith('\n') ? part : harmless(part);
}

async function post(url: URL, token: string, ask: ExchangeAsk): Promise<Response> {
  try {
    return await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(ask),
      // A token is for the service that was named, not for where that points.
      redirect: 'error',
      signal: AbortSignal.timeout(15_000),
    });
  } catch (cause) {
    throw new CliError(ExitCode.unavailable, `cannot reach ${url.href}: ${why(cause)}`, { cause });
  }
}

function why(cause: unknown): string {
  const { cause: inner, message } = cause as Error;
  return harmless(inner instanceof Error && inner.message !== '' ? inner.message : message);
}
