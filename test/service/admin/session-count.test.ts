import { expect, test } from 'vitest';
import { ResolverUnreachable } from '../../../src/account/resolver.ts';
import type { Session, Sessions } from '../../../src/account/system/sessions.ts';
import { countSessions } from '../../../src/service/admin/session-count.ts';

const session = (user: string): Session => ({ user, signingKey: 'AKEY', server: 'n1' });

/** Counts by user those of the accounts A1 and A2. */
function count(of: Sessions['of'], limitMilliseconds?: number) {
  return countSessions({
    sessions: { of },
    accounts: ['A1', 'A2'],
    keyOf: ({ user }, account) => (user === 'nobody' ? undefined : `${account} ${user}`),
    ...(limitMilliseconds !== undefined && { limitMilliseconds }),
  });
}

test('sessions are counted by key, over all accounts', async () => {
  const counts = await count(async function* of(account) {
    yield session('ann');
    yield session('nobody');
    if (account === 'A2') yield session('ann');
  });
  expect(counts).toEqual(
    new Map([
      ['A1 ann', 1],
      ['A2 ann', 2],
    ]),
  );
});

test('the count is unknown if no server answers', async () => {
  const counts = count(async function* of() {
    yield session('ann');
    throw new ResolverUnreachable('silence');
  });
  expect(await counts).toBeUndefined();
});

test('the count is unknown without access to the system account', async () => {
  const none = { sessions: undefined, accounts: ['A1'], keyOf: () => 'theirs' };
  expect(await countSessions(none)).toBeUndefined();
});

test('a server that hangs is not waited for, and its later answers are not read', async () => {
  const hanging = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  let asked = 0;
  const counts = count(async function* of() {
    asked += 1;
    try {
      yield session('ann');
      await hanging.promise;
      yield session('bob');
      throw new Error('it was read on');
    } finally {
      ended.resolve();
    }
  }, 20);
  expect(await counts).toBeUndefined();
  hanging.resolve();
  await ended.promise;
  expect(asked).toBe(1);
});

test('a fault is thrown', async () => {
  const counts = count(async function* of() {
    yield session('ann');
    throw new TypeError('a mistake of ours');
  });
  await expect(counts).rejects.toThrow('a mistake of ours');
});
