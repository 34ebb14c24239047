import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { openSqliteLog } from '../../src/audit/sinks/sqlite.ts';
import { systemClock } from '../../src/clock.ts';
import { openSqliteLedger } from '../../src/revocation/sqlite-ledger.ts';
import { openStore } from '../../src/store/sqlite/database.ts';
import type { IssuedEvent } from '../../src/audit/event.ts';
import { inTransaction } from '../../src/store/sqlite/database.ts';
import { denied, identity, rejected } from '../audit/events.ts';
import { temporaryDirectory } from '../audit/temporary-directory.ts';
import { ledgerContract, list, living } from './ledger.contract.ts';

function createFile(longestLifetimeSeconds = 3600) {
  const directory = temporaryDirectory();
  const store = openStore({ file: join(directory.path, 'sts.db'), survive: 'process-crash' });
  const log = openSqliteLog({ store, clock: systemClock, retentionSeconds: 86_400 });
  const ledger = openSqliteLedger({
    store,
    clock: systemClock,
    longestLifetimeSeconds: () => longestLifetimeSeconds,
  });
  return {
    store,
    log,
    ledger,
    async [Symbol.asyncDispose]() {
      await log.close();
      store.close();
      directory[Symbol.dispose]();
    },
  };
}

ledgerContract('SQLite', async () => {
  const file = createFile();
  return {
    ledger: file.ledger,
    async issue(events) {
      await Promise.all(events.map((event) => file.log.record(event)));
    },
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
});

test('other records are passed over, however many', async () => {
  await using file = createFile();
  const time = Date.now();
  const others = Array.from({ length: 700 }, () => [denied({ time }), rejected({ time })]).flat();
  const event = living({ time });
  await Promise.all([...others, event].map((event) => file.log.record(event)));
  expect(await list(file.ledger)).toMatchObject([{ user: event.user }]);
});

test('records from before the longest lifetime are not looked at', async () => {
  await using file = createFile(600);
  const now = Date.now();
  await file.log.record(living({ time: now - 601_000 }));
  await file.log.record(living({ time: now - 590_000, role: 'inside' }));
  expect(await list(file.ledger)).toMatchObject([{ role: 'inside' }]);
});

test('a record of an older version, which lacks the age of its token, counts as the oldest', async () => {
  await using file = createFile();
  const { tokenIssuedAt: _, ...old } = living();
  file.store.database
    .prepare('INSERT INTO audit (time, event) VALUES (?, ?)')
    .run(old.time, JSON.stringify(old));
  expect(await list(file.ledger)).toMatchObject([{ user: old.user, tokenIssuedAt: 0 }]);
});

/** As the log does it, and much faster. */
function write(file: ReturnType<typeof createFile>, events: readonly IssuedEvent[]): void {
  const { database } = file.store;
  const insert = database.prepare('INSERT INTO audit (time, event) VALUES (?, ?)');
  inTransaction(database, () => {
    for (const event of events) insert.run(event.time, JSON.stringify(event));
  });
}

test('whatever characters a name has, it is found, and nobody else', async () => {
  await using file = createFile();
  const special = fc.constantFrom('*', '?', '[', ']', '"', '\\', '\u0000', '\ud800', 'é', '😀');
  const name = fc.string({ unit: fc.oneof(special, fc.string({ unit: 'binary', maxLength: 1 })) });
  const property = fc.asyncProperty(name, name, async (one, other) => {
    file.store.database.exec('DELETE FROM audit');
    const event = living({ identity: { ...identity, subject: one }, binding: other });
    write(file, [event, living()]);
    const { user } = event;
    expect(await list(file.ledger, { subject: one })).toMatchObject([{ user }]);
    expect(await list(file.ledger, { binding: other, role: event.role })).toMatchObject([{ user }]);
    const party = { issuerName: identity.issuerName, subject: one };
    expect(await list(file.ledger, { party })).toMatchObject([{ user }]);
    expect(await list(file.ledger, { subject: `${one}!` })).toEqual([]);
  });
  await fc.assert(property, { numRuns: 25 });
});

test('a name longer than a pattern may be is found, too', async () => {
  await using file = createFile();
  const subject = '['.repeat(20_000);
  write(file, [living(), living({ identity: { ...identity, subject } })]);
  expect(await list(file.ledger, { subject })).toHaveLength(1);
});

test('what was recorded before the clock was set back is found', async () => {
  await using file = createFile(600);
  const now = Date.now();
  write(file, [
    living({ time: now - 700_000 }),
    living({ time: now + 300_000, role: 'ahead' }),
    living({ time: now - 500_000, role: 'set back' }),
  ]);
  expect(await list(file.ledger)).toMatchObject([{ role: 'ahead' }, { role: 'set back' }]);
});

test('when the newest records are gone, a position from before means everything', async () => {
  await using file = createFile();
  write(file, [living({ role: 'first' }), living()]);
  const position = await file.ledger.latest();
  file.store.database.exec('DELETE FROM audit WHERE id > 1');
  expect(await list(file.ledger, { after: position })).toMatchObject([{ role: 'first' }]);
  write(file, [living({ role: 'next' })]);
  expect(await list(file.ledger, { after: position })).toMatchObject([{ role: 'next' }]);
});

test('others get their turn while tens of thousands are searched, and more than it parses at once are found', async () => {
  await using file = createFile();
  const often = Array.from({ length: 1300 }, () => living({ role: 'often' }));
  const rest = Array.from({ length: 25_000 }, () => living({ role: 'rest' }));
  write(file, [...rest.slice(0, 1999), ...often, ...rest.slice(1999)]);
  let turns = 0;
  let counting = true;
  const count = (): void => {
    turns += 1;
    if (counting) setImmediate(count);
  };
  count();
  expect(await list(file.ledger, { role: 'often' })).toMatchObject(
    often.map(({ user }) => ({ user })),
  );
  counting = false;
  expect(turns).toBeGreaterThan(13);
});
