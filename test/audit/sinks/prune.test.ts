import { expect, test } from 'vitest';
import { join } from 'node:path';
import { openSqliteLog, pruneBatch } from '../../../src/audit/sinks/sqlite.ts';
import { openAuditReader } from '../../../src/audit/reader/sqlite-reader.ts';
import { openStore } from '../../../src/store/sqlite/database.ts';
import { ids, issued, NOW } from '../events.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

test('a batch deletes the oldest first and no more than it may', async () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, 'sts.db');
  const store = openStore({ file, survive: 'process-crash' });
  const log = openSqliteLog({ store, clock: { now: () => NOW }, retentionSeconds: 86_400 });
  for (const n of [3, 1, 2, 4]) await log.record(issued({ requestId: `${n}`, time: NOW + n }));
  const reader = openAuditReader(file);

  expect(pruneBatch(store.database, NOW + 4, 2)).toBe(2);
  expect(ids(reader.list({}))).toEqual(['3', '4']);
  expect(pruneBatch(store.database, NOW + 4, 2)).toBe(1);
  expect(pruneBatch(store.database, NOW + 4, 2)).toBe(0);
  expect(ids(reader.list({}))).toEqual(['4']);

  reader.close();
  await log.close();
  store.close();
});
