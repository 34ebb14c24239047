/** A credential that was issued, as far as revoking it needs. */
export interface IssuedCredential {
  /** Public user nkey, `U…`. */
  readonly user: string;
  /** Account name. */
  readonly account: string;
  readonly role: string;
  readonly binding: string;
  readonly issuerName: string;
  readonly subject: string;
  readonly actor?: { readonly issuerName: string; readonly subject: string };
  /** The key that signed, `A…`. */
  readonly signingKey: string;
  /** `iat` of the subject token, Unix seconds. */
  readonly tokenIssuedAt: number;
  /** Unix seconds. */
  readonly issuedAt: number;
  /** Unix seconds. */
  readonly expiresAt: number;
}

/** Exact values; all that are given must be equal. */
export interface LedgerFilter {
  readonly issuerName?: string;
  readonly subject?: string;
  readonly role?: string;
  readonly binding?: string;
  readonly account?: string;
  readonly user?: string;
  readonly signingKey?: string;
  /** Recorded at or after this moment, milliseconds since the Unix epoch. */
  readonly recordedSince?: number;
}

/**
 * Which credentials are alive. Holds every credential that a process with a reachable store has
 * signed; what a replica signed while it was cut off comes as soon as it is back.
 */
export interface CredentialLedger {
  /** Those that have not expired, oldest first. Reads in portions; what is issued meanwhile may be missing. */
  alive(filter: LedgerFilter): AsyncIterable<IssuedCredential>;
}
