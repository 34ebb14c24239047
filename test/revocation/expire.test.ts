import { expect, test } from 'vitest';
import { createMemoryLog } from '../../src/audit/sinks/memory.ts';
import { expireRevocations } from '../../src/revocation/expire.ts';
import { revocationKey, revocationText } from '../../src/revocation/revocation.ts';
import { memoryState } from './memory-state.ts';
import { AT, revocation } from './support.ts';

test('what has nothing left to refuse goes by itself, and is recorded by whoever removed it', async () => {
  const state = memoryState();
  // One that cannot be read stays, and keeps no other.
  await state.write('revocation.aaaa', '{"version":2}', 0);
  for (const one of [
    revocation({ id: 'over', until: AT }),
    revocation({ id: 'alive', until: AT + 1 }),
    revocation({ id: 'block', until: AT, block: true }),
  ]) {
    await state.write(revocationKey(one.id), revocationText(one), 0);
  }
  const audit = createMemoryLog();
  const parts = { state, audit, clock: { now: () => AT * 1000 } };
  await Promise.all([expireRevocations(parts), expireRevocations(parts)]);
  expect((await state.list('revocation.')).map(({ key }) => key)).toEqual([
    'revocation.aaaa',
    'revocation.alive',
    'revocation.block',
  ]);
  expect([...audit.list()]).toEqual([
    {
      type: 'revocation',
      time: AT * 1000,
      change: 'expired',
      id: 'over',
      target: revocation().target,
      reason: 'left the company',
      block: false,
    },
  ]);
});
