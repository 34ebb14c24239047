import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import type { IssuedEvent } from '../audit/event.ts';
import { type Clock, unixSeconds } from '../clock.ts';
import type { Store } from '../store/sqlite.ts';
import { credentialOf, fits } from './issued-credential.ts';
import type { CredentialLedger, IssuedCredential, LedgerFilter } from './ledger.ts';

export interface SqliteLedgerOptions {
  /** The store that the audit log writes to. */
  readonly store: Store;
  readonly clock: Clock;
  /** No credential that was issued in the past lives longer: older records are not looked at. */
  readonly longestLifetimeSeconds: () => number;
}

/** So many records are looked at on one turn of the event loop: some milliseconds. */
const PORTION = 500;

/** The ledger of all processes that keep their audit log in one file: it reads the log's `issued` records. */
export function openSqliteLedger(options: SqliteLedgerOptions): CredentialLedger {
  return { alive: (filter) => alive(options, filter) };
}

async function* alive(
  { store: { database }, clock, longestLifetimeSeconds }: SqliteLedgerOptions,
  filter: LedgerFilter,
): AsyncGenerator<IssuedCredential> {
  const now = unixSeconds(clock);
  const since = Math.max(
    clock.now() - longestLifetimeSeconds() * 1000,
    filter.recordedSince ?? Number.NEGATIVE_INFINITY,
  );
  const newest = newestId(database);
  let position: Position | undefined = { time: Math.floor(since), id: 0 };
  while (position) {
    const rows = read(database, { position, newest, now });
    for (const { event } of rows) {
      const credential =
        event === null ? undefined : credentialOf(JSON.parse(event) as IssuedEvent);
      if (credential && fits(filter, credential)) yield credential;
    }
    const last = rows.length < PORTION ? undefined : rows.at(-1);
    position = last && { time: last.time, id: last.id + 1 };
    await turn();
  }
}

/** Place in the log, which is in the order of time and, within a millisecond, of writing. */
interface Position {
  readonly time: number;
  readonly id: number;
}

interface Row extends Position {
  /** Null: of a credential that has expired, or of none. */
  readonly event: string | null;
}

function read(
  db: DatabaseSync,
  { position, newest, now }: { position: Position; newest: number; now: number },
): Row[] {
  return db
    .prepare(
      `SELECT time, id,
              CASE WHEN event ->> '$.type' = 'issued' AND event ->> '$.expiresAt' > ?
                   THEN event END AS event
         FROM audit
        WHERE (time, id) >= (?, ?) AND id <= ?
        ORDER BY time, id LIMIT ${PORTION}`,
    )
    .all(now, position.time, position.id, newest) as unknown as Row[];
}

function newestId(db: DatabaseSync): number {
  return Number(db.prepare('SELECT coalesce(max(id), 0) AS id FROM audit').get()?.['id']);
}
