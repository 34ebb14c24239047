import type { Issued } from '../exchange-request.ts';

/** Part of an answer; absent if the caller got the requested lifetime, or requested none. */
export interface TtlCapped {
  readonly ttl_capped_by?: 'role' | 'token';
}

/** Says which limit made a credential shorter than requested: the role's `maxTtl`, or the expiry of a token. */
export function ttlCapped(
  { credential: { issuedAt, expiresAt }, grant }: Issued,
  askedSeconds: number | undefined,
): TtlCapped {
  const seconds = expiresAt - issuedAt;
  if (askedSeconds === undefined || seconds >= askedSeconds) return {};
  return { ttl_capped_by: seconds < grant.lifetimeSeconds ? 'token' : 'role' };
}

/** Part of an answer; absent if the credential has the current permissions of its role. */
export interface NewPermissions {
  readonly new_permissions_in?: number;
}

/** Says that a credential has the old permissions, from before a change of its role, and when to request a new one. */
export function newPermissions({ pending }: Pick<Issued, 'pending'>): NewPermissions {
  return pending ? { new_permissions_in: pending.seconds } : {};
}
