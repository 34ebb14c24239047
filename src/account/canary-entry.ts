import { setTimeout as wait } from 'node:timers/promises';
import {
  connect,
  type ConnectionOptions,
  errors,
  type NatsConnection,
} from '@nats-io/transport-node';

/**
 * Why a server did not let a user stay.
 *
 * - refused: it does not accept the user. Its words are the same for a key that the account does not
 *   list, and for an account that accepts no users (expired, deleted, delegated to an auth callout).
 * - account-full: it accepts the user, and the account has no connection left; `conn: 0` reads the same.
 * - no-subscriptions: it accepts the user, and closes connections of an account with `subs: 0`.
 * - closed-at-once: it closed the connection before its reason arrived, as servers without room do.
 * - account-expired, server-full, slow, unreachable: nothing is known of the user.
 */
export type Obstacle =
  | 'refused'
  | 'account-full'
  | 'account-expired'
  | 'no-subscriptions'
  | 'server-full'
  | 'closed-at-once'
  | 'slow'
  | 'unreachable';

/** What servers say before they close a connection (nats-server `errors.go`): they send no code. */
const SAID: readonly (readonly [text: string, obstacle: Obstacle])[] = [
  ['maximum account active connections exceeded', 'account-full'],
  ['maximum connections exceeded', 'server-full'],
  ['maximum subscriptions exceeded', 'no-subscriptions'],
  ['account authentication expired', 'account-expired'],
  ['authentication timeout', 'slow'],
  ['authorization violation', 'refused'],
];

/** An auth callout that nobody answers refuses after 2 s: that must not look like a server that hangs. */
const TIMEOUT_MILLISECONDS = 4000;
/** A server that closes at once may reset the connection: then what it said gets lost on the way. */
const ATTEMPTS = 5;
/** A server that allows no subscriptions says so right after it has let a user in. */
const STAY_MILLISECONDS = 50;

export interface EntryOptions extends Pick<ConnectionOptions, 'authenticator' | 'tls'> {
  /** NATS URL. */
  readonly server: string;
}

/** A connection to one server, or what is in its way. Doesn't throw for what servers do. */
export async function enter(options: EntryOptions): Promise<NatsConnection | Obstacle> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const entered = await tryOnce(options);
    if (entered !== 'closed-at-once') return entered;
  }
  return 'closed-at-once';
}

async function tryOnce({
  server,
  authenticator,
  tls,
}: EntryOptions): Promise<NatsConnection | Obstacle> {
  try {
    const connection = await connect({
      servers: server,
      ...(authenticator && { authenticator }),
      ...(tls && { tls }),
      reconnect: false,
      timeout: TIMEOUT_MILLISECONDS,
    });
    const closed = await Promise.race([connection.closed(), wait(STAY_MILLISECONDS, 'stayed')]);
    return closed === 'stayed' ? connection : obstacleOf(closed);
  } catch (error) {
    return obstacleOf(error);
  }
}

function obstacleOf(error: unknown): Obstacle {
  if (!(error instanceof Error)) return 'unreachable';
  const { code }: NodeJS.ErrnoException = error;
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'closed-at-once';
  if (error instanceof errors.TimeoutError) return 'slow';
  const message = error.message.toLowerCase();
  return SAID.find(([text]) => message.includes(text))?.[1] ?? 'unreachable';
}
