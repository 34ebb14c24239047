import type { Assessment } from '../account/assess.ts';
import { type KeyListing, probeKeys } from '../account/canary.ts';
import { LISTED_PLAINLY } from '../account/listing.ts';
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

/**
 * Every look connects to every server, with two keys of each slot: not at each pass. For so long a key
 * that the operator took out may go on signing.
 */
const LOOK_AGAIN_MILLISECONDS = 5000;

type Listings = ReadonlyMap<string, KeyListing>;

/**
 * The servers seen from outside, where there is no access to the system account: a key is listed if
 * a user of it may connect. For external accounts; whether a scoped key's template is that of its
 * role can't be seen.
 */
export function canaryServers({ servers, given, clock }: CanaryServersOptions): Servers {
  const seen = new Map<string, { listings: Listings; at: number; keys: string }>();

  async function listingsOf(ring: Ring): Promise<Listings> {
    const keys = candidates(ring)
      .map(({ publicKey, state }) => `${publicKey} ${state}`)
      .join();
    const known = seen.get(ring.account);
    const young = known && clock.now() - known.at < LOOK_AGAIN_MILLISECONDS;
    if (young && known.keys === keys) return known.listings;
    const at = clock.now();
    const listings = await probeSlots(ring, given(ring.account));
    seen.set(ring.account, { listings, at, keys });
    return listings;
  }

  /** Of each slot the active key, and the staged ones up to the first that could take over. */
  async function probeSlots(ring: Ring, pairs: ReadonlyMap<string, KeyPair>): Promise<Listings> {
    const listings = new Map<string, KeyListing>();
    const ready = new Set<string>();
    for (const { publicKey, slot, state, scope } of candidates(ring)) {
      const pair = pairs.get(publicKey);
      if (!pair || (state === 'staged' && ready.has(slot))) continue;
      const account = ring.publicKey;
      const tags = Object.keys(scope?.tags ?? {}).map((tag) => `${tag}:canary`);
      const found = await probeKeys({ servers, account, keys: [pair], tags, clock });
      const listing = found.get(publicKey) ?? 'unknown';
      listings.set(publicKey, listing);
      if (state === 'staged' && whyUnusable(listing, slot) === undefined) ready.add(slot);
    }
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

function candidates({ keys }: Ring): RingKey[] {
  return keys.filter(({ state }) => state === 'active' || state === 'staged');
}

function assess(ring: Ring, listings: Listings): Assessment {
  const unusable = new Map<string, string>();
  const confirmed = new Set<string>();
  for (const { publicKey, slot } of candidates(ring)) {
    const listing = listings.get(publicKey);
    if (listing === undefined) continue;
    const why = whyUnusable(listing, slot);
    if (why === undefined) confirmed.add(publicKey);
    else unusable.set(publicKey, why);
  }
  const known = ({ publicKey }: RingKey) => listings.get(publicKey) !== 'unknown';
  const asked = [...listings.values()].every((listing) => listing !== 'unknown');
  return {
    // What is not known of those that wait doesn't let an active key sign that is surely not listed.
    complete: candidates(ring).every((key) => key.state === 'staged' || known(key)),
    confirmed,
    unusable,
    base: undefined,
    push: undefined,
    lost: [],
    problems: asked ? [] : ['NATS could not be asked about every signing key'],
  };
}

function whyUnusable(listing: KeyListing, slot: string): string | undefined {
  const wanted = slot === ANY_ROLE ? 'plain' : 'scoped';
  if (listing === wanted) return undefined;
  if (listing === 'unlisted') return 'the account does not list it';
  if (listing === 'unknown') return 'no server could tell';
  return wanted === 'plain' ? 'it is tied to a role, not listed plainly' : LISTED_PLAINLY;
}
