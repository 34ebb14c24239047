import { CliError, ExitCode } from './exit-codes.ts';
import { harmless } from './terminal.ts';

/** What `POST /exchange` answers (openapi.yaml) when the caller sent its own nkey. */
export interface ExchangeAnswer {
  readonly jwt: string;
  readonly role: string;
  readonly account: string;
  readonly expires_at: number;
  readonly servers: readonly string[];
}

export interface ExchangeAsk {
  readonly nkey: string;
  readonly role?: string;
  readonly ttl?: number;
}

/** @throws CliError with what the service said, or why it could not be asked. */
export async function postExchange(
  url: string,
  token: string,
  ask: ExchangeAsk,
): Promise<ExchangeAnswer> {
  const response = await post(url, token, ask);
  const body = (await response.json().catch(() => undefined)) as
    | (ExchangeAnswer & { detail?: string; code?: string; request_id?: string })
    | undefined;
  if (response.ok && typeof body?.jwt === 'string') return body;
  const said = body?.detail ?? `it answered ${response.status}`;
  const trace = body?.request_id === undefined ? '' : ` (request ${body.request_id})`;
  throw new CliError(
    response.status >= 500 || response.status === 429 ? ExitCode.unavailable : ExitCode.denied,
    harmless(`${body?.code ?? 'no credential'}: ${said}${trace}`),
  );
}

async function post(url: string, token: string, ask: ExchangeAsk): Promise<Response> {
  try {
    return await fetch(new URL('exchange', url.endsWith('/') ? url : `${url}/`), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(ask),
      redirect: 'error',
      signal: AbortSignal.timeout(15_000),
    });
  } catch (cause) {
    throw new CliError(ExitCode.unavailable, `cannot reach ${harmless(url)}: ${why(cause)}`, {
      cause,
    });
  }
}

function why(cause: unknown): string {
  const { cause: inner, message } = cause as Error;
  return inner instanceof Error ? inner.message : message;
}
