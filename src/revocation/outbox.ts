import type { DatabaseSync } from 'node:sqlite';
import type { IssuedEvent } from '../audit/event.ts';
import { type Clock, unixSeconds } from '../clock.ts';
import type { Store } from '../store/sqlite/database.ts';
import { credentialOf } from './issued-credential.ts';
import type { IssuedCredential } from './ledger.ts';

/** Records that have not reached the shared ledger: those of the local audit log behind a mark. */
export interface Outbox {
  /** The next records and the mark behind them; undefined when there are none. */
  next(): { readonly credentials: readonly IssuedCredential[]; readonly mark: number } | undefined;
  /** Everything up to the mark has arrived. */
  arrived(mark: number): void;
  /** The mark behind everything that is committed. */
  end(): number;
  /** Writes down how far it has come. Without it, a restart sends some records again. */
  save(): void;
}

export interface OutboxOptions {
  /** The store that the audit log writes to. */
  readonly store: Store;
  readonly clock: Clock;
  /** Where the records go. Each destination has its own mark. */
  readonly destination: string;
  /** A new destination gets what was recorded in this time. */
  readonly longestLifetimeSeconds: () => number;
}

/** So many records are read, and their credentials sent, at once. */
const PORTION = 250;

export function openOutbox(options: OutboxOptions): Outbox {
  const { store, clock, destination } = options;
  const db = store.database;
  const read = db.prepare(
    `SELECT id,
            CASE WHEN event ->> '$.type' = 'issued' AND event ->> '$.expiresAt' > ?
                 THEN event END AS event
       FROM audit WHERE id > ? ORDER BY id LIMIT ${PORTION}`,
  );
  const newest = db.prepare('SELECT coalesce(max(id), 0) AS id FROM audit');
  const mark = db.prepare(
    `INSERT INTO forwarded (destination, audit_id) VALUES (?, ?)
     ON CONFLICT (destination) DO UPDATE SET audit_id = max(audit_id, excluded.audit_id)`,
  );
  let arrived = savedMark(db, destination) ?? firstMark(options);
  let saved: number | undefined;

  return {
    next() {
      const rows = read.all(unixSeconds(clock), arrived) as unknown as Row[];
      const last = rows.at(-1);
      return last && { credentials: rows.flatMap(credentialsOf), mark: last.id };
    },
    arrived(mark) {
      arrived = Math.max(arrived, mark);
    },
    end: () => (newest.get() as unknown as Row).id,
    save() {
      if (saved === arrived) return;
      mark.run(destination, arrived);
      saved = arrived;
    },
  };
}

interface Row {
  readonly id: number;
  readonly event: string | null;
}

function credentialsOf({ event }: Row): IssuedCredential[] {
  return event === null ? [] : [credentialOf(JSON.parse(event) as IssuedEvent)];
}

function savedMark(db: DatabaseSync, destination: string): number | undefined {
  const row = db
    .prepare('SELECT audit_id AS id FROM forwarded WHERE destination = ?')
    .get(destination);
  return row === undefined ? undefined : Number(row['id']);
}

/** Before the oldest record whose credential can be alive. */
function firstMark({ store, clock, longestLifetimeSeconds }: OutboxOptions): number {
  const since = clock.now() - longestLifetimeSeconds() * 1000;
  const row = store.database
    .prepare('SELECT min(id) AS first FROM audit WHERE time >= ?')
    .get(Math.floor(since));
  return row?.['first'] === null ? 0 : Number(row?.['first']) - 1;
}
