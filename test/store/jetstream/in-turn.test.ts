import { expect, test } from 'vitest';
import { inTurn } from '../../../src/store/jetstream/in-turn.ts';

/** Runs that end when the test says so. */
function controlled() {
  const runs: PromiseWithResolvers<number>[] = [];
  const call = inTurn(() => {
    const run = Promise.withResolvers<number>();
    runs.push(run);
    return run.promise;
  });
  return { runs, call };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test('calls during a run wait for the next one, and share it', async () => {
  const { runs, call } = controlled();
  const first = call();
  const second = [call(), call()];
  expect(runs).toHaveLength(1);
  runs[0]?.resolve(1);
  expect(await first).toBe(1);
  await settle();
  expect(runs).toHaveLength(2);
  const third = call();
  runs[1]?.resolve(2);
  expect(await Promise.all(second)).toEqual([2, 2]);
  await settle();
  runs[2]?.resolve(3);
  expect(await third).toBe(3);
  expect(runs).toHaveLength(3);
});

test('never runs twice at once, also for a call made the moment a run has ended', async () => {
  let running = 0;
  let most = 0;
  const call = inTurn(async () => {
    most = Math.max(most, (running += 1));
    await settle();
    running -= 1;
  });
  await Promise.all(
    Array.from({ length: 5 }, async () => {
      for (let n = 0; n < 5; n++) await call();
    }),
  );
  expect(most).toBe(1);
});

test('a run that fails fails for its callers only', async () => {
  const { runs, call } = controlled();
  const first = call();
  const second = call();
  runs[0]?.reject(new Error('no'));
  await expect(first).rejects.toThrow('no');
  await settle();
  runs[1]?.resolve(2);
  expect(await second).toBe(2);
});
