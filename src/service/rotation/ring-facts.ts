import { type Clock, unixSeconds } from '../../clock.ts';
import type { Ring } from '../../keyring/ring.ts';
import { CLIENTS, whyRefused } from '../../nats/admission.ts';
import type { RotatedAccount } from '../../rotator/rotated-account.ts';
import type { Wanted } from '../../keyring/step-input.ts';

/** Why NATS refuses all users of an account, according to its ring; undefined if it does not. */
export function whyAccountRefused(
  { publicKey, use = CLIENTS, byCallout = false }: RotatedAccount,
  { ring, clock }: { readonly ring: Ring | undefined; readonly clock: Clock },
): string | undefined {
  if (ring?.publicKey !== publicKey || !ring.admission) return undefined;
  return whyRefused(ring.admission, { nowSeconds: unixSeconds(clock), use, byCallout });
}

/** Whether a schedule rotates through given keys, so that they can run out. */
export function rotatesThroughGiven({ given, everyMilliseconds }: Wanted): boolean {
  return given !== undefined && everyMilliseconds !== undefined;
}

/** How many given keys of a slot have not signed yet. */
export function keysLeft({ keys }: Ring, slot: string): number {
  return keys.filter((key) => key.slot === slot && key.state === 'staged').length;
}
