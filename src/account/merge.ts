import type { Ring } from '../keyring/ring.ts';
import { numberOf } from '../nats/exact-json.ts';
import { type AccountClaims, keyOf, type ListedKey } from './account-jwt.ts';
import { isListedExactly, listingOf } from './listing.ts';

/**
 * The claims with our signing keys and revocations as the ring has them, and everything else as it
 * was, in its order. The same object when nothing is to change. `iat` is left as it is.
 *
 * Throws for an external ring: that account JWT is not ours to write.
 */
export function mergeAccount(found: AccountClaims, ring: Ring): AccountClaims {
  if (ring.kind === 'external') {
    throw new TypeError(`the JWT of the external account ${ring.account} is not ours to write`);
  }
  const signingKeys = mergeKeys(found.nats.signing_keys ?? [], ring);
  const revocations = mergeRevocations(found.nats.revocations ?? {}, ring);
  if (!signingKeys && !revocations) return found;
  return {
    ...found,
    nats: {
      ...found.nats,
      ...(signingKeys && { signing_keys: signingKeys }),
      ...(revocations && { revocations }),
    },
  };
}

/** Whether this JWT already says what we want: pushing a merged one would change nothing. */
export function sameForUs(found: AccountClaims, ring: Ring): boolean {
  return mergeAccount(found, ring) === found;
}

/** Undefined: they are as they should be. */
function mergeKeys(listed: readonly ListedKey[], { keys }: Ring): ListedKey[] | undefined {
  const ours = new Map(keys.map((key) => [key.publicKey, key]));
  const placed = new Set<string>();
  let changed = false;
  const merged = listed.flatMap((entry): ListedKey[] => {
    const key = ours.get(keyOf(entry));
    if (!key) return [entry];
    if (key.state === 'retired' || placed.has(key.publicKey)) {
      changed = true;
      return [];
    }
    placed.add(key.publicKey);
    if (isListedExactly(entry, key)) return [entry];
    changed = true;
    return [listingOf(key)];
  });
  const missing = keys.filter(
    ({ state, publicKey }) => state !== 'retired' && !placed.has(publicKey),
  );
  return changed || missing.length > 0 ? [...merged, ...missing.map(listingOf)] : undefined;
}

/** Undefined: they are as they should be. */
function mergeRevocations(
  found: Readonly<Record<string, number>>,
  { revoked }: Ring,
): Record<string, number> | undefined {
  const merged = { ...found };
  let changed = false;
  for (const [user, { at, gone }] of Object.entries(revoked)) {
    const there = merged[user];
    if (gone) {
      // With another time it is someone else's by now.
      if (numberOf(there) !== at) continue;
      delete merged[user];
    } else {
      // Later times stay, and so does a value that is not a time.
      if (there !== undefined && !(numberOf(there) < at)) continue;
      merged[user] = at;
    }
    changed = true;
  }
  return changed ? merged : undefined;
}
