/** What one server holds for an account. */
export type ServerView = {
  /** Public server nkey, `N…`. */
  readonly id: string;
  readonly name: string;
} & (
  | {
      readonly state: 'applied';
      readonly jwt: string;
      /** It refuses all users of the account: the JWT expired, or the account was deleted. */
      readonly expired?: boolean;
    }
  /** It has not loaded the account: it will load what is stored. */
  | { readonly state: 'not-loaded' }
  /** Another server has a route to it, or it was there a moment ago; it does not answer. */
  | { readonly state: 'silent' }
);

/** What all servers hold for an account. JWTs are as they came: nothing is verified. */
export interface AccountView {
  /** Every server that is known to be there. Never empty. */
  readonly servers: readonly ServerView[];
  /** What the servers' stores hold: one of each server with a store, which doesn't say its name. */
  readonly stored: readonly string[];
  /** Number of stores that answered that they have none; default 0. */
  readonly emptyStores?: number;
}

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
