import type { Ring } from '../../keyring/ring.ts';
import type { CredentialLedger, IssuedCredential, LedgerFilter } from '../../revocation/ledger.ts';

/**
 * The credentials that servers still take: of those that have not expired, the ones that these
 * rings have not cut. Throws when the ledger can't be read.
 */
export async function* livingCredentials(
  ledger: CredentialLedger,
  rings: Iterable<Ring>,
  filter: LedgerFilter,
): AsyncGenerator<IssuedCredential> {
  const isCut = cutBy(rings);
  for await (const credential of ledger.alive(filter)) if (!isCut(credential)) yield credential;
}

/** What is cut is revoked as a user, or signed by a key that is retired. */
function cutBy(rings: Iterable<Ring>): (credential: IssuedCredential) => boolean {
  const accounts = new Map<string, Pick<Ring, 'revoked'> & { retired: ReadonlySet<string> }>();
  for (const { account, kind, keys, revoked } of rings) {
    // The JWT of an external account is the operator's: what its ring says cuts nobody.
    if (kind === 'external') continue;
    const retired = keys.flatMap(({ state, publicKey }) => (state === 'retired' ? publicKey : []));
    accounts.set(account, { revoked, retired: new Set(retired) });
  }
  return ({ account, user, signingKey, issuedAt }) => {
    const ring = accounts.get(account);
    if (!ring) return false;
    const entry = ring.revoked[user];
    return ring.retired.has(signingKey) || (entry && !entry.gone ? issuedAt <= entry.at : false);
  };
}
