import { describe, expect, test } from 'vitest';
import { keptFresh } from '../../../src/login/sign-in/kept-fresh.ts';
import { eventually } from '../../support/eventually.ts';

const MINUTE = 60_000;

function setUp() {
  let now = 0;
  let fetches = 0;
  let fault: Error | undefined;
  let signal: AbortSignal | undefined;
  let gate = Promise.resolve();
  const kept = keptFresh({
    clock: { now: () => now },
    fetch: async (given) => {
      signal = given;
      fetches += 1;
      const value = fetches;
      await gate;
      if (fault) throw fault;
      return value;
    },
  });
  return {
    kept,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    fail: (with_: Error | undefined) => {
      fault = with_;
    },
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    fetches: () => fetches,
    signal: () => signal,
  };
}

describe('a value kept fresh', () => {
  test('is fetched once in an hour', async () => {
    const { kept, pass, fetches } = setUp();
    expect(await kept.get()).toBe(1);
    pass(60 * MINUTE - 1);
    expect(await kept.get()).toBe(1);
    expect(fetches()).toBe(1);
  });

  test('is fetched once for all concurrent callers', async () => {
    const { kept, hold } = setUp();
    const release = hold();
    const asked = [kept.get(), kept.get(), kept.get()];
    release();
    expect(await Promise.all(asked)).toEqual([1, 1, 1]);
  });

  test('is fetched again in the background after that', async () => {
    const { kept, pass, hold } = setUp();
    await kept.get();
    pass(60 * MINUTE);
    const release = hold();
    expect(await kept.get()).toBe(1);
    release();
    await eventually(async () => (await kept.get()) === 2);
  });

  test('is used for a day while fetching fails', async () => {
    const { kept, pass, fail } = setUp();
    await kept.get();
    fail(new Error('down'));
    pass(24 * 60 * MINUTE - 1);
    expect(await kept.get()).toBe(1);
    pass(1);
    await expect(kept.get()).rejects.toThrow('down');
  });

  test('is not fetched again right after a failure, but some seconds later', async () => {
    const { kept, pass, fail, fetches } = setUp();
    fail(new Error('down'));
    await expect(kept.get()).rejects.toThrow('down');
    fail(undefined);
    pass(2_999);
    await expect(kept.get()).rejects.toThrow('down');
    expect(fetches()).toBe(1);
    pass(1);
    expect(await kept.get()).toBe(2);
  });

  test('is tried again when the clock was set back after a failure', async () => {
    const { kept, pass, fail, fetches } = setUp();
    fail(new Error('down'));
    await expect(kept.get()).rejects.toThrow('down');
    fail(undefined);
    pass(-60 * MINUTE);
    expect(await kept.get()).toBe(2);
    expect(fetches()).toBe(2);
  });

  test('does not stay longer because the clock was set back', async () => {
    const { kept, pass } = setUp();
    expect(await kept.get()).toBe(1);
    pass(-60 * MINUTE);
    expect(await kept.get()).toBe(2);
    expect(await kept.get()).toBe(2);
  });

  test('is no longer fetched when its owner closes', async () => {
    const { kept, signal } = setUp();
    await kept.get();
    expect(signal()!.aborted).toBe(false);
    kept.close();
    expect(signal()!.aborted).toBe(true);
  });
});
