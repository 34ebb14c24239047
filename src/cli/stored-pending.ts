import { existsSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { PendingKey } from '../keyring/key-ring.ts';
import { pendingKey } from '../keyring/pending.ts';
import { parseRing, type Ring, ringKey } from '../keyring/ring.ts';
import type { Policy } from '../policy/compile.ts';
import { ringedAccounts } from '../service/ringed-accounts.ts';
import { openStoreForReading } from '../store/sqlite.ts';

/**
 * What a role waits for before its own key signs, as the store of the configuration says, beside a
 * running service or after it. Undefined when it waits for nothing, or when that cannot be read here:
 * no SQLite file, or one that this user may not read.
 */
export function storedPending(
  config: Config,
  policy: Policy,
  { account: name, name: role }: { readonly account: string; readonly name: string },
  clock: Clock,
): PendingKey | undefined {
  const account = ringedAccounts(config, policy).find((account) => account.name === name);
  const ring = account && storedRing(config, name);
  if (ring?.publicKey !== account?.publicKey || !ring || !account) return undefined;
  return pendingKey(ring, role, { scopeOf: account.scopeOf, now: clock.now() });
}

function storedRing({ store }: Config, account: string): Ring | undefined {
  if (store.jetstream || !existsSync(store.sqliteFile)) return undefined;
  try {
    const opened = openStoreForReading(store.sqliteFile);
    try {
      const row = opened.database
        .prepare('SELECT value FROM state WHERE key = ?')
        .get(ringKey(account));
      const value = row?.['value'];
      return typeof value === 'string' ? parseRing(value) : undefined;
    } finally {
      opened.close();
    }
  } catch {
    // The policy can be explained without.
    return undefined;
  }
}
