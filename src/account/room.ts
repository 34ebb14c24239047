import { type Ring, type RingKey, trustedKeys } from '../keyring/ring.ts';
import type { AccountClaims } from './account-jwt.ts';
import { listedKey, listingOf } from './listing.ts';
import { mergeAccount } from './merge.ts';
import { ACCOUNT_JWT_LIMIT, accountJwtBytes } from './sign-account.ts';

/** What servers take of an account JWT is bounded: what of a ring goes in first, and what is left for the rest. */

/**
 * Bytes of the account JWT that revoked users can take: staged keys can wait for theirs, all else is
 * needed. Undefined where nobody knows, or the account JWT is not ours to write.
 */
export function roomForRevoked(base: AccountClaims | undefined, ring: Ring): number | undefined {
  if (!base || ring.kind === 'external') return undefined;
  const bare = without(ring, (key) => key.state === 'staged');
  const theirs = Object.entries(base.nats.revocations ?? {}).filter(
    ([user]) => !Object.hasOwn(ring.revoked, user),
  );
  const nats = { ...base.nats, revocations: Object.fromEntries(theirs) };
  const claims = mergeAccount({ ...base, nats }, { ...bare, revoked: {} });
  return Math.max(0, ACCOUNT_JWT_LIMIT - accountJwtBytes(claims));
}

export interface Fitting {
  /** The ring as far as there is room for it. */
  readonly ring: Ring;
  readonly leftOut: readonly RingKey[];
}

/**
 * Leaves keys out while the account JWT would be longer than servers take: staged ones, the newest
 * first, for they sign nothing; then those that it doesn't list now, for no user of theirs is let in
 * as it is. Whatever shortens the JWT or disconnects users is never left out.
 */
export function fitRing(base: AccountClaims, ring: Ring): Fitting {
  const whole = { ring, leftOut: [] };
  const merged = mergeAccount(base, ring);
  if (merged === base) return whole;
  let excess = accountJwtBytes(merged) - ACCOUNT_JWT_LIMIT;
  const leftOut: RingKey[] = [];
  for (const key of dispensable(base, ring)) {
    if (excess <= 0) break;
    excess -= listingBytes(key);
    leftOut.push(key);
  }
  if (leftOut.length === 0) return whole;
  return { ring: without(ring, (key) => leftOut.includes(key)), leftOut };
}

function dispensable(base: AccountClaims, ring: Ring): RingKey[] {
  const keys = trustedKeys(ring);
  const staged = keys.filter(({ state }) => state === 'staged').toReversed();
  const missing = keys.filter(
    (key) => key.state !== 'staged' && listedKey(base, key.publicKey) === undefined,
  );
  return [...staged, ...missing];
}

/** Lower bound of the bytes that leaving it out saves: base64url makes four characters of three bytes. */
function listingBytes(key: RingKey): number {
  return Math.floor((Buffer.byteLength(JSON.stringify(listingOf(key))) * 4) / 3);
}

/** The ring as if these keys were out of the account JWT. */
function without(ring: Ring, isOut: (key: RingKey) => boolean): Ring {
  const keys = ring.keys.map((key) => (isOut(key) ? { ...key, state: 'retired' as const } : key));
  return { ...ring, keys };
}
