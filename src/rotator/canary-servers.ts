import type { Assessment } from '../account/assess.ts';
import { type KeyListing, probeKeys } from '../account/canary.ts';
import type { Clock } from '../clock.ts';
import { ANY_ROLE, type Ring, type RingKey } from '../keyring/ring.ts';
import type { KeyPair } from '../nats/key-pair.ts';
import type { Servers } from './servers.ts';

export interface CanaryServersOptions {
  /** NATS URLs. */
  readonly servers: readonly string[];
  /** The pairs of an account's given keys, by public key. */
  readonly given: (account: string) => ReadonlyMap<string, KeyPair>;
  readonly clock: Clock;
}

/** Every look connects to every server with every key: not at each pass. */
const LOOK_AGAIN_MILLISECONDS = 30_000;

/**
 * The servers seen from outside, where there is no access to the system account: a key is listed if
 * a user of it may connect. For external accounts; whether a scoped key's template is that of its
 * role can't be seen.
 */
export function canaryServers({ servers, given, clock }: CanaryServersOptions): Servers {
  const seen = new Map<string, { listings: Map<string, KeyListing>; at: number; keys: string }>();

  async function listingsOf(ring: Ring): Promise<ReadonlyMap<string, KeyListing>> {
    const pairs = given(ring.account);
    const keys = probed(ring).flatMap(({ publicKey }) => pairs.get(publicKey) ?? []);
    const names = [...pairs.keys()].join();
    const known = seen.get(ring.account);
    const young = known && clock.now() - known.at < LOOK_AGAIN_MILLISECONDS;
    if (young && known.keys === names) return known.listings;
    const listings = await probeKeys({
      servers,
      account: ring.publicKey,
      keys: ring.keys.length === 0 ? [...pairs.values()] : keys,
      clock,
    });
    seen.set(ring.account, { listings, at: clock.now(), keys: names });
    return listings;
  }

  return {
    async look(ring) {
      const listings = await listingsOf(ring);
      return { assess: (ring) => assess(ring, listings) };
    },
    push: () => Promise.reject(new Error('external accounts are published by their operator')),
  };
}

function probed({ keys }: Ring): RingKey[] {
  return keys.filter(({ state }) => state === 'active' || state === 'staged');
}

function assess(ring: Ring, listings: ReadonlyMap<string, KeyListing>): Assessment {
  const unusable = new Map<string, string>();
  for (const { publicKey, slot } of probed(ring)) {
    const why = whyUnusable(listings.get(publicKey) ?? 'unknown', slot);
    if (why !== undefined) unusable.set(publicKey, why);
  }
  const confirmed = probed(ring).filter(({ publicKey }) => !unusable.has(publicKey));
  const complete = probed(ring).every(
    ({ publicKey }) => (listings.get(publicKey) ?? 'unknown') !== 'unknown',
  );
  return {
    complete,
    confirmed: new Set(confirmed.map(({ publicKey }) => publicKey)),
    unusable,
    base: undefined,
    push: undefined,
    lost: [],
    problems: complete ? [] : ['NATS could not be asked about every signing key'],
  };
}

function whyUnusable(listing: KeyListing, slot: string): string | undefined {
  const wanted = slot === ANY_ROLE ? 'plain' : 'scoped';
  if (listing === wanted) return undefined;
  if (listing === 'unlisted') return 'the account does not list it';
  if (listing === 'unknown') return 'no server could tell';
  return wanted === 'plain'
    ? 'it is listed as the scoped key of a role'
    : 'it is listed plainly, not as a scoped key: its users could do anything';
}
