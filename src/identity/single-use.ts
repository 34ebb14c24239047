import type { DatabaseSync } from 'node:sqlite';
import { type Clock, unixSeconds } from '../clock.ts';
import { type ClaimCell, type HeldClaim, singleUseClaims } from '../store/single-use-claims.ts';

export type { HeldClaim } from '../store/single-use-claims.ts';

/**
 * Remembers what may be used once.
 *
 * Of any number of concurrent claims of one (issuer, jti), also from several processes where the
 * adapter is shared between them, exactly one gets `true`. It is remembered up to `expiresAt`
 * (Unix seconds); ask for nothing that has expired already. What can't be remembered must not be
 * accepted: `SingleUseFull` or `SingleUseUnavailable` is thrown.
 */
export interface SingleUse {
  /** For what is answered at once. */
  claim(issuer: string, jti: string, expiresAt: number): boolean | Promise<boolean>;
  /**
   * For what is answered later, or not at all: used once it is settled. Undefined: it was used. An
   * attempt that never settles does not count; see `store/single-use-claims.ts`.
   */
  hold(issuer: string, jti: string, expiresAt: number): Promise<HeldClaim | undefined>;
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

interface Name {
  readonly issuer: string;
  readonly jti: string;
}

/** For one process. Bounded: about 300 bytes an entry. Nothing that still counts is ever forgotten to make room. */
export function memorySingleUse({
  clock,
  capacity = 100_000,
}: {
  clock: Clock;
  capacity?: number;
}): SingleUse {
  const cells = new Map<string, ClaimCell>();
  let pruneAt = 0;

  function prune(now: number): void {
    if (now < pruneAt && cells.size < capacity) return;
    pruneAt = now + PRUNE_EVERY_SECONDS;
    for (const [key, { expiresAt }] of cells) if (expiresAt <= now) cells.delete(key);
  }

  /** What still counts. */
  function read(name: Name): ClaimCell | undefined {
    const cell = cells.get(keyOf(name));
    return cell && cell.expiresAt > unixSeconds(clock) ? cell : undefined;
  }

  function put(name: Name, cell: ClaimCell): void {
    const key = keyOf(name);
    if (!cells.has(key) && cells.size >= capacity) {
      throw new SingleUseFull(`${capacity} claims are remembered`);
    }
    cells.set(key, cell);
  }

  const hold = singleUseClaims<Name, ClaimCell | null>({
    none: null,
    async read(name) {
      const cell = read(name);
      return cell ? { cell, revision: cell } : { revision: null };
    },
    async write(name, cell, revision) {
      prune(unixSeconds(clock));
      if ((read(name) ?? null) !== revision) return undefined;
      if (cell) put(name, cell);
      else cells.delete(keyOf(name));
      return cell ?? null;
    },
  });

  return {
    claim(issuer, jti, expiresAt) {
      prune(unixSeconds(clock));
      if (read({ issuer, jti })?.answered) return false;
      put({ issuer, jti }, { expiresAt, attempt: '', answered: true });
      return true;
    },
    hold: (issuer, jti, expiresAt) => hold({ issuer, jti }, expiresAt),
  };
}

function keyOf({ issuer, jti }: Name): string {
  return JSON.stringify([issuer, jti]);
}

/**
 * In the store's database (its table `single_use` is in `store/schema.ts`), for all processes that share the file. SQLite runs writers one after
 * the other, so the one statement that claims is atomic between them, and what it did is known.
 */
export function openSingleUse({
  database,
  clock,
}: {
  database: DatabaseSync;
  clock: Clock;
}): SingleUse {
  // A row that has expired but isn't pruned yet is as good as none. Without an attempt it is answered.
  const insert = database.prepare(`
    INSERT INTO single_use (issuer, jti, expires_at, attempt) VALUES (?, ?, ?, ?)
    ON CONFLICT (issuer, jti) DO UPDATE SET expires_at = excluded.expires_at, attempt = excluded.attempt
    WHERE single_use.expires_at <= ?
  `);
  const claim = database.prepare(`
    INSERT INTO single_use (issuer, jti, expires_at) VALUES (?, ?, ?)
    ON CONFLICT (issuer, jti) DO UPDATE SET expires_at = excluded.expires_at, attempt = NULL
    WHERE single_use.expires_at <= ? OR single_use.attempt IS NOT NULL
  `);
  const one = database.prepare(
    'SELECT expires_at, attempt FROM single_use WHERE issuer = ? AND jti = ? AND expires_at > ?',
  );
  const replace = database.prepare(
    'UPDATE single_use SET expires_at = ?, attempt = ? WHERE issuer = ? AND jti = ? AND attempt = ?',
  );
  const remove = database.prepare(
    'DELETE FROM single_use WHERE issuer = ? AND jti = ? AND attempt = ?',
  );
  const prune = database.prepare('DELETE FROM single_use WHERE expires_at <= ?');
  let pruneAt = 0;

  function pruneIfDue(now: number): void {
    if (now < pruneAt) return;
    pruneAt = now + PRUNE_EVERY_SECONDS;
    prune.run(now);
  }

  /** The revision is the attempt: `''` where there is none, null where it has answered. */
  const hold = singleUseClaims<Name, string | null>({
    none: '',
    read: async ({ issuer, jti }) =>
      orUnavailable(() => {
        const row = one.get(issuer, jti, unixSeconds(clock)) as Row | undefined;
        if (!row) return { revision: '' };
        const { expires_at: expiresAt, attempt } = row;
        const cell = { expiresAt, attempt: attempt ?? '', answered: attempt === null };
        return { cell, revision: attempt };
      }),
    write: async ({ issuer, jti }, cell, revision) =>
      orUnavailable(() => {
        const now = unixSeconds(clock);
        pruneIfDue(now);
        const attempt = cell && !cell.answered ? cell.attempt : null;
        const { changes } =
          cell === undefined
            ? remove.run(issuer, jti, revision)
            : revision === ''
              ? insert.run(issuer, jti, cell.expiresAt, attempt, now)
              : replace.run(cell.expiresAt, attempt, issuer, jti, revision);
        if (Number(changes) === 0) return undefined;
        return cell === undefined ? '' : attempt;
      }),
  });

  return {
    claim: (issuer, jti, expiresAt) =>
      orUnavailable(() => {
        const now = unixSeconds(clock);
        pruneIfDue(now);
        return Number(claim.run(issuer, jti, expiresAt, now).changes) === 1;
      }),
    hold: (issuer, jti, expiresAt) => hold({ issuer, jti }, expiresAt),
  };
}

interface Row {
  readonly expires_at: number;
  readonly attempt: string | null;
}

function orUnavailable<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new SingleUseUnavailable('cannot record a used token', { cause });
  }
}
