import type { AuditedClient, Door } from './audit/event.ts';
import type { Credential } from './credential/credential.ts';
import type { Refusal } from './errors.ts';
import type { Claims, Identity } from './identity/identity.ts';
import type { DpopProof } from './identity/verify.ts';
import type { PendingKey } from './keyring/key-ring.ts';
import type { UserPublicKey } from './nats/nkeys.ts';
import type { IntendedConnection } from './policy/connection.ts';
import type { Ask, Grant } from './policy/policy.ts';

/** Who wants a credential. */
export type Subject =
  | {
      readonly token: string;
      /** DPoP proof sent with it (RFC 9449), for tokens bound to a key. */
      readonly proof?: DpopProof | undefined;
    }
  /** From a session: its ID token was verified at the login, and the session is sealed. */
  | { readonly identity: Identity };

/** What a door passes on: the subject, what the caller asks for, and where the request came from. */
export interface ExchangeRequest {
  readonly door: Door;
  readonly requestId: string;
  readonly address: string;
  readonly subject: Subject;
  /** Who acts for the subject (RFC 8693 §2.1, delegation). */
  readonly actorToken?: string | undefined;
  readonly ask: Ask;
  /** The caller's own public user nkey; if set, no seed is created. */
  readonly userPublicKey?: UserPublicKey | undefined;
  /** The client that the NATS server asks about; only at the door `callout`, for the record. */
  readonly client?: AuditedClient | undefined;
  /** The same client, as far as the server vouches for it. */
  readonly connection?: ClientConnection | undefined;
  /** Whether anyone still waits for the answer; asked before anything is recorded. Absent: yes. */
  readonly isAwaited?: (() => boolean) | undefined;
  /** The door's rate limit by identity, checked once the identity is known. */
  readonly admit?: (identity: Identity) => Refusal | undefined | Promise<Refusal | undefined>;
}

/** The connection that a credential is for, where the NATS server tells it. */
export interface ClientConnection extends IntendedConnection {
  /** `client` in conditions. */
  readonly claims: Claims;
}

/** What a door gives back. */
export interface Issued {
  readonly identity: Identity;
  readonly actor: Identity | undefined;
  readonly grant: Grant;
  readonly credential: Credential;
  /** Set when the credential has the old permissions, from before the role's last change: how long that lasts. */
  readonly pending?: PendingKey | undefined;
}
