import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { LATEST, MIGRATIONS } from './schema.ts';

/** What a committed write must survive: this process's death (`kill -9`), or the machine's. */
type Survive = 'process-crash' | 'power-loss';

export interface StoreOptions {
  /** Absolute path; it and its directory are created when missing, for this user's eyes only. */
  readonly file: string;
  readonly survive: Survive;
}

/** The open file. One connection, shared by every part that keeps rows in it. */
export interface Store {
  readonly database: DatabaseSync;
  close(): void;
}

/**
 * How long a statement waits for another process's lock. It waits on the event loop, hence short:
 * this process is meant to be the only writer, others hold a lock for a backup's moment.
 */
const BUSY_MILLISECONDS = 250;

/**
 * A commit that finds this many 4 KiB pages in the write-ahead log copies them into the database,
 * on the event loop. SQLite's default (1000) stalls for 10–20 ms at a time, this for about 3,
 * and is no slower overall.
 */
const CHECKPOINT_PAGES = 256;

/** A long reader keeps the write-ahead log from being reused; once it is gone, the file shrinks to this. */
const WAL_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * Opens the file that a whole process writes to. Statements run one after the other on the event
 * loop, so a part that begins and commits within one call needs no lock.
 *
 * Throws if the file cannot be opened, is not a database, or was written by a newer nats-sts.
 */
export function openStore({ file, survive }: StoreOptions): Store {
  try {
    createPrivately(file);
    return configured(new DatabaseSync(file, { timeout: BUSY_MILLISECONDS }), (db) => {
      db.exec(`PRAGMA journal_mode = WAL`);
      // Without a sync, a commit still reaches the kernel, and so outlives the process (sqlite.org/wal.html).
      db.exec(`PRAGMA synchronous = ${survive === 'power-loss' ? 'FULL' : 'NORMAL'}`);
      db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
      db.exec(`PRAGMA journal_size_limit = ${WAL_LIMIT_BYTES}`);
      // What is deleted is overwritten where that costs no further write: sealed seeds are among it.
      db.exec('PRAGMA secure_delete = FAST');
      migrate(db);
    });
  } catch (cause) {
    throw new Error(`cannot open the store ${file}: ${messageOf(cause)}`, { cause });
  }
}

/** Opens the same file for reading, beside a running writer or after it. Never creates or migrates anything. */
export function openStoreForReading(file: string): Store {
  try {
    const db = new DatabaseSync(file, { readOnly: true, timeout: BUSY_MILLISECONDS });
    return configured(db, (db) => {
      const version = schemaVersion(db);
      if (version !== LATEST) throw schemaMismatch(version);
    });
  } catch (cause) {
    throw new Error(`cannot read the store ${file}: ${messageOf(cause)}`, { cause });
  }
}

/** SQLite gives its side files (-wal, -shm) the mode of the database, so the first `open` decides for all. */
function createPrivately(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
}

function configured(db: DatabaseSync, configure: (db: DatabaseSync) => void): Store {
  try {
    configure(db);
    return { database: db, close: () => db.close() };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Runs the steps this file hasn't seen, all or none. Two processes that start at once take turns. */
function migrate(db: DatabaseSync): void {
  if (schemaVersion(db) === LATEST) return;
  inTransaction(db, () => {
    const version = schemaVersion(db);
    if (version > LATEST) throw schemaMismatch(version);
    for (const step of MIGRATIONS.slice(version)) db.exec(step);
    db.exec(`PRAGMA user_version = ${LATEST}`);
  });
}

function schemaVersion(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
}

function schemaMismatch(version: number): Error {
  return version > LATEST
    ? new Error(`its schema is version ${version}, newer than this nats-sts knows (${LATEST})`)
    : new Error(`its schema is version ${version}; nats-sts serve brings it to ${LATEST}`);
}

/** Everything `work` writes, or nothing. `work` must not await. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  const { begin, commit } = transactionOf(db);
  begin.run();
  try {
    const result = work();
    commit.run();
    return result;
  } catch (error) {
    // Some failures (a full disk) end the transaction by themselves.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

interface Transaction {
  readonly begin: StatementSync;
  readonly commit: StatementSync;
}

/** Parsed once for each connection: the audit log begins and commits on every turn of the event loop. */
const transactions = new WeakMap<DatabaseSync, Transaction>();

function transactionOf(db: DatabaseSync): Transaction {
  const known = transactions.get(db) ?? {
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
  };
  transactions.set(db, known);
  return known;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
