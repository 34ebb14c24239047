import { setTimeout as sleep } from 'node:timers/promises';
import { durationText } from '../config/schema/scalars.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { callService, notOurs, ServiceRefusal } from './service-call.ts';
import { harmless, type Terminal } from './terminal.ts';

/** What `POST /exchange` answers (openapi.yaml) when the caller sent its own nkey. */
export interface ExchangeAnswer {
  readonly jwt: string;
  readonly role: string;
  readonly account: string;
  /** Unix seconds. */
  readonly expires_at: number;
  readonly expires_in: number;
  /** Present if the credential ends sooner than requested. */
  readonly ttl_capped_by?: string;
  /** Present while a change of the role is not in force yet: seconds until it should be. */
  readonly new_permissions_in?: number;
  readonly servers: readonly string[];
  /** Present if the client must use it to get replies to its requests. */
  readonly inbox_prefix?: string;
}

export interface ExchangeAsk {
  readonly nkey: string;
  readonly role?: string;
  readonly ttl?: number;
}

const WHEN_REUSED =
  '--wait sends the token again. Use --token-file with a file that gets a new token each time.';
const WHEN_DENIED = 'To see why, run nats-sts explain with the configuration of the service.';

/** `again`: repeats an earlier call. @throws CliError with the refusal, or why the service cannot be reached. */
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

/** How time passes, in milliseconds. */
interface Pace {
  now(): number;
  sleep(milliseconds: number): Promise<unknown>;
}

const REAL_PACE: Pace = {
  now: () => performance.now(),
  sleep: (milliseconds) => sleep(milliseconds),
};

/** Reasons that pass once the role's key signs. */
const WAITED_FOR = new Set(['signing_key_pending', 'signing_key_unavailable']);
/** For a service that cannot say when: asked more often than its Retry-After. */
const LONGEST_PAUSE_SECONDS = 5;
const SHORTEST_PAUSE_SECONDS = 1;

/**
 * Repeats the exchange, as often as the service allows, until the role's own key signs with the
 * role's current permissions. A single-use token gives the credential of its one exchange.
 *
 * @throws CliError when that takes longer than `timeoutSeconds`, or the service refuses for another reason.
 */
export async function exchangeUntilCurrent(
  exchange: () => Promise<ExchangeAnswer>,
  { timeoutSeconds, pace = REAL_PACE }: { readonly timeoutSeconds: number; readonly pace?: Pace },
): Promise<ExchangeAnswer> {
  const deadline = pace.now() + timeoutSeconds * 1000;
  let outdated: ExchangeAnswer | undefined;
  for (;;) {
    const attempted = await attempt(exchange, outdated);
    if ('done' in attempted) return attempted.done;
    const { why, seconds } = attempted;
    ({ outdated } = attempted);
    const left = deadline - pace.now();
    if (left <= 0) throw gaveUp(timeoutSeconds, why);
    await pace.sleep(Math.min(Math.max(seconds, SHORTEST_PAUSE_SECONDS) * 1000, left));
  }
}

type Attempt =
  | { readonly done: ExchangeAnswer }
  | {
      readonly why: string;
      readonly seconds: number;
      /** A credential with the old permissions. */
      readonly outdated: ExchangeAnswer | undefined;
    };

/** `outdated`: from the previous attempt. */
async function attempt(
  exchange: () => Promise<ExchangeAnswer>,
  outdated: ExchangeAnswer | undefined,
): Promise<Attempt> {
  try {
    const answer = await exchange();
    const { new_permissions_in: seconds, role } = answer;
    if (seconds === undefined) return { done: answer };
    return {
      why: `role ${role} still has the old permissions`,
      seconds,
      outdated: answer,
    };
  } catch (error) {
    if (!(error instanceof ServiceRefusal)) throw error;
    if (error.reason === 'token_reused' && outdated) return { done: outdated };
    if (!WAITED_FOR.has(error.reason ?? '')) throw error;
    const { message: why, reason, retryAfterSeconds = LONGEST_PAUSE_SECONDS } = error;
    const pending = reason === 'signing_key_pending';
    const seconds = pending
      ? retryAfterSeconds
      : Math.min(retryAfterSeconds, LONGEST_PAUSE_SECONDS);
    return { why, seconds, outdated };
  }
}

function gaveUp(timeoutSeconds: number, why: string): CliError {
  return new CliError(
    ExitCode.unavailable,
    `gave up after ${durationText(timeoutSeconds)}: ${harmless(why)}\n` +
      'To see what the key waits for, run nats-sts keys list.',
  );
}

/** Warns on stderr while a change of the role is not in force yet. */
export function tellIfOutdated(
  terminal: Terminal,
  answer: { readonly role: string; readonly new_permissions_in?: number | undefined },
  hint: string,
): void {
  const { role, new_permissions_in: seconds } = answer;
  if (seconds === undefined) return;
  terminal.err(
    harmless(
      `nats-sts: role ${role} was changed, and this credential still has the old permissions; in about ${durationText(seconds)}, ${hint}`,
    ) + '\n',
  );
}
