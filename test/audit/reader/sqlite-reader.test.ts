import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqliteLog } from '../../../src/audit/sinks/sqlite.ts';
import { openAuditReader } from '../../../src/audit/reader/sqlite-reader.ts';
import { openStore } from '../../../src/store/sqlite/database.ts';
import { ids, issued, NOW, rejected } from '../events.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

function openTemporary() {
  const directory = temporaryDirectory();
  const file = join(directory.path, 'sts.db');
  const store = openStore({ file, survive: 'process-crash' });
  const log = openSqliteLog({ store, clock: { now: () => NOW }, retentionSeconds: 60 });
  return {
    file,
    log,
    async [Symbol.asyncDispose]() {
      await log.close();
      store.close();
      directory[Symbol.dispose]();
    },
  };
}

test('following gives each new record once, in order of writing', async () => {
  await using t = openTemporary();
  const reader = openAuditReader(t.file);
  await t.log.record(issued({ requestId: 'before' }));
  const next = reader.follow({ type: 'issued' });
  expect(ids(next())).toEqual([]);
  await t.log.record(issued({ requestId: 'second', time: NOW + 2 }));
  await t.log.record(rejected({ requestId: 'filtered out' }));
  await t.log.record(issued({ requestId: 'clock went back', time: NOW + 1 }));
  expect(ids(next())).toEqual(['second', 'clock went back']);
  expect(ids(next())).toEqual([]);
  reader.close();
});

test('a list ends, however much is written while it is read', async () => {
  await using t = openTemporary();
  const reader = openAuditReader(t.file);
  await Promise.all(
    Array.from({ length: 600 }, (_, n) => t.log.record(issued({ requestId: `${n}` }))),
  );
  let read = 0;
  for (const _event of reader.list({})) {
    read += 1;
    if (read === 10) await t.log.record(issued({ requestId: 'meanwhile' }));
  }
  expect(read).toBe(600);
  reader.close();
});

test('a list that is half read holds no lock and no snapshot', async () => {
  await using t = openTemporary();
  const reader = openAuditReader(t.file);
  await t.log.record(issued());
  const [first] = reader.list({});
  expect(first).toEqual(issued());
  const busy = openStore({ file: t.file, survive: 'process-crash' });
  // The first column is 0 when the checkpoint was kept from nothing (sqlite.org/pragma.html#pragma_wal_checkpoint).
  expect(busy.database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()).toMatchObject({ busy: 0 });
  busy.close();
  reader.close();
});

test('a reader never writes', async () => {
  await using t = openTemporary();
  using directory = temporaryDirectory();
  expect(() => openAuditReader(join(directory.path, 'missing.db'))).toThrow(
    /cannot read the store/,
  );
  const reader = openAuditReader(t.file);
  reader.close();
  expect(() => [...reader.list({})]).toThrow('database is not open');
});
