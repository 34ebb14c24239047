import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AuditEvent } from '../../../src/audit/event.ts';
import { createMemoryLog } from '../../../src/audit/sinks/memory.ts';
import { type AuditAnswers, openIpcLog, serveAudit } from '../../../src/audit/sinks/ipc.ts';
import type { AuditFilter, AuditLog, RecordingLog } from '../../../src/audit/log.ts';
import { openSqliteLog } from '../../../src/audit/sinks/sqlite.ts';
import { openAuditReader } from '../../../src/audit/reader/sqlite-reader.ts';
import { openStore } from '../../../src/store/sqlite/database.ts';
import { link } from '../../store/ipc/link.ts';
import {
  admin,
  denied,
  drift,
  expired,
  identity,
  ids,
  issued,
  key,
  NOW,
  rejected,
  revocation,
  revokedUsers,
} from '../events.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

interface Adapter extends Disposable {
  readonly log: AuditLog;
  list(filter: AuditFilter): Iterable<AuditEvent>;
}

function memory(): Adapter {
  const log = createMemoryLog();
  return { log, list: (filter) => log.list(filter), [Symbol.dispose]: () => undefined };
}

function sqlite(): Adapter & { readonly log: RecordingLog } {
  const directory = temporaryDirectory();
  const file = join(directory.path, 'sts.db');
  const store = openStore({ file, survive: 'process-crash' });
  const log = openSqliteLog({ store, clock: { now: () => NOW }, retentionSeconds: 86_400 });
  const reader = openAuditReader(file);
  return {
    log,
    list: (filter) => reader.list(filter),
    [Symbol.dispose]() {
      void log.close();
      reader.close();
      store.close();
      directory[Symbol.dispose]();
    },
  };
}

/** The log of a worker, written by the primary process. */
function ipc(): Adapter {
  const primary = sqlite();
  const ends = link<AuditAnswers>();
  serveAudit(ends.primary, primary.log);
  return {
    log: openIpcLog(ends.worker),
    list: (filter) => primary.list(filter),
    [Symbol.dispose]() {
      ends[Symbol.dispose]();
      primary[Symbol.dispose]();
    },
  };
}

describe.each([
  ['the memory log', memory],
  ['the SQLite log', sqlite],
  ['the log of a worker', ipc],
])('%s', (_name, open) => {
  test('gives back each event exactly as it was recorded', async () => {
    using adapter = open();
    const events = [
      issued({ actor: { ...identity, subject: 'the-actor' } }),
      denied({ detail: 'claim ref: expected main', binding: 'near', role: 'admin' }),
      admin,
      revocation,
      expired,
      revokedUsers,
      key,
      drift,
      rejected({ message: 'quote " nul \u0000 lone \ud800 emoji 🪪' }),
    ];
    for (const event of events) await adapter.log.record(event);
    expect([...adapter.list({})]).toEqual(events);
  });

  test('has recorded an event by the time record() resolves', async () => {
    using adapter = open();
    await adapter.log.record(issued({ requestId: 'here' }));
    expect(ids(adapter.list({ requestId: 'here' }))).toEqual(['here']);
  });

  test('is not changed by what a caller does to an event afterwards', async () => {
    using adapter = open();
    const claims: Record<string, string> = { ref: 'before' };
    const written = adapter.log.record(issued({ claims }));
    claims['ref'] = 'after';
    await written;
    expect([...adapter.list({})]).toEqual([issued({ claims: { ref: 'before' } })]);
  });

  test('keeps the order of events recorded at once and within one millisecond', async () => {
    using adapter = open();
    const names = Array.from({ length: 1200 }, (_, index) => `r${index}`);
    await Promise.all(names.map((requestId) => adapter.log.record(issued({ requestId }))));
    expect(ids(adapter.list({}))).toEqual(names);
    expect(ids(adapter.list({ limit: 700 }))).toEqual(names.slice(-700));
  });

  test('lists oldest first, also after the clock was set back', async () => {
    using adapter = open();
    await adapter.log.record(issued({ requestId: 'late', time: NOW + 5 }));
    await adapter.log.record(issued({ requestId: 'early', time: NOW - 5 }));
    expect(ids(adapter.list({}))).toEqual(['early', 'late']);
  });

  test('limits to the newest', async () => {
    using adapter = open();
    for (const n of [1, 2, 3])
      await adapter.log.record(issued({ requestId: `${n}`, time: NOW + n }));
    expect(ids(adapter.list({ limit: 2 }))).toEqual(['2', '3']);
    expect(ids(adapter.list({ limit: 0 }))).toEqual([]);
    expect(ids(adapter.list({ limit: 9 }))).toEqual(['1', '2', '3']);
  });

  test('includes records at since and excludes records at until', async () => {
    using adapter = open();
    for (const n of [1, 2, 3])
      await adapter.log.record(issued({ requestId: `${n}`, time: NOW + n }));
    expect(ids(adapter.list({ since: NOW + 2 }))).toEqual(['2', '3']);
    expect(ids(adapter.list({ until: NOW + 2 }))).toEqual(['1']);
  });

  test.each<[string, AuditFilter, string[]]>([
    ['type', { type: 'denied' }, ['d']],
    ['any of some types', { types: ['denied', 'rejected', 'key'] }, ['d', 'r']],
    ['a type and some types', { type: 'denied', types: ['denied', 'rejected'] }, ['d']],
    ['none of all types', { types: [] }, []],
    ['issuer', { issuerName: 'entra' }, ['other']],
    ['subject', { subject: 'someone else' }, ['other']],
    ['role', { role: 'orders-publisher' }, ['i']],
    ['binding', { binding: 'deploy jobs of acme' }, ['i', 'other']],
    ['user', { user: 'U2' }, ['other']],
    ['request id', { requestId: 'r' }, ['r']],
    ['reason', { reason: 'signature_invalid' }, ['r']],
    ['the hash of a verified token', { tokenHash: 'a'.repeat(64) }, ['i', 'd', 'other']],
    ['the hash of a rejected token', { tokenHash: 'b'.repeat(64) }, ['r']],
    ['several at once', { type: 'issued', issuerName: 'github' }, ['i']],
    ['text that looks like SQL', { role: "' OR 1=1 --" }, []],
  ])('filters by %s', async (_what, filter, expected) => {
    using adapter = open();
    const someone = { ...identity, issuerName: 'entra', subject: 'someone else' };
    await adapter.log.record(issued({ requestId: 'i' }));
    await adapter.log.record(denied({ requestId: 'd' }));
    await adapter.log.record(rejected({ requestId: 'r' }));
    await adapter.log.record(
      issued({ requestId: 'other', identity: someone, role: 'x', user: 'U2' }),
    );
    expect(ids(adapter.list(filter))).toEqual(expected);
  });

  test.each<[string, AuditFilter, AuditEvent[]]>([
    ['type', { type: 'key' }, [key]],
    ['the identity that did it', { subject: identity.subject }, [admin, revocation]],
    ['the request that it came with', { requestId: 'req-5' }, [revocation]],
    ['reason, in any type of record', { reason: 'schedule' }, [key]],
    ['something that few records have', { user: 'U2' }, []],
  ])('filters records that come from no exchange by %s', async (_what, filter, expected) => {
    using adapter = open();
    const events = [admin, revocation, expired, revokedUsers, key, drift];
    for (const event of events) await adapter.log.record(event);
    expect([...adapter.list(filter)]).toEqual(expected);
  });

  test('writes queued records when it is closed, and nothing afterwards', async () => {
    using adapter = open();
    const before = adapter.log.record(issued({ requestId: 'before' }));
    await adapter.log.close();
    expect(ids(adapter.list({}))).toEqual(['before']);
    await before;
    await expect(adapter.log.record(issued())).rejects.toThrow(Error);
    expect(ids(adapter.list({}))).toEqual(['before']);
  });
});

test('both logs answer every filter alike', async () => {
  const word = fc.constantFrom('a', 'b', "'", '%', '');
  const event = fc
    .record({ time: fc.integer({ min: -3, max: 3 }), word, other: word, kind: fc.nat(4) })
    .map(({ time, word, other, kind }): AuditEvent => {
      const who = { ...identity, issuerName: word, subject: other, tokenHash: word };
      const at = { time: NOW + time, requestId: other };
      if (kind === 0)
        return issued({ ...at, identity: who, role: word, binding: other, user: word });
      if (kind === 1) return denied({ ...at, identity: who, reason: word, binding: word });
      if (kind === 2) return { ...admin, ...at, identity: who, reason: word };
      if (kind === 3) return { ...key, time: at.time, reason: word };
      return rejected({ ...at, reason: other, tokenHash: word });
    });
  const filter = fc.record(
    {
      since: fc.integer({ min: NOW - 3, max: NOW + 3 }),
      until: fc.integer({ min: NOW - 3, max: NOW + 3 }),
      type: fc.constantFrom('issued' as const, 'denied' as const, 'rejected' as const),
      types: fc.subarray(['issued', 'denied', 'rejected', 'admin', 'key'] as const),
      issuerName: word,
      subject: word,
      role: word,
      binding: word,
      user: word,
      requestId: word,
      reason: word,
      tokenHash: word,
      limit: fc.nat(5),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { maxLength: 12 }),
      fc.array(filter, { maxLength: 5 }),
      async (events, filters) => {
        using a = memory();
        using b = sqlite();
        await Promise.all(events.flatMap((event) => [a.log.record(event), b.log.record(event)]));
        for (const filter of filters) expect([...b.list(filter)]).toEqual([...a.list(filter)]);
      },
    ),
    { numRuns: 40 },
  );
});
