import type { Issued } from '../exchange.ts';

/** A member of answers; absent when the caller got the lifetime that it asked for, or asked for none. */
export interface TtlCapped {
  readonly ttl_capped_by?: 'role' | 'token';
}

/** Says which limit made a credential shorter than was asked: the role's `maxTtl`, or the end of a token. */
export function ttlCapped(
  { credential: { issuedAt, expiresAt }, grant }: Issued,
  askedSeconds: number | undefined,
): TtlCapped {
  const seconds = expiresAt - issuedAt;
  if (askedSeconds === undefined || seconds >= askedSeconds) return {};
  return { ttl_capped_by: seconds < grant.lifetimeSeconds ? 'token' : 'role' };
}

/** A member of answers; absent when the credential has the permissions that its role has now. */
export interface NewPermissions {
  readonly new_permissions_in?: number;
}

/** Says that a credential has the permissions of before a change of its role, and when to ask for one that has the new ones. */
export function newPermissions({ pending }: Pick<Issued, 'pending'>): NewPermissions {
  return pending ? { new_permissions_in: pending.seconds } : {};
}
