import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import type { IssuedEvent } from '../audit/event.ts';
import { type Clock, unixSeconds } from '../clock.ts';
import type { Store } from '../store/sqlite/database.ts';
import type { CredentialLedger, IssuedCredential, LedgerFilter, LedgerPosition } from './ledger.ts';
import { credentialOf, fits } from './issued-credential.ts';

export interface SqliteLedgerOptions {
  /** The store that the audit log writes to. */
  readonly store: Store;
  readonly clock: Clock;
  /** No credential that was issued in the past lives longer: older records are not looked at. */
  readonly longestLifetimeSeconds: () => number;
}

/** Records searched in one turn of the event loop: 1 to 2 ms at 1 KB each. */
const SEARCHED = 2000;

/** Records parsed in one turn: about 3 ms. */
const PARSED = 500;

/** Times read in one turn: about 1 ms. */
const TIMES = 20_000;

/**
 * The ledger of all processes that keep their audit log in one file: it reads the log's `issued` records.
 *
 * Positions are ids. SQLite has one writer at a time, and gives an id while it holds the lock until
 * the commit, so that no record becomes visible behind one with a greater id; AUTOINCREMENT gives
 * none twice, also when the newest records are deleted.
 *
 * Searched in native code, about 60 ms of processor time for 100,000 records.
 */
export function openSqliteLedger(options: SqliteLedgerOptions): CredentialLedger {
  return {
    alive: (filter) => alive(options, filter),
    latest: async () => String(newestId(options.store.database)),
  };
}

async function* alive(
  options: SqliteLedgerOptions,
  { after, ...filter }: LedgerFilter,
): AsyncGenerator<IssuedCredential> {
  const { database } = options.store;
  const now = unixSeconds(options.clock);
  const newest = newestId(database);
  const search = prepareSearch(database, filter);
  let position = readPosition(after, newest) ?? (await beforeWindow(options));
  while (position < newest) {
    const end = Math.min(position + SEARCHED, newest);
    const rows = search(position, end);
    for (const { event } of rows) {
      const credential = parse(event);
      if (credential && credential.expiresAt > now && fits(filter, credential)) yield credential;
    }
    position = (rows.length < PARSED ? undefined : rows.at(-1)?.id) ?? end;
    await turn();
  }
}

interface Row {
  readonly id: number;
  readonly event: string;
}

/** Finds what may fit, in the ids after the first and up to the second, `PARSED` of them at most. */
function prepareSearch(
  db: DatabaseSync,
  filter: LedgerFilter,
): (after: number, end: number) => Row[] {
  const patterns = recordPatterns(filter);
  const statement: StatementSync = db.prepare(
    `SELECT id, event FROM audit
      WHERE id > ? AND id <= ? ${'AND event GLOB ? '.repeat(patterns.length)}
      ORDER BY id LIMIT ${PARSED}`,
  );
  return (after, end) => statement.all(after, end, ...patterns) as unknown as Row[];
}

function parse(text: string): IssuedCredential | undefined {
  const event = JSON.parse(text) as IssuedEvent;
  return event.type === 'issued' ? credentialOf(event) : undefined;
}

/** Undefined: everything is to be read. */
function readPosition(after: LedgerPosition | undefined, newest: number): number | undefined {
  const id = after === undefined ? Number.NaN : Number(after);
  return id <= newest ? id : undefined;
}

/**
 * The id before the first record that can be of a living credential. Clocks are set back at times:
 * the first by id need not be the first by time, so the times of all are looked at, in their index.
 */
async function beforeWindow({
  store: { database },
  clock,
  longestLifetimeSeconds,
}: SqliteLedgerOptions): Promise<number> {
  const statement = database.prepare(
    `SELECT min(id) AS first, max(time) AS last, count(*) AS count
       FROM (SELECT id, time FROM audit WHERE time >= ? ORDER BY time, id LIMIT ${TIMES})`,
  );
  let first = Number.POSITIVE_INFINITY;
  let time = Math.floor(clock.now() - longestLifetimeSeconds() * 1000);
  for (;;) {
    const portion = statement.get(time) as unknown as Portion;
    if (portion.count > 0) first = Math.min(first, portion.first);
    if (portion.count < TIMES) return first - 1;
    // What is left of the last millisecond has greater ids than what was seen of it.
    time = portion.last + 1;
    await turn();
  }
}

/** `first` and `last` are null where `count` is 0. */
interface Portion {
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

function newestId(db: DatabaseSync): number {
  return Number(db.prepare('SELECT coalesce(max(id), 0) AS id FROM audit').get()?.['id']);
}

/**
 * GLOB patterns that the JSON of every `issued` record matches which the filter means. Some others
 * match, too: the claims may have the same name and value. The most selective come first, since
 * SQLite goes on to the next only where one has matched.
 */
function recordPatterns(filter: LedgerFilter): string[] {
  const { user, party, subject, signingKey, binding, role, issuerName, account } = filter;
  const members = [
    ['user', user],
    ['subject', party?.subject],
    ['subject', subject],
    ['signingKey', signingKey],
    // Of `binding` and of `actorBinding`.
    ['inding', binding],
    ['role', role],
    ['issuerName', party?.issuerName],
    ['issuerName', issuerName],
    ['account', account],
    ['type', 'issued'],
  ] as const;
  return members.flatMap(([name, value]) =>
    value === undefined || value.length > LONGEST ? [] : pattern(name, value),
  );
}

/** SQLite takes no pattern longer than 50,000 bytes; a character becomes six at most. */
const LONGEST = 8000;

/**
 * A member as `JSON.stringify`, which records are made with, writes it. Without its first quotation
 * mark: SQLite jumps to the first character of what it looks for, and those are everywhere.
 */
function pattern(name: string, value: string): string {
  const member = `${name}":${JSON.stringify(value)}`;
  return `*${member.replaceAll(/[*?[]/g, '[$&]')}*`;
}
