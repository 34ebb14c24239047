import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { LATEST } from '../../../src/store/sqlite/schema.ts';
import {
  inTransaction,
  openStore,
  openStoreForReading,
} from '../../../src/store/sqlite/database.ts';
import { temporaryDirectory } from '../../audit/temporary-directory.ts';

const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8);

test('the store, its side files and its directory are for this user only', () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, 'new', 'sts.db');
  const store = openStore({ file, survive: 'process-crash' });
  expect(mode(join(directory.path, 'new'))).toBe('700');
  expect([file, `${file}-wal`, `${file}-shm`].map(mode)).toEqual(['600', '600', '600']);
  store.close();
});

test('every commit is synced to the disk only where it must survive the loss of power', () => {
  using directory = temporaryDirectory();
  const level = (survive: 'process-crash' | 'power-loss'): unknown => {
    const store = openStore({ file: join(directory.path, `${survive}.db`), survive });
    const synchronous = store.database.prepare('PRAGMA synchronous').get()?.['synchronous'];
    store.close();
    return synchronous;
  };
  expect(level('process-crash')).toBe(1);
  expect(level('power-loss')).toBe(2);
});

test('a store is opened again with what it held', () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, 'sts.db');
  const first = openStore({ file, survive: 'process-crash' });
  first.database.exec("INSERT INTO audit (time, event) VALUES (1, '{}')");
  first.close();
  const second = openStore({ file, survive: 'process-crash' });
  expect(second.database.prepare('SELECT count(*) AS n FROM audit').get()).toEqual({ n: 1 });
  second.close();
});

test('a store of a newer version is refused by writer and reader, and left alone', () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, 'sts.db');
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA user_version = ${LATEST + 1}`);
  db.close();
  const before = readFileSync(file);
  expect(() => openStore({ file, survive: 'process-crash' })).toThrow(/newer than this nats-sts/);
  expect(() => openStoreForReading(file)).toThrow(/newer than this nats-sts/);
  expect(new DatabaseSync(file).prepare('PRAGMA user_version').get()).toEqual({
    user_version: LATEST + 1,
  });
  expect(before.length).toBeGreaterThan(0);
});

test('a file that is not a database is rejected by name', () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, 'sts.db');
  writeFileSync(file, 'not a database, and long enough to be sure of it '.repeat(100));
  chmodSync(file, 0o600);
  expect(() => openStore({ file, survive: 'process-crash' })).toThrow(file);
});

test('a transaction writes all or nothing', () => {
  using directory = temporaryDirectory();
  const store = openStore({ file: join(directory.path, 'sts.db'), survive: 'process-crash' });
  store.database.exec('CREATE TABLE t (n INTEGER)');
  const insert = store.database.prepare('INSERT INTO t VALUES (?)');
  expect(() =>
    inTransaction(store.database, () => {
      insert.run(1);
      throw new Error('stop');
    }),
  ).toThrow('stop');
  inTransaction(store.database, () => insert.run(2));
  expect(store.database.prepare('SELECT n FROM t').all()).toEqual([{ n: 2 }]);
  store.close();
});
