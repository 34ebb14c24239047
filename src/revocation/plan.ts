import { type Ring, type RevokedUser, trustedKeys } from '../keyring/ring.ts';
import type { IssuedCredential } from './ledger.ts';
import type { RevocationIndex } from './revocation-index.ts';

export interface PlanInput {
  /** Unix seconds. */
  readonly now: number;
  readonly ring: Ring;
  readonly revocations: Pick<RevocationIndex, 'byId' | 'findAll'>;
  /**
   * At least those that may match of users that the ring does not revoke yet, and of others all or
   * none; those that don't match do no harm.
   */
  readonly credentials: Iterable<IssuedCredential>;
  /** What revoked users can take of the account JWT; without bound unless given. */
  readonly roomBytes?: number;
  /** What they may take of it where there is room; `REVOKED_BYTES` unless given. */
  readonly budgetBytes?: number;
}

export interface Plan {
  /** The ring's next revoked users; the same object when nothing changes. */
  readonly revoked: Ring['revoked'];
  /** Public signing keys to revoke, for there are too many users to name one by one. */
  readonly revokeKeys: readonly string[];
  /** What the revoked users take of the account JWT, about. */
  readonly bytes: number;
  /** What they may take. */
  readonly budgetBytes: number;
  /** They take more than half of what they may. */
  readonly nearBudget: boolean;
}

/** A quarter of what a server takes for an account JWT (1 MB). */
export const REVOKED_BYTES = 256 * 1024;

/** So much is left free for keys to come; where that is more than half, half. */
const RESERVED_BYTES = 32 * 1024;

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
  const { ring, roomBytes = Number.POSITIVE_INFINITY } = input;
  const wantedBytes = input.budgetBytes ?? REVOKED_BYTES;
  const budgetBytes = Math.min(wantedBytes, Math.max(roomBytes - RESERVED_BYTES, roomBytes / 2));
  const users = new Map(Object.entries(ring.revoked));
  forget(users, input);
  const before = new Map(users);
  const signers = add(users, input);
  const most = { wanted: budgetBytes / ENTRY_BYTES, possible: roomBytes / ENTRY_BYTES };
  const revokeKeys = fit({ ring, users, signers, before }, most);
  const bytes = countLive(users) * ENTRY_BYTES;
  return {
    revoked: unchanged(users, ring.revoked) ? ring.revoked : Object.fromEntries(users),
    revokeKeys,
    bytes,
    budgetBytes,
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

/** Users that revocations apply to → the keys that signed for them. */
type Signers = Map<string, Set<string>>;

function add(users: Map<string, RevokedUser>, input: PlanInput): Signers {
  const { now, ring, revocations, credentials } = input;
  const retired = new Set(
    ring.keys.filter(({ state }) => state === 'retired').map(({ publicKey }) => publicKey),
  );
  const signers: Signers = new Map();
  for (const credential of credentials) {
    const { user, signingKey, account, expiresAt, issuedAt } = credential;
    if (account !== ring.account || expiresAt <= now || retired.has(signingKey)) continue;
    const applying = revocations.findAll(credential);
    if (applying.length === 0) continue;
    signers.set(user, (signers.get(user) ?? new Set()).add(signingKey));
    const before = users.get(user);
    const known = before?.gone ? undefined : before;
    users.set(user, {
      at: Math.max(issuedAt, known?.at ?? 0, ...applying.map(({ at }) => at)),
      until: Math.max(expiresAt + SLOW_SERVER_SECONDS, known?.until ?? 0),
      by: [...new Set([...(known?.by ?? []), ...applying.map(({ id }) => id)])],
    });
  }
  return signers;
}

interface Fit {
  readonly ring: Ring;
  readonly users: Map<string, RevokedUser>;
  readonly signers: Signers;
  /** The users before this plan added any. */
  readonly before: ReadonlyMap<string, RevokedUser>;
}

/**
 * Where there are too many, revokes keys instead, those behind the most users first, until the
 * rest fits. Those in the ring already give way only where there is no other room: they are in the
 * account JWT, and revoking a key disconnects others too.
 */
function fit(
  { ring, users, signers, before }: Fit,
  most: { readonly wanted: number; readonly possible: number },
): string[] {
  const revoked: string[] = [];
  const left = new Set(trustedKeys(ring).map(({ publicKey }) => publicKey));
  let live = countLive(users);
  const isNew = (user: string) => before.get(user)?.gone !== undefined || !before.has(user);
  const revokeBusiest = (counts: (user: string) => boolean): boolean => {
    const key = busiestKey(signers, { left, counts });
    if (key === undefined) return false;
    left.delete(key);
    revoked.push(key);
    for (const [user, keys] of signers) {
      if (!keys.delete(key) || keys.size > 0) continue;
      signers.delete(user);
      restore(users, user, before.get(user));
      live -= 1;
    }
    return true;
  };
  while (live > most.wanted && revokeBusiest(isNew));
  while (live > most.possible && revokeBusiest(() => true));
  return revoked;
}

/** Nobody trusts a key of this user any more. */
function restore(
  users: Map<string, RevokedUser>,
  user: string,
  was: RevokedUser | undefined,
): void {
  if (was) users.set(user, { ...was, by: [], gone: true });
  else users.delete(user);
}

/** Of the keys left in the ring, the one that signed for the most users that count. */
function busiestKey(
  signers: Signers,
  { left, counts }: { left: ReadonlySet<string>; counts: (user: string) => boolean },
): string | undefined {
  const users = new Map<string, number>();
  for (const [user, keys] of signers) {
    if (!counts(user)) continue;
    for (const key of keys) if (left.has(key)) users.set(key, (users.get(key) ?? 0) + 1);
  }
  return [...users].toSorted(([, a], [, b]) => b - a)[0]?.[0];
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
