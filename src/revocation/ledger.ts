/** An identity by name: of the subject, or of who acted for it. */
export interface Party {
  readonly issuerName: string;
  readonly subject: string;
}

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
  readonly actor?: Party;
  /** The one that let the actor take the role. */
  readonly actorBinding?: string;
  /** The key that signed, `A…`. */
  readonly signingKey: string;
  /** Of an auth callout: the server (`N…`) and the number of the connection there that it let in. */
  readonly connection?: { readonly server: string; readonly id: number };
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
  /** Whose credential it is, or who acted for them. */
  readonly party?: Party;
  readonly role?: string;
  /** Of the subject, or of who acted for it. */
  readonly binding?: string;
  readonly account?: string;
  readonly user?: string;
  readonly signingKey?: string;
  /** Recorded after this. A position of a store that was made anew since means everything. */
  readonly after?: LedgerPosition;
}

/** A place in the order in which records became visible; equal texts are the same place, else opaque. */
export type LedgerPosition = string;

/**
 * Which credentials are alive. Holds every credential that a process with a reachable store has
 * signed; what a replica signed while disconnected arrives as soon as it reconnects.
 *
 * Both throw when the store can't be read.
 */
export interface CredentialLedger {
  /**
   * Those that have not expired, in the order they were recorded. Reads in portions, between which
   * others get their turn; what is issued meanwhile may be missing.
   */
  alive(filter: LedgerFilter): AsyncIterable<IssuedCredential>;
  /**
   * The position of the newest record. Nothing becomes visible before it later on: who reads what
   * came after it has missed nothing, and looks at nothing twice.
   */
  latest(): Promise<LedgerPosition>;
}
