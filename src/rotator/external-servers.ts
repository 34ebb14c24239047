import type { Assessment } from '../account/assess.ts';
import { type KeyListing, probeKeys } from '../account/canary.ts';
import type { Obstacle } from '../account/canary-entry.ts';
import { LISTED_PLAINLY } from '../account/listing.ts';
import type { Clock } from '../clock.ts';
import { ANY_ROLE, type Ring, type RingKey } from '../keyring/ring.ts';
import type { Wanted } from '../keyring/step-input.ts';
import type { KeyPair } from '../nats/key-pair.ts';
import type { Servers } from './servers.ts';

/**
 * The servers of external accounts where there is access to the system account: what they say they
 * hold counts. Servers that load account JWTs from elsewhere (resolver MEMORY or a URL) hold nothing
 * before someone connects. Then canaries connect, and the servers are asked again: they know more than
 * canaries see.
 */
export function externalServers({
  system,
  canary,
}: {
  readonly system: Servers;
  readonly canary: Servers;
}): Servers {
  return {
    ...system,
    async look(ring) {
      const first = await system.look(ring);
      if (!first.assess(ring).unloaded) return first;
      const tried = await canary.look(ring);
      const again = await system.look(ring);
      if (!again.assess(ring).unloaded) return again;
      return { assess: (ring) => joined(again.assess(ring), tried.assess(ring)) };
    },
  };
}

/** That no server knows the account is a problem only if no canary could connect. */
function joined(told: Assessment, tried: Assessment): Assessment {
  if (tried.confirmed.size > 0) return tried;
  const { problems } = tried;
  // A failed attempt proves nothing.
  const admission = tried.complete ? told.admission : undefined;
  return { ...tried, admission, problems: [...told.problems, ...problems] };
}

interface CanaryAccount {
  /** The pairs of its given keys, by public key. */
  readonly given?: ReadonlyMap<string, KeyPair>;
  readonly wanted: Wanted;
}

export interface CanaryServersOptions {
  /** NATS URLs. */
  readonly servers: readonly string[];
  /** Of the configuration in force, by name. */
  readonly account: (name: string) => CanaryAccount | undefined;
  readonly clock: Clock;
}

/**
 * Every look connects to every server, with two keys of each slot, so not at each pass. Until the next look, a key
 * that the operator took out may go on signing.
 */
const LOOK_AGAIN_MILLISECONDS = 5000;

/** What falls due while it is looked counts as due. */
const AHEAD_MILLISECONDS = 1000;

interface Found {
  readonly listings: ReadonlyMap<string, KeyListing>;
  /** What kept users out besides that they were refused. */
  readonly obstacles: ReadonlySet<Obstacle>;
}

/**
 * The servers seen by a client, without access to the system account: a key is listed if
 * a user of it may connect. For external accounts. Of a scoped key it is seen whether its users may do
 * what hardly any role lets them; whether the template is that of the role is not.
 */
export function canaryServers({ servers, account, clock }: CanaryServersOptions): Servers {
  const seen = new Map<string, { found: Found; at: number; keys: string }>();

  async function lookAt(ring: Ring): Promise<Found> {
    const keys = candidates(ring)
      .map(({ publicKey, state }) => `${publicKey} ${state}`)
      .join();
    const known = seen.get(ring.account);
    const { given = new Map<string, KeyPair>(), wanted } = account(ring.account) ?? {};
    // Nothing becomes active by what was seen a while ago.
    const most =
      wanted && isDue(ring, wanted, clock.now() + AHEAD_MILLISECONDS) ? 0 : LOOK_AGAIN_MILLISECONDS;
    const young = known && clock.now() - known.at < most;
    if (young && known.keys === keys) return known.found;
    const at = clock.now();
    const found = await probeSlots(ring, given);
    seen.set(ring.account, { found, at, keys });
    return found;
  }

  /** Of each slot the active key, and the staged ones up to the first that could take over. */
  async function probeSlots(ring: Ring, pairs: ReadonlyMap<string, KeyPair>): Promise<Found> {
    const listings = new Map<string, KeyListing>();
    const obstacles = new Set<Obstacle>();
    const ready = new Set<string>();
    for (const { publicKey, slot, state, scope } of candidates(ring)) {
      const pair = pairs.get(publicKey);
      if (!pair || (state === 'staged' && ready.has(slot))) continue;
      const tags = Object.keys(scope?.tags ?? {}).map((tag) => `${tag}:canary`);
      const template = scope && { template: scope.template };
      const found = await probeKeys({
        servers,
        account: ring.publicKey,
        keys: [pair],
        tags,
        ...template,
        obstacles,
        clock,
      });
      const listing = found.get(publicKey) ?? 'unknown';
      listings.set(publicKey, listing);
      if (state === 'staged' && whyUnusable(listing, slot) === undefined) ready.add(slot);
    }
    return { listings, obstacles };
  }

  return {
    async look(ring) {
      const found = await lookAt(ring);
      return { assess: (ring) => assess(ring, found) };
    },
    prove: async (ring) => ring,
    push: () => Promise.reject(new Error('external accounts are published by their operator')),
  };
}

/** Whether a staged key may be about to take over. */
function isDue({ keys, rotationRequests }: Ring, { everyMilliseconds }: Wanted, now: number) {
  const waiting = new Set(keys.flatMap(({ state, slot }) => (state === 'staged' ? slot : [])));
  return keys.some(
    ({ state, slot, activeAt = 0 }) =>
      state === 'active' &&
      waiting.has(slot) &&
      (Object.hasOwn(rotationRequests, slot) ||
        now - activeAt >= (everyMilliseconds ?? Number.POSITIVE_INFINITY)),
  );
}

function candidates({ keys }: Ring): RingKey[] {
  return keys.filter(({ state }) => state === 'active' || state === 'staged');
}

function assess(ring: Ring, { listings, obstacles }: Found): Assessment {
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
    listed: confirmed,
    complete: candidates(ring).every((key) => key.state === 'staged' || known(key)),
    confirmed,
    unusable,
    base: undefined,
    // Nobody reads its JWT from here: what was known of it by other ways may be out of date.
    admission: obstacles.has('no-subscriptions') ? { obstacles: ['no-subscriptions'] } : {},
    push: undefined,
    lost: [],
    problems: [
      ...(asked ? [] : ['nats-sts could not check every signing key with NATS']),
      ...[...obstacles].flatMap((obstacle) => OBSTACLES[obstacle] ?? []),
    ],
  };
}

const OBSTACLES: { readonly [Kind in Obstacle]?: string } = {
  'account-full':
    'the account accepts no more connections: it has as many as its JWT allows, or its JWT allows none (limits.conn). Its keys continue to sign',
  'account-expired': 'the JWT of the account has expired',
  'server-full': 'a server accepts no more connections (max_connections)',
  'closed-at-once':
    'a server closes connections at once: the account or the server may have reached its limit',
  slow: 'a server did not answer in time',
  unreachable: 'a server could not be reached',
};

function whyUnusable(listing: KeyListing, slot: string): string | undefined {
  const wanted = slot === ANY_ROLE ? 'plain' : 'scoped';
  if (listing === wanted) return undefined;
  if (listing === 'unlisted') {
    return 'the account does not list it, or NATS refuses all users of the account: its JWT may have expired or delegate connections to an auth callout, or the account may be deleted';
  }
  if (listing === 'unknown') return 'no server could tell';
  if (listing === 'wide') return 'its template allows more than the role does';
  return wanted === 'plain'
    ? 'it is a scoped key of a role, not a plain signing key'
    : LISTED_PLAINLY;
}
