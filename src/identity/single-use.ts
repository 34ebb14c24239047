import type { DatabaseSync } from 'node:sqlite';
import { type Clock, unixSeconds } from '../clock.ts';

/**
 * Remembers what may be used once.
 *
 * Of any number of concurrent claims of one (issuer, jti), also from several processes where the
 * adapter is shared between them, exactly one is told `true`. It is remembered up to `expiresAt`
 * (Unix seconds); ask for nothing that has expired already. What can't be remembered must not be
 * accepted: `SingleUseFull` or `SingleUseUnavailable` is thrown.
 */
export interface SingleUse {
  claim(issuer: string, jti: string, expiresAt: number): boolean | Promise<boolean>;
}

/** The place where claims are remembered can't be reached or written now. */
export class SingleUseUnavailable extends Error {
  override readonly name = 'SingleUseUnavailable';
}

/** Thrown by the in-memory adapter when it is full of claims that have not expired. */
export class SingleUseFull extends Error {
  override readonly name = 'SingleUseFull';
}

const PRUNE_EVERY_SECONDS = 60;

/** For one process. Bounded: about 200 bytes an entry. Nothing that still counts is ever forgotten to make room. */
export function memorySingleUse({
  clock,
  capacity = 100_000,
}: {
  clock: Clock;
  capacity?: number;
}): SingleUse {
  const expiries = new Map<string, number>();
  let pruneAt = 0;

  function prune(now: number): void {
    if (now < pruneAt && expiries.size < capacity) return;
    pruneAt = now + PRUNE_EVERY_SECONDS;
    for (const [name, expiresAt] of expiries) if (expiresAt <= now) expiries.delete(name);
  }

  return {
    claim(issuer, jti, expiresAt) {
      const now = unixSeconds(clock);
      prune(now);
      const name = JSON.stringify([issuer, jti]);
      if ((expiries.get(name) ?? Number.NEGATIVE_INFINITY) > now) return false;
      if (expiries.size >= capacity) throw new SingleUseFull(`${capacity} claims are remembered`);
      expiries.set(name, expiresAt);
      return true;
    },
  };
}

/**
 * In the store's database (its table `single_use` is in `store/schema.ts`), for all processes that share the file. SQLite runs writers one after
 * the other, so the one statement that claims is atomic between them.
 */
export function openSingleUse({
  database,
  clock,
}: {
  database: DatabaseSync;
  clock: Clock;
}): SingleUse {
  // A row that has expired but isn't pruned yet is as good as none.
  const claim = database.prepare(`
    INSERT INTO single_use (issuer, jti, expires_at) VALUES (?, ?, ?)
    ON CONFLICT (issuer, jti) DO UPDATE SET expires_at = excluded.expires_at
    WHERE single_use.expires_at <= ?
  `);
  const prune = database.prepare('DELETE FROM single_use WHERE expires_at <= ?');
  let pruneAt = 0;

  return {
    claim(issuer, jti, expiresAt) {
      const now = unixSeconds(clock);
      try {
        if (now >= pruneAt) {
          pruneAt = now + PRUNE_EVERY_SECONDS;
          prune.run(now);
        }
        return Number(claim.run(issuer, jti, expiresAt, now).changes) === 1;
      } catch (cause) {
        throw new SingleUseUnavailable('a used token could not be written down', { cause });
      }
    },
  };
}
