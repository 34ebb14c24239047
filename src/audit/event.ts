import type { Json } from '../identity/identity.ts';

export type Door = 'exchange' | 'token';

/** Who is behind a record. Absent fields were never verified. */
export interface AuditedIdentity {
  readonly issuerName: string;
  readonly issuer: string;
  readonly subject: string;
  /** SHA-256 of the subject token, hexadecimal. */
  readonly tokenHash: string;
}

interface Common {
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  readonly requestId: string;
  readonly door: Door;
  /** Address of the caller, after trusted proxies. */
  readonly address: string;
}

/** Recorded before the credential is signed: a signing that then fails leaves a record too many, never one too few. */
export interface IssuedEvent extends Common {
  readonly type: 'issued';
  readonly identity: AuditedIdentity;
  readonly actor?: AuditedIdentity;
  readonly binding: string;
  readonly role: string;
  readonly account: string;
  /** The user's public nkey, `U…`. */
  readonly user: string;
  /** The public signing key, `A…`. */
  readonly signingKey: string;
  /** Unix seconds. */
  readonly expiresAt: number;
  readonly claims: Readonly<Record<string, Json>>;
}

/** A verified identity that the policy (or a limit) said no to. */
export interface DeniedEvent extends Common {
  readonly type: 'denied';
  readonly identity: AuditedIdentity;
  readonly actor?: AuditedIdentity;
  /** SHA-256 of an actor token that was rejected, hexadecimal; `reason` says why. */
  readonly actorTokenHash?: string;
  /** Stable reason, see `errors.ts`. */
  readonly reason: string;
  readonly message: string;
  readonly detail?: string;
  /** The binding that came nearest. */
  readonly binding?: string;
  /** The role asked for, when one was. */
  readonly role?: string;
  readonly claims: Readonly<Record<string, Json>>;
}

/** A token that proved nothing: who sent it is not known. */
export interface RejectedEvent extends Common {
  readonly type: 'rejected';
  readonly reason: string;
  readonly message: string;
  readonly detail?: string;
  /** Present when a token was presented at all. */
  readonly tokenHash?: string;
}

export type AuditEvent = IssuedEvent | DeniedEvent | RejectedEvent;
