import type { Ring } from '../keyring/ring.ts';

/** What the servers were seen to hold, held against a ring. */
export interface Assessment<Claims = unknown> {
  /** Every server that is known to be there answered. */
  readonly complete: boolean;
  /** Public keys that every server surely accepts, in the form that the ring has them. */
  readonly confirmed: ReadonlySet<string>;
  /** What to publish so that the servers hold what the ring says; absent: they do, or it can't be. */
  readonly push?: { readonly claims: Claims; readonly why: PushReason };
  /** Keys that someone else's account JWT dropped. */
  readonly lost: readonly string[];
  /** What keeps the account from being published or confirmed, for people. */
  readonly problems: readonly string[];
}

/** New: the ring has changed. Server-behind: a server did not take what was pushed. Drift: someone else pushed. */
export type PushReason = 'new' | 'server-behind' | 'drift';

/** One look at the servers: any number of rings of the account can be held against it. */
export interface Look<Claims = unknown> {
  assess(ring: Ring): Assessment<Claims>;
}

/**
 * The NATS servers, as the rotator deals with them. Both throw when no server answers in time; a
 * push may then have been stored or not, which the next look tells.
 */
export interface Servers<Claims = unknown> {
  look(ring: Ring): Promise<Look<Claims>>;
  /** Signs and sends an account JWT to all servers. Answers its length in bytes. */
  push(claims: Claims): Promise<number>;
}
