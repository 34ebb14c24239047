import { existsSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { PendingKey } from '../keyring/key-ring.ts';
import { pendingKey } from '../keyring/pending.ts';
import { obstacleKey } from '../keyring/rotation-obstacles.ts';
import { parseRing, type Ring, ringKey } from '../keyring/ring.ts';
import type { Policy } from '../policy/compile.ts';
import { ringedAccounts } from '../service/signing/ringed-accounts.ts';
import { openStoreForReading } from '../store/sqlite/database.ts';

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
  const { ring, obstacle } = (account && stored(config, name)) ?? {};
  if (ring?.publicKey !== account?.publicKey || !ring || !account) return undefined;
  return pendingKey(ring, role, { scopeOf: account.scopeOf, now: clock.now(), obstacle });
}

interface Stored {
  readonly ring: Ring | undefined;
  readonly obstacle: string | undefined;
}

function stored({ store }: Config, account: string): Stored | undefined {
  if (store.jetstream || !existsSync(store.sqliteFile)) return undefined;
  try {
    const opened = openStoreForReading(store.sqliteFile);
    try {
      const read = opened.database.prepare('SELECT value FROM state WHERE key = ?');
      const text = (key: string): string | undefined => {
        const value = read.get(key)?.['value'];
        return typeof value === 'string' ? value : undefined;
      };
      const ring = text(ringKey(account));
      return {
        ring: ring === undefined ? undefined : parseRing(ring),
        obstacle: text(obstacleKey(account)),
      };
    } finally {
      opened.close();
    }
  } catch {
    // The policy can be explained without.
    return undefined;
  }
}
