import type { Ring, RevokedUser } from '../keyring/ring.ts';
import type { IssuedCredential } from './ledger.ts';
import type { RevocationIndex } from './revocation-index.ts';

export interface PlanInput {
  /** Unix seconds. */
  readonly now: number;
  readonly ring: Ring;
  readonly revocations: Pick<RevocationIndex, 'byId' | 'findAll'>;
  /** At least those that may match and are not in the ring yet; those that don't match do no harm. */
  readonly credentials: Iterable<IssuedCredential>;
  /** What revoked users may take of the account JWT; `REVOKED_BYTES` unless given. */
  readonly budgetBytes?: number;
}

export interface Plan {
  /** The ring's next revoked users; the same object when nothing changes. */
  readonly revoked: Ring['revoked'];
  /** Public signing keys to revoke, for there are too many users to name one by one. */
  readonly revokeKeys: readonly string[];
  /** What the revoked users take of the account JWT, about. */
  readonly bytes: number;
  /** They take more than half of what they may. */
  readonly nearBudget: boolean;
}

/** A quarter of what a server takes for an account JWT (1 MB). */
export const REVOKED_BYTES = 256 * 1024;

/** `"U…":1795343400,` is 70 bytes of JSON, and base64url makes four characters of three bytes. */
export const ENTRY_BYTES = 94;

/** So far a server's clock may be behind: there a credential lives that much longer. As for draining keys. */
export const SLOW_SERVER_SECONDS = 5;

/** So long an entry that is gone is remembered, to be cleaned out of an account JWT from before that comes back. */
const MEMORY_SECONDS = 86_400;

/**
 * Which users the account JWT must revoke, by the revocations in force and the credentials that are
 * alive: a pure function, so that it can be repeated after any crash. Repeated on its own answer it
 * changes nothing.
 *
 * A credential of a key that is retired needs no entry: no server takes it any more.
 */
export function planRevoked(input: PlanInput): Plan {
  const { ring, budgetBytes = REVOKED_BYTES } = input;
  const users = new Map(Object.entries(ring.revoked));
  forget(users, input);
  const before = new Map(users);
  const added = add(users, input);
  const revokeKeys = fit({ users, added, before }, budgetBytes / ENTRY_BYTES);
  const bytes = countLive(users) * ENTRY_BYTES;
  return {
    revoked: unchanged(users, ring.revoked) ? ring.revoked : Object.fromEntries(users),
    revokeKeys,
    bytes,
    nearBudget: bytes * 2 > budgetBytes,
  };
}

/** What is lifted or expired is gone; what was gone for long is forgotten. */
function forget(users: Map<string, RevokedUser>, { now, revocations }: PlanInput): void {
  for (const [user, entry] of users) {
    if (entry.gone) {
      if (entry.until + MEMORY_SECONDS <= now) users.delete(user);
      continue;
    }
    const by = entry.by.filter((id) => revocations.byId.has(id));
    if (by.length === 0 || entry.until <= now) users.set(user, { ...entry, by: [], gone: true });
    else if (by.length < entry.by.length) users.set(user, { ...entry, by });
  }
}

/** Users that this plan revokes → the keys that signed for them. */
type Added = Map<string, Set<string>>;

function add(users: Map<string, RevokedUser>, input: PlanInput): Added {
  const { now, ring, revocations, credentials } = input;
  const retired = new Set(
    ring.keys.filter(({ state }) => state === 'retired').map(({ publicKey }) => publicKey),
  );
  const added: Added = new Map();
  for (const credential of credentials) {
    const { user, signingKey, account, expiresAt, issuedAt } = credential;
    if (account !== ring.account || expiresAt <= now || retired.has(signingKey)) continue;
    const applying = revocations.findAll(credential);
    if (applying.length === 0) continue;
    const before = users.get(user);
    const known = before?.gone ? undefined : before;
    const keys = added.get(user);
    if (keys) keys.add(signingKey);
    else if (!known) added.set(user, new Set([signingKey]));
    users.set(user, {
      at: Math.max(issuedAt, known?.at ?? 0, ...applying.map(({ at }) => at)),
      until: Math.max(expiresAt + SLOW_SERVER_SECONDS, known?.until ?? 0),
      by: [...new Set([...(known?.by ?? []), ...applying.map(({ id }) => id)])],
    });
  }
  return added;
}

/**
 * Where there are too many, revokes keys instead, those behind the most users first, until the
 * rest fits. Only users that this plan adds are left out: of others it is not known that no other
 * key signed for them.
 */
function fit(
  {
    users,
    added,
    before,
  }: { users: Map<string, RevokedUser>; added: Added; before: ReadonlyMap<string, RevokedUser> },
  most: number,
): string[] {
  const revoked: string[] = [];
  let live = countLive(users);
  while (live > most && added.size > 0) {
    const key = busiestKey(added);
    revoked.push(key);
    for (const [user, keys] of added) {
      keys.delete(key);
      if (keys.size > 0) continue;
      added.delete(user);
      const was = before.get(user);
      if (was) users.set(user, was);
      else users.delete(user);
      live -= 1;
    }
  }
  return revoked;
}

function busiestKey(added: Added): string {
  const counts = new Map<string, number>();
  for (const keys of added.values()) {
    for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const [first = ''] = [...counts].toSorted(([, a], [, b]) => b - a).map(([key]) => key);
  return first;
}

function countLive(users: ReadonlyMap<string, RevokedUser>): number {
  let live = 0;
  for (const { gone } of users.values()) if (!gone) live += 1;
  return live;
}

function unchanged(users: ReadonlyMap<string, RevokedUser>, before: Ring['revoked']): boolean {
  if (users.size !== Object.keys(before).length) return false;
  for (const [user, entry] of users) {
    const was = before[user];
    if (was === entry) continue;
    if (!was || was.at !== entry.at || was.until !== entry.until || was.gone !== entry.gone) {
      return false;
    }
    if (was.by.join() !== entry.by.join()) return false;
  }
  return true;
}
