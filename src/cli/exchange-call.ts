import { callService, notOurs } from './service-call.ts';

/** What `POST /exchange` answers (openapi.yaml) when the caller sent its own nkey. */
export interface ExchangeAnswer {
  readonly jwt: string;
  readonly role: string;
  readonly account: string;
  /** Unix seconds. */
  readonly expires_at: number;
  readonly expires_in: number;
  /** Only when the credential ends sooner than was asked. */
  readonly ttl_capped_by?: string;
  /** Only while a change of the role is not in force yet: seconds until it should be. */
  readonly new_permissions_in?: number;
  readonly servers: readonly string[];
  /** Only when the client must use it to get answers to its requests. */
  readonly inbox_prefix?: string;
}

export interface ExchangeAsk {
  readonly nkey: string;
  readonly role?: string;
  readonly ttl?: number;
}

const WHEN_REUSED =
  'With --wait, the token is sent again: give --token-file, a file that holds a new token each time it is read.';
const WHEN_DENIED = 'nats-sts explain, run beside its configuration, shows why.';

/** `again`: it was asked before with the same options. @throws CliError with what the service said, or why it could not be asked. */
export async function postExchange(
  url: URL,
  token: string,
  ask: ExchangeAsk,
  { again = false } = {},
): Promise<ExchangeAnswer> {
  const { status, said } = await callService({
    url,
    method: 'POST',
    token,
    body: ask,
    whenDenied: WHEN_DENIED,
    ...(again && { whenReused: WHEN_REUSED }),
  });
  const answer = (said ?? {}) as Partial<ExchangeAnswer>;
  if (isAnswer(answer)) return answer;
  throw notOurs(url, status);
}

function isAnswer(said: Partial<ExchangeAnswer>): said is ExchangeAnswer {
  return (
    typeof said.jwt === 'string' &&
    /^[\w-]+\.[\w-]+\.[\w-]+$/.test(said.jwt) &&
    typeof said.role === 'string' &&
    typeof said.expires_at === 'number' &&
    typeof said.expires_in === 'number' &&
    Array.isArray(said.servers) &&
    ['undefined', 'number'].includes(typeof said.new_permissions_in) &&
    ['undefined', 'string'].includes(typeof said.inbox_prefix)
  );
}
