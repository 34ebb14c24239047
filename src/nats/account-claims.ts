import { NO_USER_LIMITS, type Permissions, type UserPermissionLimits } from './user-claims.ts';

/** The NATS part of an account JWT, with the names that go over the wire (reference library jwt v2, `account_claims.go`). */

/**
 * Limits of an account; -1 is "no limit", and a limit that is absent reads as 0: an account JWT
 * without limits is accepted by the server and then refuses every connection.
 */
export interface AccountLimits extends JetStreamLimits {
  readonly subs: number;
  /** Bytes. */
  readonly data: number;
  /** Bytes in one message. */
  readonly payload: number;
  readonly imports: number;
  readonly exports: number;
  /** Whether exports may hold wildcards. */
  readonly wildcards: boolean;
  /** Client connections. */
  readonly conn: number;
  /** Leaf node connections. */
  readonly leaf: number;
  readonly disallow_bearer?: boolean;
  /** Replicas (`R1`, `R3`) → JetStream limits, instead of limits for all streams. */
  readonly tiered_limits?: Readonly<Record<string, JetStreamLimits>>;
}

/** Bytes and counts. An account without storage has no JetStream. */
export interface JetStreamLimits {
  readonly mem_storage?: number;
  readonly disk_storage?: number;
  readonly streams?: number;
  readonly consumer?: number;
  /** These three: 0 and -1 are both "no limit". */
  readonly max_ack_pending?: number;
  readonly mem_max_stream_bytes?: number;
  readonly disk_max_stream_bytes?: number;
  readonly max_bytes_required?: boolean;
}

/** The limits of an account that nats-sts sees to; all others are those of somebody else. */
export type ManagedLimits = Partial<AccountLimits>;

/** A signing key tied to one role: the template is what users signed by it may do. */
export interface ScopedSigningKey {
  readonly kind: 'user_scope';
  /** Public account nkey. */
  readonly key: string;
  readonly role: string;
  readonly template: UserPermissionLimits;
  readonly description?: string;
}

/** A plain signing key is its public nkey. */
type AccountSigningKey = string | ScopedSigningKey;

export interface AccountBody {
  readonly type: 'account';
  readonly version: 2;
  readonly limits: AccountLimits;
  readonly signing_keys?: readonly AccountSigningKey[];
  /** User public key, or `*`, → Unix seconds: users issued then or before are cut off. */
  readonly revocations?: Readonly<Record<string, number>>;
  readonly default_permissions?: Permissions;
  /** Who answers authorisation requests (auth callout). */
  readonly authorization?: {
    readonly auth_users: readonly string[];
    readonly allowed_accounts?: readonly string[];
    readonly xkey?: string;
  };
  readonly imports?: readonly object[];
  readonly exports?: readonly object[];
  readonly description?: string;
  readonly tags?: readonly string[];
}

/** The NATS part of an activation: leave to import from an account. */
export interface ActivationBody {
  readonly type: 'activation';
  readonly version: 2;
  readonly subject: string;
  readonly kind: 'stream' | 'service';
  readonly issuer_account?: string;
}

const NO_ACCOUNT_LIMITS = {
  subs: -1,
  data: -1,
  payload: -1,
  imports: -1,
  exports: -1,
  wildcards: true,
  conn: -1,
  leaf: -1,
} as const satisfies AccountLimits;

/** JetStream without limits, to add to an account's. */
export const NO_JETSTREAM_LIMITS = {
  mem_storage: -1,
  disk_storage: -1,
  streams: -1,
  consumer: -1,
} as const satisfies Partial<AccountLimits>;

/** The NATS part of an account; limits that are not given are none, and always spelled out. */
export function account({
  limits,
  ...rest
}: Partial<Omit<AccountBody, 'type' | 'version' | 'limits'>> & {
  readonly limits?: Partial<AccountLimits>;
} = {}): AccountBody {
  return { ...rest, limits: { ...NO_ACCOUNT_LIMITS, ...limits }, type: 'account', version: 2 };
}

/** A signing key whose users may do what `template` says; an empty template is unrestricted. */
export function scopedSigningKey({
  key,
  role,
  template,
  description,
}: {
  readonly key: string;
  readonly role: string;
  readonly template: Partial<UserPermissionLimits>;
  readonly description?: string;
}): ScopedSigningKey {
  return {
    kind: 'user_scope',
    key,
    role,
    template: { ...NO_USER_LIMITS, ...template },
    ...(description !== undefined && { description }),
  };
}
