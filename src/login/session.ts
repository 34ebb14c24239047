import type { Identity } from '../identity/identity.ts';

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
