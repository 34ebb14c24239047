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
