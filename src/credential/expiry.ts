import type { Identity } from '../identity/identity.ts';
import type { AccountAdmission } from '../nats/admission.ts';
import type { Grant } from '../policy/policy.ts';

/**
 * When a credential ends that is issued now, Unix seconds: after the lifetime granted, and no later
 * than the account's JWT or the tokens of `capped` identities.
 */
export function expiry({
  now,
  grant,
  capped,
  admission,
}: {
  /** Unix seconds. */
  readonly now: number;
  readonly grant: Pick<Grant, 'lifetimeSeconds'>;
  /** Those whose issuer has `capToTokenExpiry`. */
  readonly capped: readonly Pick<Identity, 'expiresAt'>[];
  readonly admission: AccountAdmission;
}): number {
  const ends = capped.map(({ expiresAt }) => expiresAt);
  return Math.min(now + grant.lifetimeSeconds, admission.expiresAt ?? Infinity, ...ends);
}
