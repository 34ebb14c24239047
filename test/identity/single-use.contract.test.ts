import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import {
  memorySingleUse,
  openSingleUse,
  type SingleUse,
  SingleUseFull,
  SingleUseUnavailable,
} from '../../src/identity/single-use.ts';
import {
  openIpcSingleUse,
  serveSingleUse,
  type SingleUseAnswers,
} from '../../src/store/ipc/single-use.ts';
import { openJetStreamSingleUse } from '../../src/store/jetstream/single-use.ts';
import { MIGRATIONS } from '../../src/store/sqlite/schema.ts';
import { StoreUnavailable } from '../../src/store/shared-state.ts';
import { openStore } from '../../src/store/sqlite/database.ts';
import { createJetStreamWorld, type JetStreamWorld } from '../store/jetstream/world.ts';
import { link } from '../store/ipc/link.ts';
import { NOW } from '../support/issuer.ts';

interface Adapter {
  readonly name: string;
  readonly open: (clock: Clock) => SingleUse | Promise<SingleUse>;
}

let world: JetStreamWorld;
let buckets = 0;
beforeAll(async () => {
  world = await createJetStreamWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

async function openInJetStream(clock: Clock, bucket = `test-${(buckets += 1)}`) {
  const connection = await world.connect();
  return openJetStreamSingleUse({ connection, bucket, clock });
}

const ADAPTERS: readonly Adapter[] = [
  { name: 'in memory', open: (clock) => memorySingleUse({ clock }) },
  {
    name: 'in SQLite',
    open: (clock) => openSingleUse({ database: openDatabase(':memory:'), clock }),
  },
  { name: 'in JetStream', open: (clock) => openInJetStream(clock) },
  { name: 'in a worker', open: (clock) => openInWorker(clock).singleUse },
];

/** A worker, whose primary process keeps claims in SQLite. */
function openInWorker(
  clock: Clock,
  claims = openSingleUse({ database: openDatabase(':memory:'), clock }),
) {
  const ends = link<SingleUseAnswers>();
  serveSingleUse(ends.primary, claims);
  return { ends, claims, singleUse: openIpcSingleUse(ends.worker) };
}

function openDatabase(location: string): DatabaseSync {
  const database = new DatabaseSync(location);
  for (const step of MIGRATIONS) database.exec(step);
  return database;
}

function frozenClock() {
  let seconds = NOW;
  return {
    now: () => seconds * 1000,
    advance: (by: number) => {
      seconds += by;
    },
  };
}

describe.each(ADAPTERS)('single use $name', ({ open }) => {
  test('says yes to the first claim and no to all others', async () => {
    const singleUse = await open(frozenClock());
    const claims = Array.from({ length: 20 }, async () => singleUse.claim('iss', 'jti', NOW + 60));
    expect(await Promise.all(claims)).toEqual([true, ...Array.from({ length: 19 }, () => false)]);
  });

  test('is per issuer', async () => {
    const singleUse = await open(frozenClock());
    expect(await singleUse.claim('one', 'jti', NOW + 60)).toBe(true);
    expect(await singleUse.claim('two', 'jti', NOW + 60)).toBe(true);
    expect(await singleUse.claim('one', 'jti', NOW + 60)).toBe(false);
  });

  test('takes issuer and jti apart, however they are spelled', async () => {
    const singleUse = await open(frozenClock());
    const names = [
      '',
      'a',
      'a b',
      '"',
      '","',
      "'; DROP TABLE single_use; --",
      '\0',
      'é',
      '\u{1f511}',
    ];
    for (const issuer of names) {
      for (const jti of names) expect(await singleUse.claim(issuer, jti, NOW + 60)).toBe(true);
    }
    for (const issuer of names) {
      for (const jti of names) expect(await singleUse.claim(issuer, jti, NOW + 60)).toBe(false);
    }
  });

  test('remembers until the expiry, not longer, also where it tidies up in between', async () => {
    const clock = frozenClock();
    const singleUse = await open(clock);
    await singleUse.claim('iss', 'short', NOW + 30);
    await singleUse.claim('iss', 'long', NOW + 600.5);
    clock.advance(29);
    expect(await singleUse.claim('iss', 'short', NOW + 90)).toBe(false);
    clock.advance(1);
    expect(await singleUse.claim('iss', 'short', NOW + 90)).toBe(true);
    expect(await singleUse.claim('iss', 'short', NOW + 90)).toBe(false);
    clock.advance(570);
    expect(await singleUse.claim('iss', 'long', NOW + 900)).toBe(false);
    clock.advance(1);
    expect(await singleUse.claim('iss', 'long', NOW + 900)).toBe(true);
  });
});

describe.each(ADAPTERS)('single use $name, held', ({ open }) => {
  test('counts once it is settled: then nobody holds or claims it again', async () => {
    const singleUse = await open(frozenClock());
    const held = await singleUse.hold('iss', 'jti', NOW + 60);
    expect(await held!.settle()).toBe(true);
    expect(await singleUse.hold('iss', 'jti', NOW + 60)).toBeUndefined();
    expect(await singleUse.claim('iss', 'jti', NOW + 60)).toBe(false);
  });

  test('and given back is free', async () => {
    const singleUse = await open(frozenClock());
    (await singleUse.hold('iss', 'jti', NOW + 60))!.release();
    const held = await singleUse.hold('iss', 'jti', NOW + 60);
    expect(await held!.settle()).toBe(true);
  });

  test('a claim that was abandoned is taken over, and can then not be settled', async () => {
    const singleUse = await open(frozenClock());
    const first = await singleUse.hold('iss', 'jti', NOW + 60);
    const second = await singleUse.hold('iss', 'jti', NOW + 60);
    expect(await first!.settle()).toBe(false);
    expect(await second!.settle()).toBe(true);
  });

  test('of many at once, one is settled', async () => {
    const singleUse = await open(frozenClock());
    const settled = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const held = await singleUse.hold('iss', 'jti', NOW + 60);
        return held !== undefined && held.settle();
      }),
    );
    expect(settled.filter(Boolean)).toHaveLength(1);
  });

  test('a claimed token cannot be held until it has expired', async () => {
    const clock = frozenClock();
    const singleUse = await open(clock);
    expect(await singleUse.claim('iss', 'jti', NOW + 60)).toBe(true);
    expect(await singleUse.hold('iss', 'jti', NOW + 60)).toBeUndefined();
    clock.advance(60);
    const held = await singleUse.hold('iss', 'jti', NOW + 120);
    expect(await held!.settle()).toBe(true);
    expect(await singleUse.hold('iss', 'jti', NOW + 120)).toBeUndefined();
  });
});

describe('single use in a worker', () => {
  test('what a worker held when it ended can be used at once by another', async () => {
    const clock = frozenClock();
    const { ends, claims, singleUse } = openInWorker(clock);
    await singleUse.hold('iss', 'jti', NOW + 60);
    const closed = new Promise<void>((resolve) => ends.primary.onClose(resolve));
    ends[Symbol.dispose]();
    await closed;
    const other = openInWorker(clock, claims);
    const held = await other.singleUse.hold('iss', 'jti', NOW + 60);
    expect(await held!.settle()).toBe(true);
  });

  test('what a worker settled before it ended stays used', async () => {
    const clock = frozenClock();
    const { ends, claims, singleUse } = openInWorker(clock);
    const held = await singleUse.hold('iss', 'jti', NOW + 60);
    expect(await held!.settle()).toBe(true);
    const closed = new Promise<void>((resolve) => ends.primary.onClose(resolve));
    ends[Symbol.dispose]();
    await closed;
    expect(
      await openInWorker(clock, claims).singleUse.hold('iss', 'jti', NOW + 60),
    ).toBeUndefined();
  });
});

describe('single use in memory', () => {
  test('is bounded, and forgets nothing that still counts to make room', async () => {
    const clock = frozenClock();
    const singleUse = memorySingleUse({ clock, capacity: 2 });
    await singleUse.claim('iss', 'a', NOW + 10);
    await singleUse.claim('iss', 'b', NOW + 20);
    expect(() => singleUse.claim('iss', 'c', NOW + 20)).toThrow(SingleUseFull);
    expect(singleUse.claim('iss', 'a', NOW + 10)).toBe(false);
    clock.advance(10);
    expect(singleUse.claim('iss', 'c', NOW + 20)).toBe(true);
    expect(singleUse.claim('iss', 'b', NOW + 20)).toBe(false);
  });
});

describe('single use in SQLite', () => {
  test('is shared by all who open the file, and outlives them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'single-use-'));
    try {
      const clock = frozenClock();
      const open = () =>
        openStore({ file: join(folder, 'sts.db'), survive: 'process-crash' }).database;
      const [first, second] = [open(), open()];
      const one = openSingleUse({ database: first, clock });
      const two = openSingleUse({ database: second, clock });
      expect(one.claim('iss', 'jti', NOW + 60)).toBe(true);
      expect(two.claim('iss', 'jti', NOW + 60)).toBe(false);
      first.close();
      second.close();
      const third = open();
      expect(openSingleUse({ database: third, clock }).claim('iss', 'jti', NOW + 60)).toBe(false);
      third.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('deletes what has expired', async () => {
    const clock = frozenClock();
    const database = openDatabase(':memory:');
    const singleUse = openSingleUse({ database, clock });
    for (let i = 0; i < 10; i++) await singleUse.claim('iss', `old ${i}`, NOW + 30);
    clock.advance(61);
    await singleUse.claim('iss', 'new', NOW + 120);
    expect(database.prepare('SELECT jti FROM single_use').all()).toEqual([{ jti: 'new' }]);
  });

  test('survives the process that held it, and its answer', async () => {
    const database = openDatabase(':memory:');
    const clock = frozenClock();
    await openSingleUse({ database, clock }).hold('iss', 'jti', NOW + 60);
    const other = openSingleUse({ database, clock });
    expect(await (await other.hold('iss', 'jti', NOW + 60))!.settle()).toBe(true);
    const third = openSingleUse({ database, clock });
    expect(await third.hold('iss', 'jti', NOW + 60)).toBeUndefined();
  });

  test('breaks loudly: what is not remembered is not accepted', async () => {
    const database = openDatabase(':memory:');
    const singleUse = openSingleUse({ database, clock: frozenClock() });
    database.exec('DROP TABLE single_use');
    expect(() => singleUse.claim('iss', 'jti', NOW + 60)).toThrow(SingleUseUnavailable);
    await expect(singleUse.hold('iss', 'jti', NOW + 60)).rejects.toThrow(SingleUseUnavailable);
  });
});

describe('single use in JetStream', () => {
  test('leaves nothing behind that lives for ever', async () => {
    const clock = frozenClock();
    const connection = await world.connect();
    const singleUse = await openJetStreamSingleUse({ connection, bucket: 'lives', clock });
    const held = await singleUse.hold('iss', 'settled', NOW + 60);
    await held!.settle();
    await singleUse.hold('iss', 'pending', NOW + 60);
    const manager = await jetstreamManager(connection.nats);
    const { state } = await manager.streams.info('KV_lives_single_use');
    const messages = [];
    for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
      const message = await manager.streams.getMessage('KV_lives_single_use', { seq });
      if (message) messages.push(message.header.get('Nats-TTL'));
    }
    expect(messages).toEqual(['120s', '120s']);
  });

  test('knows what an earlier version wrote', async () => {
    const clock = frozenClock();
    const connection = await world.connect();
    const singleUse = await openJetStreamSingleUse({ connection, bucket: 'earlier', clock });
    const kv = await new Kvm(connection.nats).open('earlier_single_use', { allow_direct: false });
    const name = createHash('sha256').update('["iss","jti"]').digest('hex');
    await kv.create(name, `${NOW + 60}`);
    expect(await singleUse.claim('iss', 'jti', NOW + 60)).toBe(false);
    expect(await singleUse.hold('iss', 'jti', NOW + 60)).toBeUndefined();
  });

  test('is shared by all processes: of many claims at once, one is told yes', async () => {
    const clock = frozenClock();
    const processes = await Promise.all(
      Array.from({ length: 3 }, () => openInJetStream(clock, 'shared')),
    );
    const claims = () =>
      Promise.all(
        Array.from({ length: 30 }, (_, n) => processes[n % 3]!.claim('iss', 'jti', NOW + 60)),
      );
    expect((await claims()).filter(Boolean)).toHaveLength(1);
    clock.advance(120);
    const later = await Promise.all(
      Array.from({ length: 30 }, (_, n) => processes[n % 3]!.claim('iss', 'jti', NOW + 180)),
    );
    expect(later.filter(Boolean)).toHaveLength(1);
  });

  test('breaks loudly: what is not remembered is not accepted', async () => {
    await using alone = await createJetStreamWorld();
    const connection = await alone.connect();
    const clock = frozenClock();
    const singleUse = await openJetStreamSingleUse({ connection, bucket: 'alone', clock });
    await alone.kill();
    await expect(singleUse.claim('iss', 'jti', NOW + 60)).rejects.toThrow(StoreUnavailable);
  });
});
