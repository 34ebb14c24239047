import { type Clock, unixSeconds } from '../clock.ts';
import { revokeKey } from '../keyring/changes.ts';
import type { Ring } from '../keyring/ring.ts';
import type { CredentialLedger, IssuedCredential, LedgerFilter } from '../revocation/ledger.ts';
import { type Plan, planRevoked } from '../revocation/plan.ts';
import type { RevocationTarget } from '../revocation/revocation.ts';
import type { RevocationIndex } from '../revocation/revocation-index.ts';

/** What is known of one account between two passes. */
interface Book {
  /** Revocations whose credentials were looked up. */
  readonly searched: Set<string>;
  /** Up to when what was recorded has been looked through, milliseconds since the Unix epoch. */
  through: number;
  /** Credentials that a revocation applies to, by user and signing key, until they expire. */
  readonly matching: Map<string, IssuedCredential>;
}

/** A record is dated before it is committed; what is this old is in the ledger, if it ever will be. */
const COMMIT_MILLISECONDS = 10_000;

/**
 * Brings a ring's revoked users to what the revocations in force say. Credentials that were issued
 * before a revocation was known to the process that issued them are found afterwards, at every pass.
 */
export function createRevoker({
  ledger,
  revocations,
  clock,
  planned,
}: {
  readonly ledger: CredentialLedger;
  readonly revocations: Pick<RevocationIndex, 'byId' | 'findAll'>;
  readonly clock: Clock;
  /** Told of every plan. */
  readonly planned: (account: string, before: Ring, plan: Plan) => void;
}): (ring: Ring) => Promise<Ring> {
  const books = new Map<string, Book>();

  async function collect(book: Book, filter: LedgerFilter): Promise<void> {
    for await (const credential of ledger.alive(filter)) {
      if (revocations.findAll(credential).length === 0) continue;
      book.matching.set(`${credential.user} ${credential.signingKey}`, credential);
    }
  }

  async function search(account: string): Promise<Book> {
    const book = books.get(account) ?? newBook(clock);
    books.set(account, book);
    const startedAt = clock.now();
    const fresh = [...revocations.byId.values()].filter(({ id }) => !book.searched.has(id));
    for (const { id, target } of fresh) {
      for (const filter of filtersOf(target)) await collect(book, { ...filter, account });
      book.searched.add(id);
    }
    if (revocations.byId.size > 0) {
      await collect(book, { account, recordedSince: book.through - COMMIT_MILLISECONDS });
    }
    book.through = startedAt;
    return book;
  }

  return async (ring) => {
    if (ring.kind === 'external') return ring;
    const { matching } = await search(ring.account);
    const now = unixSeconds(clock);
    for (const [key, { expiresAt }] of matching) if (expiresAt <= now) matching.delete(key);
    const plan = planRevoked({ now, ring, revocations, credentials: matching.values() });
    planned(ring.account, ring, plan);
    const next = plan.revoked === ring.revoked ? ring : { ...ring, revoked: plan.revoked };
    return plan.revokeKeys.reduce((ring, key) => revokeKey(ring, key, clock.now()) ?? ring, next);
  };
}

function newBook(clock: Clock): Book {
  return { searched: new Set(), through: clock.now(), matching: new Map() };
}

/** An identity may also be the one who acted for another, which the ledger has no filter for. */
function filtersOf(target: RevocationTarget): LedgerFilter[] {
  if ('nkey' in target) return [{ user: target.nkey }];
  if ('role' in target) return [{ role: target.role }];
  if ('binding' in target) return [{ binding: target.binding }];
  return [{}];
}
