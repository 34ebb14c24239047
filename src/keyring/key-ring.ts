/** An account signing key that nats-sts can sign with. */
export interface SigningKey {
  /** Public account nkey, `A…`. */
  readonly publicKey: string;
  /** The key of the account that lists this signing key, `A…`: the `issuer_account` of what it signs. */
  readonly account: string;
  /** Set when the account JWT ties this key to one role's template: users it signs carry no permissions of their own. */
  readonly scopedTo: string | undefined;
  /** Ed25519 signature (64 bytes) over `message`. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/**
 * The signing keys of all accounts, seen from the issuing side.
 *
 * Synchronous and never blocking: the hot path asks it for every credential. A ring that changes
 * (rotation) swaps what it answers; an answer stays usable for the credential it was asked for.
 */
export interface KeyRing {
  /** The key that signs for this role now, or undefined when the account has none that may. */
  active(accountName: string, role: string): SigningKey | undefined;
}
