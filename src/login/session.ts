import type { Identity } from '../identity/identity.ts';
import type { Refusal } from '../errors.ts';

/** A login that is remembered: a person who need not sign in again until it ends. */
export interface Session {
  /** Random, the same in every copy of it; not secret. */
  readonly id: string;
  /** Id of the browser's session, where somebody in it handed this one to a program: it ends with that one. */
  readonly parent?: string;
  /** As the ID token said it at the login; `issuedAt` not after `startedAt`. */
  readonly identity: Identity;
  /** Secret; for RP-initiated logout (`id_token_hint`). */
  readonly idToken: string;
  /** Unix seconds. */
  readonly startedAt: number;
  /** Unix seconds. */
  readonly endsAt: number;
}

/** Who asks, for the record. */
export interface Caller {
  readonly requestId: string;
  readonly address: string;
  /** The part of the address that shares are counted by; absent: all of it. */
  readonly network?: string;
}

/** Sealed sessions: what a cookie holds, and what a handover waits with. */
export interface SessionKeeper {
  seal(session: Session): Promise<string>;
  /** A session that is sealed by us, not over, not ended (nor the browser's, of which a program has it), whose issuer and client people may still sign in at under its name, and whose identity is not revoked. */
  open(sealed: string): Promise<Session | Refusal>;
  /** From now on no copy of it opens, on any replica, nor what programs were handed from it. A refusal when that can't be stored. */
  end(session: Pick<Session, 'id' | 'endsAt'>): Promise<Refusal | undefined>;
}
