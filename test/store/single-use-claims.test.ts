import { array, assert, asyncProperty, constantFrom, nat } from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ClaimCell,
  type ClaimCells,
  singleUseClaims,
} from '../../src/store/single-use-claims.ts';
import { eventually } from '../support/eventually.ts';

/** What becomes of a write of which the store says nothing. */
type Stall = 'lost' | 'done' | 'late';

/** Cells in memory; the next writes can be left unanswered. */
function stallingCells() {
  let cell: ClaimCell | undefined;
  let revision = 0;
  let written = 0;
  const stalls: (Stall | undefined)[] = [];
  const late: (() => void)[] = [];

  function swap(next: ClaimCell | undefined, expected: number): number | undefined {
    if (expected !== revision) return undefined;
    cell = next;
    written += 1;
    revision = next ? written : 0;
    return written;
  }

  const cells: ClaimCells<string, number> = {
    none: 0,
    read: async () => (cell ? { cell, revision } : { revision }),
    async write(_name, next, expected) {
      const stall = stalls.shift();
      if (stall === undefined) return swap(next, expected);
      if (stall === 'done') swap(next, expected);
      if (stall === 'late') late.push(() => swap(next, expected));
      throw new Error('no answer');
    },
  };
  return {
    cells,
    /** From now on, one for each write. */
    stall: (...next: (Stall | undefined)[]) => void stalls.push(...next),
    /** What was late arrives. */
    land: () => {
      for (const write of late.splice(0)) write();
    },
    kept: () => cell,
  };
}

/** One process of ours; `patient` ones wait for an attempt of another process for ever. */
function processOver({ cells }: Pick<ReturnType<typeof stallingCells>, 'cells'>, patient = false) {
  const hold = singleUseClaims(cells, {
    graceMilliseconds: patient ? Number.POSITIVE_INFINITY : 50,
  });
  return () => hold('name', 1_000);
}

describe('a claim that the store never confirmed', () => {
  test.each<Stall>(['lost', 'done', 'late'])(
    'does not count, and its process repeats it at once (%s)',
    async (stall) => {
      const store = stallingCells();
      const hold = processOver(store, true);
      store.stall(stall);
      await expect(hold()).rejects.toThrow('no answer');
      store.land();
      const held = await hold();
      expect(await held!.settle()).toBe(true);
      expect(await hold()).toBeUndefined();
    },
  );

  test.each<Stall>(['lost', 'done', 'late'])(
    'does not count, and another process repeats it (%s)',
    async (stall) => {
      const store = stallingCells();
      store.stall(stall);
      await expect(processOver(store)()).rejects.toThrow('no answer');
      store.land();
      const other = processOver(store);
      expect(await (await other())!.settle()).toBe(true);
      expect(await other()).toBeUndefined();
    },
  );

  test('and arrives when it was repeated changes nothing', async () => {
    const store = stallingCells();
    const hold = processOver(store);
    store.stall('late');
    await expect(hold()).rejects.toThrow('no answer');
    const held = await hold();
    store.land();
    expect(await held!.settle()).toBe(true);
    store.land();
    expect(await hold()).toBeUndefined();
  });
});

describe('an answer that the store never confirmed', () => {
  test.each<Stall>(['lost', 'done', 'late'])(
    'is not given, and its process repeats the claim at once (%s)',
    async (stall) => {
      const store = stallingCells();
      const hold = processOver(store, true);
      store.stall(undefined, stall, 'lost');
      const held = await hold();
      await expect(held!.settle()).rejects.toThrow('no answer');
      store.land();
      expect(await (await hold())!.settle()).toBe(true);
      expect(await hold()).toBeUndefined();
    },
  );

  test.each<Stall>(['lost', 'done', 'late'])(
    'is taken back, so that another process repeats the claim (%s)',
    async (stall) => {
      const store = stallingCells();
      store.stall(undefined, stall, 'lost', 'lost');
      const held = await processOver(store)();
      await expect(held!.settle()).rejects.toThrow('no answer');
      store.land();
      await eventually(() => store.kept() === undefined);
      const other = processOver(store, true);
      expect(await (await other())!.settle()).toBe(true);
      expect(await other()).toBeUndefined();
    },
  );

  test('and arrives after another process went on changes nothing', async () => {
    const store = stallingCells();
    store.stall(undefined, 'late', 'lost');
    const first = await processOver(store)();
    await expect(first!.settle()).rejects.toThrow('no answer');
    const second = await processOver(store)();
    store.land();
    expect(await second!.settle()).toBe(true);
    expect(await processOver(store)()).toBeUndefined();
  });
});

describe('a claim of a process', () => {
  test('that died before it answered is taken over, and can never be answered', async () => {
    const store = stallingCells();
    const dead = await processOver(store)();
    const held = await processOver(store)();
    expect(await dead!.settle()).toBe(false);
    expect(await held!.settle()).toBe(true);
  });

  test('that is about to answer is waited for', async () => {
    const store = stallingCells();
    const first = await processOver(store)();
    const second = processOver(store, true)();
    expect(await first!.settle()).toBe(true);
    expect(await second).toBeUndefined();
  });

  test('that gave it back is free at once, also after it was settled', async () => {
    const store = stallingCells();
    const hold = processOver(store, true);
    (await hold())!.release();
    const held = await hold();
    await held!.settle();
    held!.release();
    expect(await (await hold())!.settle()).toBe(true);
    expect(await hold()).toBeUndefined();
  });
});

test('whatever the store leaves unanswered, one attempt at most is answered, and once it answers one is', async () => {
  const stall = constantFrom<Stall | undefined>('lost', 'done', 'late', undefined);
  await assert(
    asyncProperty(
      array(stall, { maxLength: 12 }),
      array(nat(2), { minLength: 1, maxLength: 6 }),
      async (stalls, attempts) => {
        const store = stallingCells();
        const processes = Array.from({ length: 3 }, () =>
          singleUseClaims(store.cells, { graceMilliseconds: 0 }),
        );
        store.stall(...stalls);
        const answered = await Promise.all(
          attempts.map(async (which) => {
            try {
              const held = await processes[which]!('name', 1_000);
              return (await held?.settle()) ?? false;
            } catch {
              return false;
            } finally {
              store.land();
            }
          }),
        );
        const times = answered.filter(Boolean).length;
        expect(times).toBeLessThanOrEqual(1);
        if (times === 1) return;
        store.stall();
        await eventually(async () => {
          const held = await processes[0]!('name', 1_000).catch(() => undefined);
          return held?.settle().catch(() => false);
        });
      },
    ),
    { numRuns: 200 },
  );
});
