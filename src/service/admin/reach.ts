import { ResolverUnreachable } from '../../account/resolver.ts';
import type { Ring } from '../../keyring/ring.ts';
import { filterOf } from '../../revocation/cutter.ts';
import { applies } from '../../revocation/match.ts';
import type { Revocation } from '../../revocation/revocation.ts';
import { livingCredentials } from './living.ts';
import type { AdminParts } from './parts.ts';

/** What a revocation reaches. */
export interface Reach {
  /** Living credentials that it applies to. */
  readonly credentials: number;
  /** Of those, how many are of accounts whose JWT nats-sts does not publish. */
  readonly notCut: number;
  /** Live connections of them; null where nobody knows. */
  readonly sessions: number | null;
}

/**
 * Looks through the ledger for whom a revocation applies to, and who of them is connected. `rings`
 * are those from before it: whom they have cut it does not reach.
 */
export async function reachOf(
  parts: AdminParts,
  revocation: Pick<Revocation, 'target' | 'block' | 'at'>,
  rings: readonly Ring[],
): Promise<Reach> {
  const accounts = new Map(parts.config().accounts.map((account) => [account.name, account]));
  const users = new Map<string, Set<string>>();
  let credentials = 0;
  let notCut = 0;
  const filter = filterOf(revocation.target);
  for await (const credential of livingCredentials(parts.ledger, rings, filter)) {
    if (!applies(revocation, credential)) continue;
    const { account, user } = credential;
    credentials += 1;
    if (accounts.get(account)?.kind !== 'managed') notCut += 1;
    const publicKey = accounts.get(account)?.publicKey;
    if (publicKey === undefined) continue;
    const known = users.get(publicKey) ?? new Set();
    users.set(publicKey, known.add(user));
  }
  return { credentials, notCut, sessions: await countSessions(parts, users) };
}

async function countSessions(
  { sessions }: AdminParts,
  users: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<number | null> {
  if (!sessions) return null;
  try {
    let count = 0;
    for (const [account, names] of users) count += await sessions.count(account, names);
    return count;
  } catch (error) {
    if (error instanceof ResolverUnreachable) return null;
    throw error;
  }
}
