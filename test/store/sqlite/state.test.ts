import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { StoreUnavailable } from '../../../src/store/shared-state.ts';
import { openStore } from '../../../src/store/sqlite/database.ts';
import { openSqliteState } from '../../../src/store/sqlite/state.ts';
import { temporaryDirectory } from '../../audit/temporary-directory.ts';
import { eventually } from '../../support/eventually.ts';
import { follow, sharedStateContract, type StateWorld } from '../shared-state.contract.ts';

function createFile() {
  const directory = temporaryDirectory();
  const opened = new AsyncDisposableStack();
  const open = () => {
    const store = openStore({ file: join(directory.path, 'sts.db'), survive: 'process-crash' });
    const state = openSqliteState({ store, clock: systemClock });
    opened.defer(async () => {
      await state.close();
      store.close();
    });
    return { store, state };
  };
  return {
    open,
    async [Symbol.asyncDispose]() {
      await opened.disposeAsync();
      directory[Symbol.dispose]();
    },
  };
}

async function createWorld(): Promise<StateWorld> {
  const file = createFile();
  return {
    open: async () => file.open().state,
    async breakStore() {
      file.open().store.database.exec('ALTER TABLE state RENAME TO elsewhere');
    },
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

sharedStateContract('SQLite', createWorld);

test('a writer that finds the file locked says so, and can go on afterwards', async () => {
  await using file = createFile();
  const { state } = file.open();
  const other = file.open().store.database;
  other.exec('BEGIN IMMEDIATE');
  const fault: unknown = await state.write('lease', 'x', 0).catch((fault: unknown) => fault);
  expect(fault).toBeInstanceOf(StoreUnavailable);
  expect(fault).toHaveProperty('cause.message', 'database is locked');
  expect(await state.list('')).toEqual([]);
  other.exec('ROLLBACK');
  expect(await state.write('lease', 'x', 0)).toBeGreaterThan(0);
});

test('a full disk and a read-only file are reported, and nothing is written', async () => {
  await using file = createFile();
  const { state, store } = file.open();
  const pages = Number(store.database.prepare('PRAGMA page_count').get()?.['page_count']);
  store.database.exec(`PRAGMA max_page_count = ${pages}`);
  await expect(state.write('ring.APP', 'x'.repeat(100_000), 0)).rejects.toThrow(/full/);
  store.database.exec('PRAGMA query_only = ON');
  await expect(state.write('lease', 'x', 0)).rejects.toThrow(/readonly/);
  expect(await state.list('')).toEqual([]);
});

test('a watcher that slept while deletions were forgotten still gets them', async () => {
  await using file = createFile();
  const { state } = file.open();
  const { state: writer } = file.open();
  await writer.write('doomed', 'x', 0);
  await writer.write('stays', 'x', 0);
  const { told } = await follow(state, '');
  const [doomed] = await writer.list('doomed');
  await writer.write('doomed', undefined, doomed!.revision);
  // All on one turn of the event loop: the follower can't look in between.
  let last: number | undefined = 0;
  const writes = Array.from({ length: 600 }, async (_, n) => {
    const revision = await writer.write(`filler.${n}`, 'x', 0);
    last = await writer.write(`filler.${n}`, undefined, revision!);
  });
  await Promise.all(writes);
  await eventually(() => told.some(({ key, value }) => key === 'doomed' && value === undefined));
  expect(last).toBeGreaterThan(1000);
  expect(await state.list('')).toMatchObject([{ key: 'stays' }]);
  expect(told.filter(({ key }) => key === 'stays')).toHaveLength(1);
});

test('what is deleted is not remembered for ever', async () => {
  await using file = createFile();
  const { state, store } = file.open();
  for (let n = 0; n < 1100; n++) {
    const revision = await state.write(`revocation.${n}`, 'x', 0);
    await state.write(`revocation.${n}`, undefined, revision!);
  }
  const rows = Number(store.database.prepare('SELECT count(*) AS n FROM state').get()?.['n']);
  expect(rows).toBeLessThanOrEqual(1000);
  expect(rows).toBeGreaterThan(0);
});
