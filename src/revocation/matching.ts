import type { IssuedCredential } from './ledger.ts';

/**
 * The living credentials of one account that revocations apply to, as many of them as a plan needs:
 * a key behind more users than there is room for is revoked itself, whoever the others are. So a
 * revocation of everyone takes little memory, and holds up the event loop no longer.
 */
export interface Matching {
  values(): Iterable<IssuedCredential>;
  /** Users that the ring revokes already need no room. */
  add(credential: IssuedCredential, isRevoked: (user: string) => boolean): void;
  /** Takes out what is no longer meant. */
  keep(isMeant: (credential: IssuedCredential) => boolean): void;
  /** Keys that have more credentials than are here. */
  readonly overfull: ReadonlySet<string>;
}

/** `most`: so many users there is room for. */
export function createMatching(most: number): Matching {
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
