import { type Clock, unixSeconds } from '../../clock.ts';
import type { Ring } from '../../keyring/ring.ts';
import { CLIENTS, whyRefused } from '../../nats/admission.ts';
import type { RotatedAccount } from '../../rotator/rotated-account.ts';

/** Why NATS refuses the users of all roles of an account, as its ring tells; undefined when it does not. */
export function whyAccountRefused(
  { publicKey, use = CLIENTS }: RotatedAccount,
  { ring, clock }: { readonly ring: Ring | undefined; readonly clock: Clock },
): string | undefined {
  if (ring?.publicKey !== publicKey || !ring.admission) return undefined;
  return whyRefused(ring.admission, { nowSeconds: unixSeconds(clock), use });
}
