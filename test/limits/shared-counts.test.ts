import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { countAllowances, type GiveBack } from '../../src/limits/allowances.ts';
import { leaseCounts } from '../../src/limits/leased-counts.ts';

/** Workers that count at one place, as processes do: every question and answer takes its time. */
function fleet(workers: number) {
  const clock = { time: 0 };
  const now = () => clock.time;
  const allowances = countAllowances({ workers, now });
  let asked = 0;
  const each = Array.from({ length: workers }, () => {
    const giveBack: GiveBack = async (...what) => {
      await turn();
      return counts.giveBack(...what);
    };
    const counts = leaseCounts(async (ask) => {
      asked += 1;
      await turn();
      const allowance = await allowances.ask(giveBack, ask);
      await turn();
      return allowance;
    }, now);
    return {
      take: async (...what: Parameters<typeof counts.take>) => counts.take(...what),
    };
  });
  return { clock, each, asked: () => asked };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

const RATE = { max: 40, everyMilliseconds: 60_000 };

test('as many pass as the limit says, whichever workers are asked, and no fewer', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 300 }),
      fc.array(fc.nat(3), { minLength: 1, maxLength: 500 }),
      fc.boolean(),
      async (workers, max, order, inTurn) => {
        const { each } = fleet(workers);
        const verdicts = [];
        for (const n of order) {
          const verdict = each[n % workers]!.take('identity', 'alice', { ...RATE, max });
          if (inTurn) await verdict;
          verdicts.push(verdict);
        }
        const passed = (await Promise.all(verdicts)).filter(({ isExceeded }) => !isExceeded);
        expect(passed).toHaveLength(Math.min(max, order.length));
      },
    ),
    { numRuns: 60 },
  );
});

test('what one worker was granted and has not used, another one can use', async () => {
  const { each } = fleet(2);
  const rate = { ...RATE, max: 1000 };
  await each[0]!.take('address', 'a', rate);
  let passed = 1;
  while (!(await each[1]!.take('address', 'a', rate)).isExceeded) passed += 1;
  expect(passed).toBe(1000);
});

test('far from the limit, workers seldom ask', async () => {
  const { each, asked } = fleet(2);
  for (let n = 0; n < 1000; n += 1) {
    await each[n % 2]!.take('address', 'a', { ...RATE, max: 1_000_000 });
  }
  expect(asked()).toBeLessThan(10);
});

test('a new window begins for all workers, and nothing of the old one is left', async () => {
  const { clock, each } = fleet(2);
  for (let n = 0; n < 10; n += 1) await each[n % 2]!.take('identity', 'alice', RATE);
  clock.time += RATE.everyMilliseconds;
  const verdicts = await Promise.all(
    Array.from({ length: 100 }, (_, n) => each[n % 2]!.take('identity', 'alice', RATE)),
  );
  expect(verdicts.filter(({ isExceeded }) => !isExceeded)).toHaveLength(RATE.max);
  expect(verdicts.at(-1)).toEqual({ isExceeded: true, leftMilliseconds: RATE.everyMilliseconds });
});

test('a changed limit applies at once, in all workers', async () => {
  const { each } = fleet(2);
  for (let n = 0; n < 30; n += 1) await each[n % 2]!.take('identity', 'alice', RATE);
  const lower = { ...RATE, max: 5 };
  expect(await each[0]!.take('identity', 'alice', lower)).toMatchObject({ isExceeded: true });
  const higher = { ...RATE, max: 1000 };
  expect(await each[1]!.take('identity', 'alice', higher)).toMatchObject({ isExceeded: false });
});

test('keys and limits count apart', async () => {
  const { each } = fleet(2);
  const one = { ...RATE, max: 1 };
  for (const [limit, key] of [
    ['identity', 'alice'],
    ['identity', 'bob'],
    ['address', 'alice'],
  ] as const) {
    expect(await each[0]!.take(limit, key, one)).toMatchObject({ isExceeded: false });
    expect(await each[1]!.take(limit, key, one)).toMatchObject({ isExceeded: true });
  }
});

test('a worker that ends takes along what it was granted, and never lets the total exceed', async () => {
  const allowances = countAllowances({ workers: 2, now: () => 0 });
  const ask = { limit: 'address', key: 'a', ...RATE, max: 100, wanted: 1 } as const;
  const ended: GiveBack = async () => 0;
  const { granted } = await allowances.ask(ended, ask);
  expect(granted).toBeGreaterThan(1);
  let passed = 0;
  for (;;) {
    const allowance = await allowances.ask(async () => 0, { ...ask, wanted: 1 });
    if (allowance.granted === 0) break;
    passed += allowance.granted;
  }
  expect(passed).toBe(100 - granted);
});

test('a primary process that cannot be asked fails the request, and the next one asks again', async () => {
  let works = false;
  const counts = leaseCounts(async () => {
    if (!works) throw new Error('ended');
    return { granted: 1, window: 1, milliseconds: 1000 };
  });
  await expect(counts.take('address', 'a', RATE)).rejects.toThrow('cannot count a request');
  works = true;
  expect(await counts.take('address', 'a', RATE)).toMatchObject({ isExceeded: false });
});
