import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditEvent } from '../../../src/audit/event.ts';
import type { AuditFilter } from '../../../src/audit/log.ts';
import { openAuditReader, type SqliteReader } from '../../../src/audit/reader/sqlite-reader.ts';
import { inTransaction, openStore, type Store } from '../../../src/store/sqlite/database.ts';
import { denied, ids, issued, NOW } from '../events.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

/** A log that holds exactly these events, in this order of writing. */
function logOf(events: readonly AuditEvent[]) {
  const directory = temporaryDirectory();
  const file = join(directory.path, 'sts.db');
  const store = openStore({ file, survive: 'process-crash' });
  append(store, events);
  const reader = openAuditReader(file);
  return {
    store,
    reader,
    [Symbol.dispose]() {
      reader.close();
      store.close();
      directory[Symbol.dispose]();
    },
  };
}

function append({ database }: Store, events: readonly AuditEvent[]): void {
  const insert = database.prepare('INSERT INTO audit (time, event) VALUES (?, ?)');
  inTransaction(database, () => {
    for (const event of events) insert.run(event.time, JSON.stringify(event));
  });
}

/** Leafs through the whole log towards the older, or from the oldest towards the newer. */
function leaf(
  reader: SqliteReader,
  filter: AuditFilter,
  limit: number,
  direction: 'older' | 'newer',
): AuditEvent[] {
  const found: AuditEvent[] = [];
  let page = reader.page({ filter, limit, ...(direction === 'newer' && { after: '0.0' }) });
  for (;;) {
    expect(page.events.length).toBeLessThanOrEqual(limit);
    if (direction === 'older') found.push(...page.events);
    else found.unshift(...page.events);
    const next = page[direction];
    if (next === undefined) return found;
    page = reader.page({ filter, limit, [direction === 'older' ? 'before' : 'after']: next });
  }
}

test('a page begins with the newest, by time and then by order of writing', () => {
  using log = logOf([
    issued({ requestId: 'b', time: NOW }),
    issued({ requestId: 'a', time: NOW - 1 }),
    issued({ requestId: 'c', time: NOW }),
  ]);
  expect(ids(log.reader.page({ filter: {}, limit: 2 }).events)).toEqual(['c', 'b']);
});

test('pages stay as they were while records come in at the front', () => {
  using log = logOf(['a', 'b', 'c'].map((requestId) => issued({ requestId })));
  const { older } = log.reader.page({ filter: {}, limit: 2 });
  append(log.store, [issued({ requestId: 'd' })]);
  const next = log.reader.page({ filter: {}, limit: 2, before: older! });
  expect(ids(next.events)).toEqual(['a']);
  expect(next.older).toBeUndefined();
  const ahead = log.reader.page({ filter: {}, limit: 2, after: next.newer! });
  expect(ids(ahead.events)).toEqual(['c', 'b']);
  expect(ids(log.reader.page({ filter: {}, limit: 2, after: ahead.newer! }).events)).toEqual(['d']);
});

test('an invalid position means the newest', () => {
  using log = logOf([issued({ requestId: 'a' })]);
  for (const before of ['', 'x', '1', '1.2.3', "1.1' OR 1", `${'9'.repeat(40)}.1`]) {
    const page = log.reader.page({ filter: {}, limit: 2, before });
    expect(ids(page.events)).toEqual(['a']);
    expect(page.newer).toBeUndefined();
  }
});

test('paging in either direction gives each matching record once, in order', () => {
  const record = fc.record({
    time: fc.integer({ min: NOW, max: NOW + 3 }),
    role: fc.constantFrom('one', 'two'),
  });
  fc.assert(
    fc.property(
      fc.array(record, { maxLength: 30 }),
      fc.integer({ min: 1, max: 7 }),
      fc.constantFrom('older' as const, 'newer' as const),
      (records, limit, direction) => {
        const events = records.map((more, place) => issued({ ...more, requestId: `${place}` }));
        using log = logOf(events);
        const wanted = events
          .map((event, place) => ({ event, place }))
          .filter(({ event }) => event.role === 'one')
          .toSorted((a, b) => b.event.time - a.event.time || b.place - a.place)
          .map(({ event }) => event);
        expect(leaf(log.reader, { role: 'one' }, limit, direction)).toEqual(wanted);
      },
    ),
    { numRuns: 60 },
  );
});

const ROWS = 10_000;
let large: ReturnType<typeof logOf>;
beforeAll(() => {
  const events = Array.from({ length: ROWS }, (_, place) =>
    issued({ requestId: `${place}`, time: NOW + place }),
  );
  // The oldest of all, and of its kind the only one.
  large = logOf([denied({ requestId: 'needle', time: NOW - 1 }), ...events]);
});
afterAll(() => large[Symbol.dispose]());

test('in a large log a page is as long as requested', () => {
  const page = large.reader.page({ filter: {}, limit: 100 });
  expect(page.events).toHaveLength(100);
  expect(ids(page.events)[0]).toBe(`${ROWS - 1}`);
});

test('a search for a rare record stops early, says where to continue, and finds it in the end', () => {
  for (const filter of [{ type: 'denied' }, { types: ['denied', 'rejected'] }] as const) {
    const first = large.reader.page({ filter, limit: 100 });
    expect(first.events).toEqual([]);
    expect(first.older).toBeDefined();
  }
  expect(ids(leaf(large.reader, { type: 'denied' }, 100, 'older'))).toEqual(['needle']);
  expect(ids(leaf(large.reader, { type: 'denied' }, 100, 'newer'))).toEqual(['needle']);
});

test('a page is read through the time index', () => {
  const plan = large.store.database
    .prepare(
      `EXPLAIN QUERY PLAN SELECT id, time, event FROM audit_events
        WHERE TRUE AND (time, id) < (?, ?) AND (?, ?) <= (time, id) ORDER BY time DESC, id DESC LIMIT 3`,
    )
    .all(NOW, 1, 0, 0)
    .map((row) => String(row['detail']));
  expect(plan).toEqual([expect.stringMatching(/SEARCH audit USING INDEX audit_time/)]);
});

test('records of any process are noticed', () => {
  using log = logOf([issued()]);
  const before = log.reader.newest();
  expect(log.reader.newest()).toBe(before);
  append(log.store, [issued()]);
  expect(log.reader.newest()).not.toBe(before);
});
