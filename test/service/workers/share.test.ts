import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { shareOf, workersOf } from '../../../src/service/workers/share.ts';

test.each([
  [10, 3, [4, 3, 3]],
  [1000, 2, [500, 500]],
  [2, 3, [1, 1, 1]],
])('%i exchanges in progress, shared by %i workers: %j', (concurrentRequests, workers, parts) => {
  const config = { limits: { concurrentRequests, bodyBytes: 1 } } as Config;
  const shares = parts.map((_, index) => shareOf(config, { worker: index + 1, workers }));
  expect(shares.map(({ limits }) => limits.concurrentRequests)).toEqual(parts);
  expect(shares.every(({ limits }) => limits.bodyBytes === 1)).toBe(true);
});

test('auto is as many as the process may run at once', () => {
  expect(workersOf({ workers: 'auto' })).toBe(availableParallelism());
  expect(workersOf({ workers: 3 })).toBe(3);
});
