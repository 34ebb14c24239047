import type { AccountView } from './view.ts';

/** The servers' answer to a push. A 200 proves only that this server stored it. */
export interface PushReply {
  readonly server: string;
  readonly code: number;
  readonly message: string;
}

/**
 * The NATS servers, seen as holders of account JWTs.
 *
 * Calls may be made concurrently. Both throw `ResolverUnreachable` when no server answers in time;
 * a push may then have been stored or not.
 */
export interface AccountResolver {
  /** What every server holds now. Takes as long as the slowest answer, 2 s at most. */
  look(account: string): Promise<AccountView>;
  /** Sends an account JWT to all servers. Last writer wins: there is no compare-and-swap. */
  push(jwt: string): Promise<readonly PushReply[]>;
}

/** No server of the system account answers. */
export class ResolverUnreachable extends Error {
  override readonly name = 'ResolverUnreachable';
}
