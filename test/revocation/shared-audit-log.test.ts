import { setImmediate as turn } from 'node:timers/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { AuditLog } from '../../src/audit/log.ts';
import { openSqliteLog } from '../../src/audit/sinks/sqlite.ts';
import { systemClock } from '../../src/clock.ts';
import { credentialOf } from '../../src/revocation/issued-credential.ts';
import {
  type JetStreamLedger,
  openJetStreamLedger,
} from '../../src/revocation/jetstream-ledger.ts';
import { shareAuditLog } from '../../src/revocation/shared-audit-log.ts';
import { openStore } from '../../src/store/sqlite/database.ts';
import { denied, rejected } from '../audit/events.ts';
import { temporaryDirectory } from '../audit/temporary-directory.ts';
import { createJetStreamWorld, type JetStreamWorld } from '../store/jetstream/world.ts';
import { eventually } from '../support/eventually.ts';
import { list, living, seconds } from './ledger.contract.ts';

/** One replica: a local file, and its way to the shared ledger. */
async function startReplica(
  world: JetStreamWorld,
  file: string,
  ledgerOf: (ledger: JetStreamLedger) => JetStreamLedger = (ledger) => ledger,
) {
  const connection = await world.connect();
  const ledger = await openJetStreamLedger({ connection, bucket: 'nats-sts', clock: systemClock });
  const store = openStore({ file, survive: 'process-crash' });
  const told: unknown[] = [];
  const local = openSqliteLog({ store, clock: systemClock, retentionSeconds: 86_400 });
  const log: AuditLog = shareAuditLog({
    log: local,
    store,
    clock: systemClock,
    ledger: ledgerOf(ledger),
    connection,
    longestLifetimeSeconds: () => 3600,
    onBehind: (fault) => told.push(fault),
  });
  return {
    log,
    ledger,
    connection,
    told,
    async stop() {
      await log.close();
      store.close();
    },
    /** Ends without a word, as `kill -9` would: nothing more is sent or saved. */
    crash: () => store.close(),
  };
}

const users = (credentials: readonly { user: string }[]): string[] =>
  credentials.map(({ user }) => user);

test('a credential is in the shared ledger by the time record() resolves', async () => {
  using directory = temporaryDirectory();
  await using world = await createJetStreamWorld();
  const replica = await startReplica(world, join(directory.path, 'one.db'));
  await replica.log.record(living());
  for (let n = 0; n < 5; n++) {
    const event = living();
    await replica.log.record(event);
    expect(await list(replica.ledger, { user: event.user })).toEqual([credentialOf(event)]);
  }
  const many = Array.from({ length: 600 }, () => living());
  await Promise.all(many.map((event) => replica.log.record(event)));
  expect(users(await list(replica.ledger)).slice(-600)).toEqual(users(many));
  await replica.stop();
});

test('other records stay at home', async () => {
  using directory = temporaryDirectory();
  await using world = await createJetStreamWorld();
  const replica = await startReplica(world, join(directory.path, 'one.db'));
  await replica.log.record(denied());
  await replica.log.record(rejected());
  await replica.log.record(living({ expiresAt: seconds() - 1 }));
  const event = living();
  await replica.log.record(event);
  await eventually(async () => (await list(replica.ledger)).length > 0);
  expect(await list(replica.ledger)).toEqual([credentialOf(event)]);
  await replica.stop();
});

test('without the store it goes on at once, and sends everything in order when it is back', async () => {
  using directory = temporaryDirectory();
  await using world = await createJetStreamWorld();
  const replica = await startReplica(world, join(directory.path, 'one.db'));
  const first = living();
  await replica.log.record(first);
  await eventually(async () => (await list(replica.ledger)).length === 1);
  await world.kill();
  await eventually(() => !replica.connection.connected());
  const missed = Array.from({ length: 300 }, () => living());
  // Timers stand still: nothing waits for the store.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  for (const event of missed) await replica.log.record(event);
  vi.useRealTimers();
  expect(replica.log.healthy()).toBe(true);
  expect(replica.told).toEqual([expect.any(Error)]);
  await world.restart();
  await eventually(() => replica.told.length === 2);
  expect(replica.told[1]).toBeUndefined();
  expect(await list(replica.ledger)).toEqual([first, ...missed].map(credentialOf));
  const after = living();
  await replica.log.record(after);
  expect(await list(replica.ledger, { user: after.user })).toHaveLength(1);
  await replica.stop();
});

test('what was not sent before a crash is sent after it, and what was sent is not sent again', async () => {
  using directory = temporaryDirectory();
  await using world = await createJetStreamWorld();
  const file = join(directory.path, 'one.db');
  const before = await startReplica(world, file);
  const sent = living();
  await before.log.record(sent);
  await eventually(async () => (await list(before.ledger)).length === 1);
  await before.stop();

  const cutOff = await startReplica(world, file);
  await cutOff.connection.close();
  const unsent = [living(), living()];
  for (const event of unsent) await cutOff.log.record(event);
  cutOff.crash();
  expect(await list(before.ledger)).toEqual([credentialOf(sent)]);

  const again: string[] = [];
  const after = await startReplica(world, file, (ledger) => ({
    ...ledger,
    record(credentials) {
      again.push(...users(credentials));
      return ledger.record(credentials);
    },
  }));
  await eventually(async () => (await list(after.ledger)).length === 3);
  expect(again).toEqual(users(unsent));
  await after.stop();
});

test('a bucket that was lost is filled again with what is alive', async () => {
  using directory = temporaryDirectory();
  await using world = await createJetStreamWorld();
  const file = join(directory.path, 'one.db');
  const before = await startReplica(world, file);
  await before.log.record(living({ time: Date.now() - 3_700_000, expiresAt: seconds() + 60 }));
  const alive = [living(), living()];
  for (const event of alive) await before.log.record(event);
  await before.stop();
  await world.lose();
  await world.restart();
  const after = await startReplica(world, file);
  await eventually(async () => (await list(after.ledger)).length > 0);
  expect(await list(after.ledger)).toEqual(alive.map(credentialOf));
  await after.stop();
});

test('waits for a slow store once, for a second; later calls do not wait', async () => {
  using directory = temporaryDirectory();
  await using world = await createJetStreamWorld();
  let slow = false;
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const replica = await startReplica(world, join(directory.path, 'one.db'), (ledger) => ({
    ...ledger,
    async record(credentials) {
      if (slow) await released;
      return ledger.record(credentials);
    },
  }));
  await replica.log.record(living());
  await eventually(async () => (await list(replica.ledger)).length === 1);
  slow = true;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let recorded = false;
  const recording = replica.log.record(living()).then(() => (recorded = true));
  await eventually(() => vi.getTimerCount() > 0);
  vi.advanceTimersByTime(999);
  await turn();
  expect(recorded).toBe(false);
  vi.advanceTimersByTime(1);
  await recording;
  // Timers stand still: this one waits for nothing.
  await replica.log.record(living());
  vi.useRealTimers();
  expect(replica.told).toEqual([expect.any(Error)]);
  release();
  await eventually(() => replica.told.length === 2);
  expect(await list(replica.ledger)).toHaveLength(3);
  await replica.stop();
});

test('what was recorded just before the end is sent before close() resolves', async () => {
  using directory = temporaryDirectory();
  await using world = await createJetStreamWorld();
  const replica = await startReplica(world, join(directory.path, 'one.db'));
  const events = Array.from({ length: 50 }, () => living());
  const written = events.map((event) => replica.log.record(event));
  await replica.log.close();
  await Promise.all(written);
  expect(await list(replica.ledger)).toEqual(events.map(credentialOf));
  await expect(replica.log.record(living())).rejects.toThrow(/closed/);
});
