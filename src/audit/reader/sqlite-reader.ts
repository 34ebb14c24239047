import type { DatabaseSync } from 'node:sqlite';
import { openStoreForReading } from '../../store/sqlite/database.ts';
import type { AuditEvent } from '../event.ts';
import type { AuditFilter, AuditReader } from '../log.ts';
import { readPage } from './page.ts';
import { type Position, select, type Where, where } from './select.ts';

/** Records are read page by page, so that a slow caller keeps no read transaction open. */
const PAGE = 500;

/** A reader that can also follow new records. */
export interface SqliteReader extends AuditReader {
  /**
   * Each call of the returned function gives the records written since the previous call (at first,
   * since `follow`), in the order they were written. `limit` is ignored.
   */
  follow(filter: AuditFilter): () => AuditEvent[];
  /** A number that changes whenever any process records something. */
  newest(): number;
}

/** Throws if there is no such store, or if this program does not know its schema. */
export function openAuditReader(file: string): SqliteReader {
  const store = openStoreForReading(file);
  const db = store.database;
  return {
    list: (filter) => list(db, filter),
    page: (ask) => readPage(db, ask),
    follow: (filter) => follow(db, filter),
    newest: () => newestId(db),
    close: () => store.close(),
  };
}

function* list(db: DatabaseSync, filter: AuditFilter): Generator<AuditEvent> {
  const asked = where(filter);
  const newest = newestId(db);
  let position = filter.limit === undefined ? START : startOfNewest(db, asked, filter.limit);
  while (position !== undefined) {
    const page = select(db, {
      // Leave out what is written meanwhile; otherwise a list could go on forever.
      sql: `${asked.sql} AND id <= ? AND (time, id) >= (?, ?) ORDER BY time, id LIMIT ${PAGE}`,
      values: [...asked.values, newest, position.time, position.id],
    });
    for (const { event } of page) yield event;
    const last = page.length < PAGE ? undefined : page.at(-1);
    position = last && { time: last.time, id: last.id + 1 };
  }
}

function follow(db: DatabaseSync, filter: AuditFilter): () => AuditEvent[] {
  const asked = where(filter);
  let seen = newestId(db);
  return () => {
    const newest = newestId(db);
    const rows = select(db, {
      sql: `${asked.sql} AND id > ? AND id <= ? ORDER BY id`,
      values: [...asked.values, seen, newest],
    });
    seen = newest;
    return rows.map(({ event }) => event);
  };
}

const START: Position = { time: Number.MIN_SAFE_INTEGER, id: 0 };

/** Where the newest `limit` records begin: the start if there are fewer, undefined if `limit` is below 1. */
function startOfNewest(db: DatabaseSync, asked: Where, limit: number): Position | undefined {
  if (limit < 1) return undefined;
  const row = db
    .prepare(
      `SELECT time, id FROM audit_events WHERE ${asked.sql} ORDER BY time DESC, id DESC LIMIT 1 OFFSET ?`,
    )
    .get(...asked.values, limit - 1);
  return row === undefined ? START : { time: Number(row['time']), id: Number(row['id']) };
}

function newestId(db: DatabaseSync): number {
  return Number(db.prepare('SELECT coalesce(max(id), 0) AS id FROM audit').get()?.['id']);
}
