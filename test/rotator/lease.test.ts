import { describe, expect, test } from 'vitest';
import { createLease, leaderOf } from '../../src/rotator/lease.ts';
import { stateFile } from '../keyring/stored-rings.ts';

const TERM = 10_000;

/** Two processes with a store in common, each with a clock of its own. */
function contest() {
  const file = stateFile();
  const clocks = { one: 5, two: 9_000_000 };
  const process = (holder: 'one' | 'two', name = 'main') =>
    createLease({
      state: file.open(),
      name,
      holder,
      termMilliseconds: TERM,
      monotonic: () => clocks[holder],
    });
  return {
    file,
    one: process('one'),
    two: process('two'),
    process,
    clocks,
    pass(milliseconds: number) {
      clocks.one += milliseconds;
      clocks.two += milliseconds;
    },
    leader: () => leaderOf(file.open(), 'main'),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

describe('a lease', () => {
  test('goes to the first that takes it, in term 1', async () => {
    await using world = contest();
    expect(await world.one.held()).toBe(false);
    expect(await world.one.take()).toBe(1);
    expect(await world.two.take()).toBeUndefined();
    expect([await world.one.held(), await world.two.held()]).toEqual([true, false]);
    expect(await world.leader()).toBe('one');
  });

  test('goes to one of two that take it at the same moment', async () => {
    await using world = contest();
    const terms = await Promise.all([world.one.take(), world.two.take()]);
    expect(terms.filter((term) => term === 1)).toHaveLength(1);
    const held = await Promise.all([world.one.held(), world.two.held()]);
    expect(held.filter(Boolean)).toHaveLength(1);
  });

  test('is no longer held by who releases it while the question is on its way', async () => {
    await using world = contest();
    const state = world.file.open();
    const reading = Promise.withResolvers<void>();
    const read = Promise.withResolvers<void>();
    let slow = false;
    const one = createLease({
      state: {
        ...state,
        list: async (prefix) => {
          const entries = await state.list(prefix);
          if (slow) {
            reading.resolve();
            await read.promise;
          }
          return entries;
        },
        write: (...args) => state.write(...args),
        watch: (...args) => state.watch(...args),
      },
      name: 'slow',
      holder: 'one',
      termMilliseconds: TERM,
      monotonic: () => world.clocks.one,
    });
    await one.take();
    slow = true;
    const held = one.held();
    await reading.promise;
    await one.release(0);
    read.resolve();
    expect(await held).toBe(false);
  });

  test('stays with a holder that renews it, in the same term', async () => {
    await using world = contest();
    await world.one.take();
    for (let round = 0; round < 10; round += 1) {
      world.pass(TERM / 2);
      expect(await world.one.take()).toBe(1);
      expect(await world.two.take()).toBeUndefined();
      expect(await world.one.held()).toBe(true);
    }
  });

  test('is taken over, in the next term, by a process that saw the same renewal for a whole term', async () => {
    await using world = contest();
    await world.one.take();
    world.pass(TERM);
    expect(await world.two.take()).toBeUndefined();
    world.pass(TERM - 1);
    expect(await world.two.take()).toBeUndefined();
    world.pass(1);
    expect(await world.two.take()).toBe(2);
    expect([await world.one.held(), await world.two.held()]).toEqual([false, true]);
    expect(await world.leader()).toBe('two');
  });

  test('is watched anew after each renewal', async () => {
    await using world = contest();
    await world.one.take();
    await world.two.take();
    world.pass(TERM - 1);
    await world.one.take();
    world.pass(1);
    expect(await world.two.take()).toBeUndefined();
    world.pass(TERM);
    expect(await world.two.take()).toBe(2);
  });

  test('is not held any more after a pause of a term, though nobody took it; until it is taken again', async () => {
    await using world = contest();
    await world.one.take();
    world.pass(TERM - 1);
    expect(await world.one.held()).toBe(true);
    world.pass(1);
    expect(await world.one.held()).toBe(false);
    expect(await world.one.take()).toBe(1);
    expect(await world.one.held()).toBe(true);
  });

  test('is lost to one that took it over while its holder was paused, whatever the clock of that one says', async () => {
    await using world = contest();
    await world.one.take();
    await world.two.take();
    world.clocks.two += TERM;
    expect(await world.two.take()).toBe(2);
    expect(await world.one.held()).toBe(false);
    expect(await world.one.take()).toBeUndefined();
    expect(await world.two.held()).toBe(true);
  });

  test('is held from when its renewal was sent, not from when that came back', async () => {
    await using file = stateFile();
    let now = 0;
    const inner = file.open();
    const slow: typeof inner = {
      ...inner,
      async write(...write) {
        const written = await inner.write(...write);
        now += TERM;
        return written;
      },
    };
    const lease = createLease({
      state: slow,
      name: 'main',
      holder: 'one',
      termMilliseconds: TERM,
      monotonic: () => now,
    });
    expect(await lease.take()).toBe(1);
    expect(await lease.held()).toBe(false);
  });

  test('that is released can be taken at once, in the next term', async () => {
    await using world = contest();
    await world.one.take();
    await world.one.release(0);
    expect(await world.one.held()).toBe(false);
    expect(await world.leader()).toBeUndefined();
    expect(await world.two.take()).toBe(2);
    expect(await world.one.take()).toBeUndefined();
  });

  test('that was released can be taken again by the same one: in its old term, if nobody had it since', async () => {
    await using world = contest();
    await world.one.take();
    await world.one.release(0);
    expect(await world.one.take()).toBe(1);
    expect(await world.one.held()).toBe(true);
    await world.one.release(0);
    await world.two.take();
    await world.two.release(0);
    expect(await world.one.take()).toBe(3);
  });

  test('tells until when what others pushed may arrive: two terms from when it was taken over', async () => {
    await using world = contest();
    expect(world.one.othersArriveUntil()).toBe(Number.POSITIVE_INFINITY);
    await world.one.take();
    expect(world.one.othersArriveUntil()).toBe(world.clocks.one);
    await world.two.take();
    world.pass(TERM);
    await world.two.take();
    const end = world.clocks.two + 2 * TERM;
    world.pass(TERM / 2);
    await world.two.take();
    expect(world.two.othersArriveUntil()).toBe(end);
  });

  test('that was released tells how long what was pushed before may still take', async () => {
    await using world = contest();
    await world.one.take();
    await world.one.release(3000);
    await world.two.take();
    expect(world.two.othersArriveUntil()).toBe(world.clocks.two + 3000);
  });

  test('is not released by one that does not hold it any more', async () => {
    await using world = contest();
    await world.one.take();
    await world.two.take();
    world.pass(TERM);
    await world.two.take();
    await world.one.release(0);
    expect(await world.two.held()).toBe(true);
    expect(await world.leader()).toBe('two');
  });

  test('has a name, and those of other names are others', async () => {
    await using world = contest();
    await world.one.take();
    expect(await world.process('two', 'other').take()).toBe(1);
    expect(await world.process('two', 'mai').take()).toBe(1);
  });
});

describe('a store that fails', () => {
  test('after it has written leaves the lease with the one that took it', async () => {
    await using file = stateFile();
    const inner = file.open();
    let failing = true;
    const lease = createLease({
      state: {
        ...inner,
        async write(...write) {
          const written = await inner.write(...write);
          if (failing) throw new Error('no answer');
          return written;
        },
      },
      name: 'main',
      holder: 'one',
      termMilliseconds: TERM,
      monotonic: () => 0,
    });
    await expect(lease.take()).rejects.toThrow('no answer');
    expect(await lease.held()).toBe(false);
    failing = false;
    expect(await lease.take()).toBe(1);
    expect(await lease.held()).toBe(true);
    // For all that it knows it has just taken over from somebody.
    expect(lease.othersArriveUntil()).toBe(2 * TERM);
  });

  test('while it is asked whether the lease is held is a fault, never a yes', async () => {
    await using file = stateFile();
    const inner = file.open();
    let failing = false;
    const lease = createLease({
      state: {
        ...inner,
        list: (prefix) => (failing ? Promise.reject(new Error('gone')) : inner.list(prefix)),
      },
      name: 'main',
      holder: 'one',
      termMilliseconds: TERM,
      monotonic: () => 0,
    });
    await lease.take();
    failing = true;
    await expect(lease.held()).rejects.toThrow('gone');
  });
});
