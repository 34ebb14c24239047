import type { Ring } from '../../keyring/ring.ts';
import { filterOf } from '../../revocation/cutter.ts';
import { applies } from '../../revocation/match.ts';
import type { Revocation } from '../../revocation/revocation.ts';
import { livingCredentials } from './living.ts';
import type { AdminDeps } from './deps.ts';
import { countSessions } from './session-count.ts';

/** What a revocation reaches. */
export interface Reach {
  /** Living credentials that it applies to. */
  readonly credentials: number;
  /** Of those, how many are of accounts whose JWT nats-sts does not publish. */
  readonly notCut: number;
  /** Live connections of those that are cut; null where nobody knows. */
  readonly sessions: number | null;
}

/**
 * Looks through the ledger for whom a revocation applies to, and who of them is connected. `rings`
 * are those from before it: whom they have cut it does not reach.
 */
export async function reachOf(
  deps: AdminDeps,
  revocation: Pick<Revocation, 'target' | 'block' | 'at'>,
  rings: readonly Ring[],
): Promise<Reach> {
  const accounts = new Map(deps.config().accounts.map((account) => [account.name, account]));
  const users = new Map<string, Set<string>>();
  let credentials = 0;
  let notCut = 0;
  const filter = filterOf(revocation.target);
  for await (const credential of livingCredentials(deps.ledger, rings, filter)) {
    if (!applies(revocation, credential)) continue;
    credentials += 1;
    const account = accounts.get(credential.account);
    if (account?.kind !== 'managed') {
      notCut += 1;
      continue;
    }
    const known = users.get(account.publicKey) ?? new Set();
    users.set(account.publicKey, known.add(credential.user));
  }
  const sessions = await countSessions({
    sessions: deps.sessions,
    accounts: users.keys(),
    keyOf: ({ user }, account) => (users.get(account)?.has(user) ? 'theirs' : undefined),
  });
  return { credentials, notCut, sessions: sessions ? (sessions.get('theirs') ?? 0) : null };
}
