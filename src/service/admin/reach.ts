import type { Ring } from '../../keyring/ring.ts';
import { filterOf } from '../../revocation/revoker.ts';
import { applies, ISSUER_AHEAD_SECONDS } from '../../revocation/match.ts';
import { SLOW_SERVER_SECONDS } from '../../revocation/plan.ts';
import type { Revocation } from '../../revocation/revocation.ts';
import { livingCredentials } from './credentials.ts';
import { type AdminDeps, readRings } from './deps.ts';
import { countSessions } from './session-count.ts';

/** The reach of a revocation. */
export interface Reach {
  /** Credentials in use that it applies to. */
  readonly credentials: number;
  /** Of those, how many belong to accounts whose JWT nats-sts does not publish. */
  readonly notCut: number;
  /** Connections that it disconnects; null if unknown. */
  readonly sessions: number | null;
}

/**
 * Counts the credentials in the ledger that a revocation applies to, and their connections. `rings` are
 * those from before the revocation: what they have already revoked does not count.
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

/**
 * How long after a revocation a credential that it applies to may still be valid, in seconds: an older
 * subject token or session may be presented until it ends, and a process that cannot reach the store
 * may accept it. Keys remember longer lifetimes from before the configuration changed.
 */
export async function longestReachSeconds({ config, state }: AdminDeps): Promise<number> {
  const { roles, issuers, logins } = config();
  const rings = await readRings(state);
  const credentials = [
    ...roles.map(({ maxTtlSeconds }) => maxTtlSeconds),
    ...rings.flatMap(({ ring }) => ring.keys.map(({ lifetimeSeconds }) => lifetimeSeconds)),
  ];
  const tokens = issuers.map(
    ({ maxTokenLifetimeSeconds, leewaySeconds }) => maxTokenLifetimeSeconds + leewaySeconds,
  );
  const sessions = logins.map(({ sessionSeconds }) => sessionSeconds);
  const clocks = ISSUER_AHEAD_SECONDS + SLOW_SERVER_SECONDS;
  return Math.max(0, ...credentials) + Math.max(0, ...tokens, ...sessions) + clocks;
}
