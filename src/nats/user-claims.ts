/** The NATS part of a user JWT, with the names that go over the wire (reference library jwt v2, `user_claims.go`). */

export interface SubjectPermission {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

export interface Permissions {
  /** Absent (or without `allow`): every subject may be published to. NATS allows by default. */
  readonly pub?: SubjectPermission;
  /** Absent (or without `allow`): every subject may be subscribed to. */
  readonly sub?: SubjectPermission;
  /** Publishing to the reply subject of a message received: at most `max` times, within `ttl` nanoseconds. */
  readonly resp?: { readonly max: number; readonly ttl: number };
}

/** Limits of a user; -1 is "no limit". */
export interface UserLimits {
  /** Subscriptions. */
  readonly subs: number;
  /** Bytes. */
  readonly data: number;
  /** Bytes in one message. */
  readonly payload: number;
  /** CIDR networks to connect from. An array in version 2 (a comma-separated string in version 1). */
  readonly src?: readonly string[];
  /** Times of day, `HH:MM:SS`, in `times_location`. */
  readonly times?: readonly { readonly start: string; readonly end: string }[];
  /** IANA name of a time zone. */
  readonly times_location?: string;
}

/** What a user may do: its own (direct), or the template of a scoped signing key. */
export interface UserPermissionLimits extends Permissions, UserLimits {
  /** The holder of the JWT needs no seed to connect. */
  readonly bearer_token?: boolean;
  /** `STANDARD`, `WEBSOCKET`, `LEAFNODE`, …; absent: all. */
  readonly allowed_connection_types?: readonly string[];
}

interface UserBodyBase {
  readonly type: 'user';
  readonly version: 2;
  /** Public key of the account, when a signing key of it is the issuer. Servers without an operator refuse it. */
  readonly issuer_account?: string;
  /** Lower case; `{{tag(name)}}` in a scoped template becomes the `value` of `name:value`. */
  readonly tags?: readonly string[];
}

/** A user that carries its own permissions and limits. */
export interface DirectUserBody extends UserBodyBase, UserPermissionLimits {}

/** A user of a scoped signing key: the server rejects one that has its own permissions or limits. */
export interface ScopedUserBody extends UserBodyBase {
  readonly subs?: never;
}

export type UserBody = DirectUserBody | ScopedUserBody;

export const NO_USER_LIMITS = { subs: -1, data: -1, payload: -1 } as const satisfies UserLimits;

/** The NATS part of a user with its own permissions. Absent limits become "no limit". */
export function directUser(
  user: Partial<UserPermissionLimits> & {
    readonly issuer_account?: string;
    readonly tags?: readonly string[];
  },
): DirectUserBody {
  return { ...NO_USER_LIMITS, ...user, type: 'user', version: 2 };
}

/** The NATS part of a user whose scoped signing key has the permissions. */
export function scopedUser({
  issuer_account,
  tags,
}: {
  readonly issuer_account: string;
  readonly tags?: readonly string[];
}): ScopedUserBody {
  return { issuer_account, ...(tags && { tags }), type: 'user', version: 2 };
}
