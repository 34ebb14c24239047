import type { Identity } from '../identity/identity.ts';
import type { Refusal } from '../errors.ts';

/** A remembered login: the person need not sign in again until it ends. */
export interface Session {
  /** Random, the same in every copy of the session; not secret. */
  readonly id: string;
  /** Id of the browser's session from which a program got this one: both end together. */
  readonly parent?: string;
  /** From the ID token at the login; `issuedAt` is not after `startedAt`. */
  readonly identity: Identity;
  /** Secret; for RP-initiated logout (`id_token_hint`). */
  readonly idToken: string;
  /** Unix seconds. */
  readonly startedAt: number;
  /** Unix seconds. */
  readonly endsAt: number;
}

/** The caller, for the record. */
export interface Caller {
  readonly requestId: string;
  readonly address: string;
  /** The part of the address by which limits count; absent if the whole address. */
  readonly network?: string;
}

/** Seals sessions for cookies and for handovers that wait. */
export interface SessionKeeper {
  seal(session: Session): Promise<string>;
  /**
   * Opens a session that we sealed, that has not expired or ended (nor has its parent), whose issuer and
   * client are still configured under its name, and whose identity is not revoked.
   */
  open(sealed: string): Promise<Session | Refusal>;
  /** From now on no copy of it opens on any replica, nor any session that programs got from it. A refusal if that cannot be stored. */
  end(session: Pick<Session, 'id' | 'endsAt'>): Promise<Refusal | undefined>;
}
