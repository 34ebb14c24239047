import type { Json } from '../identity/identity.ts';

/** Doors at which subject tokens become credentials. */
export type Door = 'exchange' | 'token' | 'login' | 'callout';

/** The verified identity in a record. */
export interface AuditedIdentity {
  readonly issuerName: string;
  readonly issuer: string;
  readonly subject: string;
  /** SHA-256 of the subject token, hexadecimal. */
  readonly tokenHash: string;
}

/** The connection that an auth callout was about. All but `server` and `connection` is text of the client. */
export interface AuditedClient {
  /** Name, library and version, as the client says. */
  readonly name?: string;
  readonly lang?: string;
  readonly version?: string;
  /** `client` or `leafnode`. */
  readonly kind: string;
  /** `nats`, `websocket` or `mqtt`. */
  readonly type?: string;
  readonly mqttId?: string;
  /** Name of the NATS server, and its id (`N…`). */
  readonly serverName?: string;
  readonly server: string;
  /** Number of the connection on that server. */
  readonly connection?: number;
}

interface Moment {
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
}

interface Common extends Moment {
  readonly requestId: string;
  readonly door: Door | 'admin';
  /** Address of the caller, after trusted proxies; in a callout, of the NATS client. */
  readonly address: string;
  /** Only with door `callout`. */
  readonly client?: AuditedClient;
}

/** A condition of a binding that did not hold. */
export interface FailedCondition {
  /** The claim, or `when`. */
  readonly on: string;
  /** What the binding requires. */
  readonly expected: string;
  /** Why it failed, if the values do not show it. */
  readonly note?: string;
}

/** Recorded before the credential is signed: if signing fails, there is a record too many, never one too few. */
export interface IssuedEvent extends Common {
  readonly type: 'issued';
  readonly identity: AuditedIdentity;
  readonly actor?: AuditedIdentity;
  readonly binding: string;
  /** The binding that lets the actor take the role. Absent without an actor, and in older records. */
  readonly actorBinding?: string;
  readonly role: string;
  readonly account: string;
  /** The user's public nkey, `U…`. */
  readonly user: string;
  /** The public signing key, `A…`. */
  readonly signingKey: string;
  /** `iat` of the subject token or the actor token, whichever is older. Unix seconds. */
  readonly tokenIssuedAt: number;
  /** Unix seconds. */
  readonly expiresAt: number;
  readonly claims: Readonly<Record<string, Json>>;
}

/** A verified identity that was refused, by the policy or a later check. */
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
  /** Its conditions that did not hold, the first ones. */
  readonly failed?: readonly FailedCondition[];
  /** The role asked for, when one was. */
  readonly role?: string;
  readonly claims: Readonly<Record<string, Json>>;
}

/** A token that was not accepted, so its sender is unknown. */
export interface RejectedEvent extends Common {
  readonly type: 'rejected';
  readonly reason: string;
  readonly message: string;
  readonly detail?: string;
  /** Absent if no token was sent. */
  readonly tokenHash?: string;
}

/** An administrator's request about signing keys; recorded before it is carried out. */
export interface AdminEvent extends Common {
  readonly type: 'admin';
  readonly identity: AuditedIdentity;
  readonly action: 'rotate' | 'revoke-key';
  readonly account: string;
  /** Role, or `*` for the key that is tied to none. */
  readonly slot: string;
  /** The key revoked, `A…`. */
  readonly publicKey?: string;
  /** In the administrator's words. */
  readonly reason?: string;
}

/** A revocation. `made` and `lifted` are recorded before they take effect, with who did it and from where. */
export interface RevocationEvent extends Moment, Partial<Omit<Common, 'time'>> {
  readonly type: 'revocation';
  readonly change: 'made' | 'lifted' | 'expired';
  readonly id: string;
  /** As in `revocation/revocation.ts`: `issuer` and `subject`, `nkey`, `role` or `binding`. */
  readonly target: Readonly<Record<string, string>>;
  /** In the administrator's words. */
  readonly reason: string;
  readonly block: boolean;
  /** Who made or lifted it. */
  readonly identity?: AuditedIdentity;
}

/** Users that were added to the account JWT's revocations, or removed. */
export interface RevokedUsersEvent extends Moment {
  readonly type: 'revoked-users';
  readonly account: string;
  readonly count: number;
  /** Revoked: NATS disconnects them. Gone: the revocation was lifted, or all their credentials have expired. */
  readonly cause: 'revoked' | 'gone';
}

/** A signing key's change of state. Its effects follow the record; a crash may record it twice. */
export interface KeyEvent extends Moment {
  readonly type: 'key';
  readonly account: string;
  /** Role, or `*` for the key that is tied to none. */
  readonly slot: string;
  /** `A…` */
  readonly publicKey: string;
  /** States as in `keyring/ring.ts`. Absent: the key is new. */
  readonly from?: string;
  readonly to: string;
  readonly reason: string;
}

/** Someone else's push removed our entries from an account JWT. */
export interface DriftEvent extends Moment {
  readonly type: 'drift';
  readonly account: string;
  /** Public signing keys that were missing. */
  readonly lostKeys: readonly string[];
  /** How many of our revoked users were missing. */
  readonly lostRevocations: number;
  /** Whether every server has them again. */
  readonly mended: boolean;
}

/** The steps of a login, and of handing a credential to a program, in order. */
export type LoginStep =
  | 'begun'
  | 'signed-in'
  | 'failed'
  | 'signed-out'
  | 'device-begun'
  | 'agreed'
  | 'refused'
  | 'handed-over'
  | 'renewed';

/** A step of a login, recorded before it takes effect. The identity is unknown in `begun`, `device-begun` and most `failed`. */
export interface LoginEvent extends Common {
  readonly type: 'login';
  readonly step: LoginStep;
  readonly identity?: AuditedIdentity;
  /** The operator's name for the issuer, where the identity is not known. */
  readonly issuerName?: string;
  /** Id of the session; the same in all its steps. */
  readonly session?: string;
  /** Id of the browser's session from which a program was handed its own. */
  readonly parentSession?: string;
  /** The name that the program gave itself: untrusted text. */
  readonly program?: string;
  readonly role?: string;
  /** The user's public nkey that the credential is for, `U…`. */
  readonly user?: string;
  /** Why it failed; as in `denied`. */
  readonly reason?: string;
  readonly message?: string;
  readonly detail?: string;
}

/** A caller asked for something. */
type RequestEvent = IssuedEvent | DeniedEvent | RejectedEvent | AdminEvent | LoginEvent;

export type AuditEvent = RequestEvent | RevocationEvent | RevokedUsersEvent | KeyEvent | DriftEvent;

/** Every type of record, those of exchanges first. */
export const EVENT_TYPES = [
  'issued',
  'denied',
  'rejected',
  'login',
  'admin',
  'revocation',
  'revoked-users',
  'key',
  'drift',
] as const satisfies AuditEvent['type'][];
