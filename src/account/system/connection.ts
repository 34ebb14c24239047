import {
  type ConnectionChange,
  connectionProblem as problemOfConnection,
  type LastingConnection,
  openLastingConnection,
} from '../../connection/lasting-connection.ts';
import type { NatsLogin } from '../../connection/nats-login.ts';
import { INBOX_PREFIX } from './permissions.ts';

export interface SystemConnectionOptions {
  /** NATS URLs. */
  readonly servers: readonly string[];
  /** How a user of the system account logs in. */
  readonly login: NatsLogin;
  /** Told of each change, never of the same twice in a row. Must not throw. */
  readonly report?: (change: ConnectionChange) => void;
}

/** A connection of a system account user that is never given up. */
export type SystemConnection = LastingConnection;

/** Who connects, in sentences for the operator. */
export const SYSTEM_USER = 'the system account user';

/**
 * Connects, now or whenever NATS is there, and connects again for ever. Throws at once when the
 * creds can't be read or are none.
 */
export function openSystemConnection(options: SystemConnectionOptions): SystemConnection {
  return openLastingConnection({ ...options, user: SYSTEM_USER, inboxPrefix: INBOX_PREFIX });
}

/** Why no server lets the system account user in; undefined where one does. */
export function connectionProblem(
  options: Pick<SystemConnectionOptions, 'servers' | 'login'>,
  timeoutMilliseconds: number,
): Promise<string | undefined> {
  return problemOfConnection({ ...options, user: SYSTEM_USER }, timeoutMilliseconds);
}
