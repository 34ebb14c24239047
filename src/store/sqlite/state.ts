import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../clock.ts';
import {
  assertStateKey,
  type SharedState,
  type StateChange,
  StoreUnavailable,
} from '../shared-state.ts';
import { inTransaction, type Store } from './database.ts';
import { createStateReplica } from '../state-replica.ts';

export interface SqliteStateOptions {
  /** Whoever opened it closes it, after this. */
  readonly store: Store;
  readonly clock: Clock;
}

/** How often other processes' changes are looked for: one look-up in an index, some µs. */
const POLL_MILLISECONDS = 100;

/**
 * Of so many revisions back, deleted keys are remembered. A process that has not looked for longer
 * reads everything anew.
 */
const REMEMBERED_REVISIONS = 1000;

/** The shared state in the SQLite file, for all processes of one machine that open it. */
export function openSqliteState({ store: { database }, clock }: SqliteStateOptions): SharedState {
  const replica = createStateReplica();
  const statements = prepare(database);
  let freshAt = 0;
  let closed = false;

  /** Takes up what was written since the last time; afterwards the replica is what the file says now. */
  function catchUp(): void {
    if (closed) throw new StoreUnavailable('the store is closed');
    const now = clock.now();
    orUnavailable('read', () => {
      const newest = statements.newest();
      const missed = replica.seen > 0 && newest - replica.seen > REMEMBERED_REVISIONS;
      const changes = newest > replica.seen ? statements.since(missed ? 0 : replica.seen) : [];
      if (missed) replica.reload(changes);
      else for (const change of changes) replica.apply(change);
    });
    freshAt = now;
  }

  /** A store that fails in the background shows in `freshAt`, which stops growing. */
  function poll(): void {
    try {
      if (!closed) catchUp();
    } catch (fault) {
      if (!(fault instanceof StoreUnavailable)) throw fault;
    }
  }

  const timer = setInterval(poll, POLL_MILLISECONDS).unref();
  poll();

  return {
    async list(prefix) {
      catchUp();
      return replica.entries(prefix);
    },
    async write(key, value, revision) {
      assertStateKey(key);
      if (closed) throw new StoreUnavailable('the store is closed');
      const written = orUnavailable('write', () =>
        inTransaction(database, () => statements.swap(key, value, revision)),
      );
      setImmediate(poll);
      return written;
    },
    async watch(prefix, listener) {
      catchUp();
      return replica.watch(prefix, listener);
    },
    freshAt: () => freshAt,
    async close() {
      closed = true;
      clearInterval(timer);
      replica.close();
    },
  };
}

interface Row {
  readonly key: string;
  readonly value: string | null;
  readonly revision: number;
}

function prepare(db: DatabaseSync) {
  const newest = db.prepare('SELECT coalesce(max(revision), 0) AS revision FROM state');
  const since = db.prepare(
    'SELECT key, value, revision FROM state WHERE revision > ? ORDER BY revision',
  );
  const one = db.prepare('SELECT value, revision FROM state WHERE key = ?');
  const put = db.prepare(
    'INSERT INTO state (key, value, revision) VALUES (?, ?, ?) ' +
      'ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision',
  );
  const forget = db.prepare('DELETE FROM state WHERE value IS NULL AND revision <= ?');

  const newestRevision = (): number => (newest.get() as unknown as Row).revision;
  const changesSince = (revision: number): StateChange[] =>
    (since.all(revision) as unknown as Row[]).map((row) => ({
      key: row.key,
      value: row.value ?? undefined,
      revision: row.revision,
    }));

  return {
    newest: newestRevision,
    since: changesSince,
    /** The new revision, or undefined when the key has another than the one expected. */
    swap(key: string, value: string | undefined, expected: number): number | undefined {
      const row = one.get(key) as unknown as Row | undefined;
      const current = row === undefined || row.value === null ? 0 : row.revision;
      if (current !== expected) return undefined;
      const revision = newestRevision() + 1;
      // Deleting what isn't there changes nothing.
      if (value === undefined && current === 0) return revision;
      put.run(key, value ?? null, revision);
      if (value === undefined) forget.run(revision - REMEMBERED_REVISIONS);
      return revision;
    },
  };
}

function orUnavailable<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StoreUnavailable(`cannot ${what} the store: ${why}`, { cause });
  }
}
