import { expect, test } from 'vitest';
import type { AdminDeps } from '../../../src/service/admin/deps.ts';
import { longestReachSeconds } from '../../../src/service/admin/reach.ts';
import { loginSpec } from '../../login/world.ts';
import { role } from '../../policy/support.ts';
import { memoryState } from '../../revocation/memory-state.ts';
import { issuerSpec } from '../../support/issuer.ts';

const issuer = 'https://issuer.test';
const spec = issuerSpec({
  issuers: [issuer],
  keys: { kind: 'discovery', issuer },
  maxTokenLifetimeSeconds: 600,
});

function reach(logins: readonly number[]): Promise<number> {
  const config = {
    roles: [role('reader')],
    issuers: [spec],
    logins: logins.map((sessionSeconds) => loginSpec({ issuer, sessionSeconds })),
  };
  return longestReachSeconds({
    state: memoryState(),
    config: () => config,
  } as unknown as AdminDeps);
}

test('a revocation lasts as long as a session from before it may last', async () => {
  const without = await reach([]);
  expect(await reach([600])).toBe(without);
  expect(await reach([600, 28_800, 3_600])).toBe(without - 605 + 28_800);
});
