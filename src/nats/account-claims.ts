import { NO_USER_LIMITS, type UserPermissionLimits } from './user-claims.ts';

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

/** The account limits that nats-sts manages. All others belong to someone else. */
export type ManagedLimits = Partial<AccountLimits>;

/** `authorization` of an account whose users an auth callout lets in (jwt v2, `ExternalAuthorization`). */
export interface CalloutAuthorization {
  /** Public user nkeys that connect without a callout: those of the service itself. */
  readonly auth_users: readonly string[];
  /** Public keys of further accounts that users may be put into. */
  readonly allowed_accounts?: readonly string[];
  /** `X…`: requests are sealed for this key. */
  readonly xkey?: string;
}

/** A signing key tied to one role: the template is what users signed by it may do. */
export interface ScopedSigningKey {
  readonly kind: 'user_scope';
  /** Public account nkey. */
  readonly key: string;
  readonly role: string;
  readonly template: UserPermissionLimits;
  readonly description?: string;
}

/** An account may do anything; an absent limit would be 0. */
export const NO_ACCOUNT_LIMITS = {
  subs: -1,
  data: -1,
  payload: -1,
  imports: -1,
  exports: -1,
  wildcards: true,
  conn: -1,
  leaf: -1,
} as const satisfies AccountLimits;

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
