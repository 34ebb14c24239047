import {
  type AccountLimits,
  NO_ACCOUNT_LIMITS,
  type ScopedSigningKey,
} from '../../src/nats/account-claims.ts';
import type { Permissions } from '../../src/nats/user-claims.ts';

/** The NATS part of an account JWT, as other tools write it (reference library jwt v2, `account_claims.go`). */
export interface AccountBody {
  readonly type: 'account';
  readonly version: 2;
  readonly limits: AccountLimits;
  readonly signing_keys?: readonly (string | ScopedSigningKey)[];
  /** User public key, or `*`, → Unix seconds: users issued at or before that time are disconnected. */
  readonly revocations?: Readonly<Record<string, number>>;
  readonly default_permissions?: Permissions;
  /** Auth callout. */
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

/** The NATS part of an account; limits that are not given are "no limit", spelled out. */
export function account({
  limits,
  ...rest
}: Partial<Omit<AccountBody, 'type' | 'version' | 'limits'>> & {
  readonly limits?: Partial<AccountLimits>;
} = {}): AccountBody {
  return { ...rest, limits: { ...NO_ACCOUNT_LIMITS, ...limits }, type: 'account', version: 2 };
}

/** JetStream without limits, to add to an account's. */
export const NO_JETSTREAM_LIMITS = {
  mem_storage: -1,
  disk_storage: -1,
  streams: -1,
  consumer: -1,
} as const satisfies Partial<AccountLimits>;
