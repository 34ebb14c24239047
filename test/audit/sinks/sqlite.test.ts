import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { openSqliteLog } from '../../../src/audit/sinks/sqlite.ts';
import { openAuditReader } from '../../../src/audit/reader/sqlite-reader.ts';
import { inTransaction, openStore } from '../../../src/store/sqlite/database.ts';
import { ids, issued, NOW } from '../events.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

const clock = { now: () => NOW };

afterEach(() => vi.useRealTimers());

function openTemporaryLog(more: { maxQueued?: number } = {}) {
  const directory = temporaryDirectory();
  const file = join(directory.path, 'sts.db');
  const store = openStore({ file, survive: 'process-crash' });
  const log = openSqliteLog({ store, clock, retentionSeconds: 60, ...more });
  const reader = openAuditReader(file);
  return {
    file,
    db: store.database,
    log,
    reader,
    async [Symbol.asyncDispose]() {
      await log.close();
      reader.close();
      store.close();
      directory[Symbol.dispose]();
    },
  };
}

test('a process killed with SIGKILL leaves every event whose record() had resolved', async () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, 'sts.db');
  const writer = fileURLToPath(new URL('./crash-writer.ts', import.meta.url));
  const promised: string[] = [];

  for (const [round, killAfterBytes] of fc
    .sample(fc.integer({ min: 1, max: 60_000 }), 6)
    .entries()) {
    const child = spawn(process.execPath, [writer, file, `round${round}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (output.length >= killAfterBytes) child.kill('SIGKILL');
    });
    await once(child, 'close');
    expect(child.signalCode).toBe('SIGKILL');
    promised.push(...output.split('\n').slice(0, -1));
  }

  const reader = openAuditReader(file);
  const found = ids(reader.list({}));
  reader.close();
  expect(promised.length).toBeGreaterThan(6);
  const kept = new Set(found);
  expect(promised.filter((requestId) => !kept.has(requestId))).toEqual([]);
  expect(kept.size).toBe(found.length);
});

test('events recorded in one turn of the event loop share one transaction, or none is written', async () => {
  await using t = openTemporaryLog();
  t.db.exec(`CREATE TEMP TRIGGER poison BEFORE INSERT ON main.audit
             WHEN new.event ->> '$.requestId' = 'poison' BEGIN SELECT raise(ABORT, 'no'); END`);
  const outcomes = await Promise.allSettled(
    ['good', 'poison', 'fine'].map((requestId) => t.log.record(issued({ requestId }))),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(ids(t.reader.list({}))).toEqual([]);
});

test('a full disk rejects records whole, and recording works again once there is room', async () => {
  await using t = openTemporaryLog();
  await t.log.record(issued({ requestId: 'before' }));
  const pages = Number(t.db.prepare('PRAGMA page_count').get()?.['page_count']);
  t.db.exec(`PRAGMA max_page_count = ${pages + 2}`);

  const many = Array.from({ length: 100 }, (_, n) => t.log.record(issued({ requestId: `n${n}` })));
  const outcomes = await Promise.allSettled(many);
  expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
  // SQLITE_FULL, https://sqlite.org/rescode.html#full
  expect(outcomes[0]).toMatchObject({ reason: { cause: { errcode: 13 } } });
  expect(t.log.healthy()).toBe(false);
  expect(ids(t.reader.list({}))).toEqual(['before']);

  t.db.exec('PRAGMA max_page_count = 1000000');
  await t.log.record(issued({ requestId: 'after' }));
  expect(t.log.healthy()).toBe(true);
  expect(ids(t.reader.list({}))).toEqual(['before', 'after']);
});

test("another process's lock rejects records, and recording works again once the lock is gone", async () => {
  await using t = openTemporaryLog();
  const other = openStore({ file: t.file, survive: 'process-crash' });
  other.database.exec('BEGIN IMMEDIATE');
  // SQLITE_BUSY, https://sqlite.org/rescode.html#busy
  await expect(t.log.record(issued())).rejects.toMatchObject({ cause: { errcode: 5 } });
  expect(t.log.healthy()).toBe(false);
  other.database.exec('ROLLBACK');
  other.close();
  await t.log.record(issued({ requestId: 'after' }));
  expect(ids(t.reader.list({}))).toEqual(['after']);
});

test('a log that failed finds out by itself that it can write again, without a record to write', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  await using t = openTemporaryLog();
  const pages = Number(t.db.prepare('PRAGMA page_count').get()?.['page_count']);
  t.db.exec(`PRAGMA max_page_count = ${pages}`);
  const fill = Array.from({ length: 10 }, () => t.log.record(issued()));
  expect((await Promise.allSettled(fill))[0]?.status).toBe('rejected');

  vi.advanceTimersByTime(5000);
  expect(t.log.healthy()).toBe(false);
  t.db.exec('PRAGMA max_page_count = 1000000');
  vi.advanceTimersByTime(1000);
  expect(t.log.healthy()).toBe(true);
  expect(t.db.prepare('SELECT count(*) AS n FROM audit').get()).toEqual({ n: 0 });
});

test('a full queue rejects at once and loses nothing that it accepted', async () => {
  await using t = openTemporaryLog({ maxQueued: 2 });
  const records = ['1', '2', '3'].map((requestId) => t.log.record(issued({ requestId })));
  const outcomes = await Promise.allSettled(records);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  await t.log.record(issued({ requestId: '4' }));
  expect(ids(t.reader.list({}))).toEqual(['1', '2', '4']);
});

test('an event that cannot be written as JSON is rejected alone', async () => {
  await using t = openTemporaryLog();
  const claims = {
    get ref(): string {
      throw new TypeError('no value');
    },
  };
  const bad = t.log.record(issued({ claims }));
  const good = t.log.record(issued({ requestId: 'good' }));
  await expect(bad).rejects.toThrow(TypeError);
  await good;
  expect(ids(t.reader.list({}))).toEqual(['good']);
});

test('records older than the retention are deleted, the others stay', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  await using t = openTemporaryLog();
  await t.log.record(issued({ requestId: 'old', time: NOW - 60_001 }));
  await t.log.record(issued({ requestId: 'kept', time: NOW - 60_000 }));
  vi.advanceTimersByTime(1000);
  expect(ids(t.reader.list({}))).toEqual(['kept']);
});

test('what another part writes through the same connection does not mix with a batch', async () => {
  await using t = openTemporaryLog();
  t.db.exec('CREATE TABLE mine (n INTEGER)');
  const record = t.log.record(issued({ requestId: 'batch' }));
  expect(() =>
    inTransaction(t.db, () => {
      t.db.exec('INSERT INTO mine VALUES (1)');
      throw new Error('changed my mind');
    }),
  ).toThrow('changed my mind');
  await record;
  expect(ids(t.reader.list({}))).toEqual(['batch']);
  expect(rows(t.db)).toBe(0);
});

function rows(db: DatabaseSync): number {
  return Number(db.prepare('SELECT count(*) AS n FROM mine').get()?.['n']);
}
