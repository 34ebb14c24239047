import { type Clock, unixSeconds } from '../clock.ts';
import { revokeKey } from '../keyring/changes.ts';
import type { Ring, RingKey } from '../keyring/ring.ts';
import type { CredentialLedger, IssuedCredential, LedgerFilter, LedgerPosition } from './ledger.ts';
import { ENTRY_BYTES, type Plan, planRevoked, REVOKED_BYTES } from './plan.ts';
import type { Revocation, RevocationTarget } from './revocation.ts';
import { indexRevocations } from './revocation-index.ts';

export interface RevokerParts {
  readonly ledger: CredentialLedger;
  /** The revocations in force. */
  readonly revocations: () => ReadonlyMap<string, Revocation>;
  readonly clock: Clock;
  /** What revoked users may take of the account JWT, bytes; 256 KiB unless given. */
  readonly budgetBytes?: number;
  /** Every plan: for metrics, and for a warning while it is near its budget. */
  readonly onPlan?: (account: string, plan: Plan) => void;
  /** How many users the stored ring has come to revoke, or no longer does, since the last call. */
  readonly onStored?: (account: string, change: { revoked: number; gone: number }) => void;
}

/** Finds the users that revocations disconnect. Calls for one account come one after the other. */
export interface Revoker {
  /**
   * The ring with the users that revocations disconnect; if they are too many, with the keys that signed
   * them revoked. The same object if nothing changes. It returns what it finds until that has expired,
   * so that nothing is lost if the result cannot be stored. `roomBytes`: how much of the account JWT
   * revoked users may take; absent: no bound.
   *
   * @throws when the ledger can't be read.
   */
  cut(ring: Ring, roomBytes?: number): Promise<Ring>;
}

/** Reading everything takes about as long as this many readings for one target each. */
const SEPARATELY = 6;

/** What is known of one account. */
interface Known {
  matching: Matching;
  /** The revocations that the whole ledger was looked through for. */
  searched: ReadonlySet<string>;
  /** Everything up to here was looked at for them. */
  position: LedgerPosition | undefined;
  /** Users that the ring revoked at the last call. */
  live: ReadonlySet<string> | undefined;
}

export function createRevoker(parts: RevokerParts): Revoker {
  const { budgetBytes } = parts;
  // At least what a plan has room for.
  const most = (budgetBytes ?? REVOKED_BYTES) / ENTRY_BYTES;
  const accounts = new Map<string, Known>();
  return {
    async cut(ring, roomBytes) {
      const known = accounts.get(ring.account) ?? nothingKnown(most);
      accounts.set(ring.account, known);
      tellStored(parts, ring, known);
      // Nobody but the operator can publish the JWT of an external account.
      if (ring.kind === 'external') return ring;
      if (lacks(known, ring)) Object.assign(known, nothingSearched(most));
      const revocations = [...parts.revocations().values()];
      const index = indexRevocations(revocations);
      const now = unixSeconds(parts.clock);
      const retired = keysOf(ring, (state) => state === 'retired');
      const isMeant = (credential: IssuedCredential): boolean =>
        // Users of a retired key are disconnected already, and may be very many.
        credential.expiresAt > now &&
        !retired.has(credential.signingKey) &&
        index.find(credential) !== undefined;
      known.matching.keep(isMeant);
      await search(parts.ledger, { ring, known, revocations, isMeant });
      const plan = planRevoked({
        now,
        ring,
        revocations: index,
        credentials: known.matching.values(),
        ...(budgetBytes !== undefined && { budgetBytes }),
        ...(roomBytes !== undefined && { roomBytes }),
      });
      parts.onPlan?.(ring.account, plan);
      return planned(ring, plan, parts.clock.now());
    },
  };
}

function nothingKnown(most: number): Known {
  return { ...nothingSearched(most), live: undefined };
}

function nothingSearched(most: number): Omit<Known, 'live'> {
  return { matching: createMatching(most), searched: new Set(), position: undefined };
}

/** Whether the last plan left credentials out for a key that was then not revoked: it could not be stored. */
function lacks({ matching: { overfull } }: Known, ring: Ring): boolean {
  const trusted = keysOf(ring, (state) => state !== 'retired');
  return [...overfull].some((key) => trusted.has(key));
}

function keysOf({ keys }: Ring, is: (state: RingKey['state']) => boolean): ReadonlySet<string> {
  return new Set(keys.flatMap(({ state, publicKey }) => (is(state) ? publicKey : [])));
}

interface Search {
  readonly ring: Ring;
  readonly known: Known;
  readonly revocations: readonly Revocation[];
  readonly isMeant: (credential: IssuedCredential) => boolean;
}

/** Looks through the whole ledger for each new revocation, and at what is new in it for all of them. */
async function search(ledger: CredentialLedger, asked: Search): Promise<void> {
  const { ring, known, revocations, isMeant } = asked;
  if (revocations.length === 0) {
    known.searched = new Set();
    return;
  }
  // Before the readings: what is recorded meanwhile is looked at next time.
  const position = await ledger.latest();
  const isRevoked = (user: string): boolean => {
    const entry = ring.revoked[user];
    return entry !== undefined && !entry.gone;
  };
  for (const filter of readings(asked, position)) {
    for await (const credential of ledger.alive({ account: ring.account, ...filter })) {
      if (isMeant(credential)) known.matching.add(credential, isRevoked);
    }
  }
  // Only what was read to its end counts as looked at.
  known.searched = new Set(revocations.map(({ id }) => id));
  known.position = position;
}

function readings({ known, revocations }: Search, latest: LedgerPosition): LedgerFilter[] {
  const unsearched = revocations.filter(({ id }) => !known.searched.has(id));
  const filters = distinct(unsearched.map(({ target }) => filterOf(target)));
  if (filters.length > SEPARATELY) return [{}];
  const searchedBefore = unsearched.length < revocations.length;
  if (!searchedBefore || known.position === undefined || known.position === latest) return filters;
  return [...filters, { after: known.position }];
}

/** What of the ledger may be meant. */
export function filterOf(target: RevocationTarget): LedgerFilter {
  if ('nkey' in target) return { user: target.nkey };
  if ('role' in target) return { role: target.role };
  if ('binding' in target) return { binding: target.binding };
  return { party: { issuerName: target.issuer, subject: target.subject } };
}

/** Revocations of one target share a reading. */
function distinct(filters: readonly LedgerFilter[]): LedgerFilter[] {
  return [...new Map(filters.map((filter) => [JSON.stringify(filter), filter])).values()];
}

function planned(ring: Ring, { revoked, revokeKeys }: Plan, now: number): Ring {
  const named = revoked === ring.revoked ? ring : { ...ring, revoked };
  return revokeKeys.reduce((next, key) => revokeKey(next, key, now) ?? next, named);
}

function tellStored({ onStored }: RevokerParts, { account, revoked }: Ring, known: Known): void {
  const live = new Set(Object.keys(revoked).filter((user) => !revoked[user]?.gone));
  const before = known.live;
  known.live = live;
  if (!before) return;
  const change = { revoked: countMissing(live, before), gone: countMissing(before, live) };
  if (change.revoked > 0 || change.gone > 0) onStored?.(account, change);
}

function countMissing(these: ReadonlySet<string>, there: ReadonlySet<string>): number {
  let missing = 0;
  for (const one of these) if (!there.has(one)) missing += 1;
  return missing;
}

/**
 * The living credentials of one account that revocations apply to, as many of them as a plan needs:
 * a key behind more users than there is room for is revoked itself, whoever the others are. So a
 * revocation of everyone takes little memory, and holds up the event loop no longer.
 */
interface Matching {
  values(): Iterable<IssuedCredential>;
  /** Users that the ring revokes already need no room. */
  add(credential: IssuedCredential, isRevoked: (user: string) => boolean): void;
  /** Removes the credentials that no longer match. */
  keep(isMeant: (credential: IssuedCredential) => boolean): void;
  /** Keys that have more credentials than are here. */
  readonly overfull: ReadonlySet<string>;
}

/** `most`: how many users there is room for. */
function createMatching(most: number): Matching {
  const credentials = new Map<string, IssuedCredential>();
  const users = new Map<string, Set<string>>();
  const overfull = new Set<string>();
  return {
    values: () => credentials.values(),
    add(credential, isRevoked) {
      const { user, signingKey, issuedAt } = credential;
      if (!isRevoked(user)) {
        const behind = users.get(signingKey) ?? new Set();
        if (behind.size > most && !behind.has(user)) {
          overfull.add(signingKey);
          return;
        }
        users.set(signingKey, behind.add(user));
      }
      credentials.set(`${user} ${signingKey} ${issuedAt}`, credential);
    },
    keep(isMeant) {
      users.clear();
      for (const [id, credential] of credentials) {
        if (!isMeant(credential)) credentials.delete(id);
      }
    },
    overfull,
  };
}
