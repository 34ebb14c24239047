import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqliteLog } from '../../src/audit/sqlite-log.ts';
import { systemClock } from '../../src/clock.ts';
import { openSqliteLedger } from '../../src/revocation/sqlite-ledger.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { denied, rejected } from '../audit/events.ts';
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

test('others get their turn while a long ledger is read', async () => {
  await using file = createFile();
  await Promise.all(Array.from({ length: 2000 }, () => file.log.record(living())));
  let turns = 0;
  const count = setInterval(() => (turns += 1), 0);
  await list(file.ledger);
  clearInterval(count);
  expect(turns).toBeGreaterThan(1);
});
