/** An account signing key that nats-sts can sign with. */
export interface SigningKey {
  /** Public account nkey, `A…`. */
  readonly publicKey: string;
  /** The key of the account that lists this signing key, `A…`: the `issuer_account` of what it signs. */
  readonly account: string;
  /** Set when the account JWT ties this key to one role's template: users it signs carry no permissions of their own. */
  readonly scopedTo: string | undefined;
  /** Set when it carries the permissions that the role had before its last change, until its next key signs. */
  readonly outdated?: boolean;
  /** Set for an account of nats-server.conf: its name there, the `aud` of what is signed. It has no `issuer_account`. */
  readonly audience?: string;
  /** Ed25519 signature (64 bytes) over `message`. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/**
 * The signing keys of all accounts, seen from the issuing side.
 *
 * Synchronous but for the first credentials of a key: the hot path asks it for every one. A ring
 * that changes (rotation) swaps what it answers; an answer stays usable for the credential it was
 * asked for.
 */
export interface KeyRing {
  /**
   * The key that now signs a credential of this lifetime for this role, or undefined if the
   * account has none. A promise if the lifetime must first be written to the ring.
   */
  active(
    accountName: string,
    role: string,
    lifetimeSeconds: number,
  ): SigningKey | undefined | Promise<SigningKey | undefined>;
  /**
   * What a role waits for whose next key is on its way: it has none that signs, or an outdated one.
   * Undefined when it waits for none, or for what nobody can tell. Synchronous.
   */
  pending(accountName: string, role: string): PendingKey | undefined;
}

/** The key of a role that does not sign yet. */
export interface PendingKey {
  /** What signs until then. */
  readonly until: 'nothing' | 'outdated key';
  /** `waiting`: every server has it, and an older account JWT may still be on its way. */
  readonly stage: 'being made' | 'not on every server' | 'waiting';
  /** Seconds, about, at least 1: when to ask again. With an `obstacle` nobody knows whether the key signs by then. */
  readonly seconds: number;
  /** Names of servers without it, some of them where there are many; not for strangers. */
  readonly waitsFor: readonly string[];
  /** What keeps the rotator from bringing the key to the servers right now, a sentence; not for strangers. */
  readonly obstacle?: string;
}
