import type { Identity } from '../identity/identity.ts';
import type { SigningKey } from '../keyring/key-ring.ts';
import type { UserPublicKey } from '../nats/nkeys.ts';
import type { Grant } from '../policy/policy.ts';

/** A NATS credential: the user JWT, and the user's seed unless the caller kept its own. */
export interface Credential {
  readonly jwt: string;
  /** `SU…`. Secret. */
  readonly seed: string | undefined;
  /** Both as a `.creds` file. Secret. */
  readonly creds: string | undefined;
  /** The user: `sub` of the JWT, `U…`. */
  readonly userPublicKey: UserPublicKey;
  /** The account's identity, `A…`. */
  readonly account: string;
  /** The key that signed, `A…`. */
  readonly signingKey: string;
  /** Unix seconds. */
  readonly issuedAt: number;
  /** Unix seconds. */
  readonly expiresAt: number;
}

/** Everything that a credential says, decided beforehand. */
export interface CredentialRequest {
  readonly identity: Identity;
  readonly actor?: Identity | undefined;
  readonly grant: Grant;
  readonly signingKey: SigningKey;
  /** The caller's own public user nkey; without it a pair is made. */
  readonly userPublicKey?: UserPublicKey | undefined;
  /** Unix seconds. */
  readonly issuedAt: number;
  /** Unix seconds. */
  readonly expiresAt: number;
}
